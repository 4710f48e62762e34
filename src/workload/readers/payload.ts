/** What page tracepoints print behind their name (include/trace/events/kmem.h: TP_printk). */

import type { GfpTable } from "../../linux/gfp-table.js";
import { MAX_PAGE_ORDER } from "../../units.js";
import { PageEventKind } from "../events.js";
import { expectedGfp, type GfpText, gfpOfText } from "../gfp-text.js";
import type { LineFault } from "./line-format.js";

/** Kinds by the name of their event. */
export const KIND_OF_NAME: ReadonlyMap<string, PageEventKind> = new Map<string, PageEventKind>([
  ["mm_page_alloc", PageEventKind.alloc],
  ["mm_page_free", PageEventKind.free],
  ["mm_page_free_batched", PageEventKind.freeBatched],
  ["mm_page_alloc_zone_locked", PageEventKind.zoneLocked],
  ["mm_page_pcpu_drain", PageEventKind.pcpuDrain],
  ["mm_page_alloc_extfrag", PageEventKind.extfrag],
]);

/** Fields of each kind, in their order; not all are used. */
const FIELDS: Readonly<Record<PageEventKind, readonly string[]>> = {
  [PageEventKind.alloc]: ["page", "pfn", "order", "migratetype", "gfp_flags"],
  [PageEventKind.free]: ["page", "pfn", "order"],
  // `order=` is a literal 0 whatever is freed; older kernels print `cold=` in its place.
  [PageEventKind.freeBatched]: ["page", "pfn", "order"],
  [PageEventKind.zoneLocked]: ["page", "pfn", "order", "migratetype", "percpu_refill"],
  [PageEventKind.pcpuDrain]: ["page", "pfn", "order", "migratetype"],
  [PageEventKind.extfrag]: [
    "page",
    "pfn",
    "alloc_order",
    "fallback_order",
    "pageblock_order",
    "alloc_migratetype",
    "fallback_migratetype",
    "fragmenting",
    "change_ownership",
  ],
};

/** Fields that TP_printk computes: raw output (`trace-cmd report -R`) does not have them. */
const COMPUTED: ReadonlySet<string> = new Set(["page", "pageblock_order", "fragmenting"]);

const FIELD = /^ *(\w+)=(\S*)/;
/** Raw output of a failed allocation: the pfn -1. */
const RAW_FAILURE = "0xffffffffffffffff";

/** What an event says. */
export interface Payload {
  readonly order: number;
  readonly migrateType: number;
  readonly pfn: number;
  readonly detail: number;
  /** Of an allocation. */
  readonly gfp: { readonly text: string; readonly meaning: GfpText } | undefined;
}

/** A value and where it stands. */
interface Field {
  readonly name: string;
  readonly value: string;
  readonly column: number;
  readonly valueColumn: number;
}

/**
 * @param text of the line behind the name of the event, one character for each byte, no line end
 * @param column where it begins
 * @param gfpTable of the kernel that was traced, if it is known
 */
export function parsePayload(
  kind: PageEventKind,
  text: string,
  column: number,
  gfpTable?: GfpTable,
): Payload | LineFault {
  const { fields, rest } = fieldsOf(text, column);
  const isRaw = fields[0]?.name === "pfn";
  const found = isRaw ? fields : inOrder(kind, fields, rest);
  if (!Array.isArray(found)) return found;
  const reader = new FieldReader(found, rest.column);
  if (isRaw && rest.text !== "") return { column: rest.column, expected: "the end of the line" };
  const isBatched = kind === PageEventKind.freeBatched;
  const isExtfrag = kind === PageEventKind.extfrag;
  const pfn = reader.pfn();
  const order = isBatched ? 0 : reader.order(isExtfrag ? "alloc_order" : "order", pfn);
  let migrateType = 0;
  let detail = 0;
  let gfp: Payload["gfp"];
  if (kind !== PageEventKind.free && !isBatched) {
    migrateType = reader.small(isExtfrag ? "alloc_migratetype" : "migratetype");
  }
  if (kind === PageEventKind.alloc) {
    gfp = reader.gfp(gfpTable);
    detail = gfp?.meaning.flags ?? 0;
  } else if (kind === PageEventKind.zoneLocked) {
    detail = reader.small("percpu_refill");
  } else if (isExtfrag) {
    detail = reader.small("fallback_order") + reader.small("fallback_migratetype") * 0x100;
    detail += reader.small("change_ownership") * 0x10000;
  }
  return reader.fault ?? { order, migrateType, pfn, detail, gfp };
}

function fieldsOf(text: string, column: number): { fields: Field[]; rest: { text: string; column: number } } {
  const fields: Field[] = [];
  let at = 0;
  for (let match = FIELD.exec(text); match !== null; match = FIELD.exec(text.slice(at))) {
    const end = column + at + match[0].length;
    const valueColumn = end - match[2]!.length;
    const name = match[1]!;
    fields.push({ name, value: match[2]!, column: valueColumn - 1 - name.length, valueColumn });
    at += match[0].length;
  }
  const rest = text.slice(at);
  return { fields, rest: { text: rest.trim(), column: column + at + rest.length - rest.trimStart().length } };
}

/** The fields, if they are those that TP_printk writes. */
function inOrder(
  kind: PageEventKind,
  fields: Field[],
  rest: { readonly text: string; readonly column: number },
): Field[] | LineFault {
  const names = FIELDS[kind];
  for (const [index, name] of names.entries()) {
    const field = fields[index];
    const isCold = kind === PageEventKind.freeBatched && name === "order" && field?.name === "cold";
    if (field?.name !== name && !isCold)
      return { column: field?.column ?? rest.column, expected: `${name}=` };
  }
  const more = fields[names.length]?.column ?? (rest.text === "" ? undefined : rest.column);
  return more === undefined ? fields : { column: more, expected: "the end of the line" };
}

/** Reads values, and keeps the first fault. */
class FieldReader {
  fault: LineFault | undefined = undefined;
  readonly #fields: ReadonlyMap<string, Field>;
  readonly #endColumn: number;

  constructor(fields: readonly Field[], endColumn: number) {
    this.#fields = new Map(fields.map((field) => [field.name, field]));
    this.#endColumn = endColumn;
  }

  pfn(): number {
    const value = this.#fields.get("pfn")?.value ?? "";
    if (value === RAW_FAILURE) return 0;
    const pfn = /^(?:0x[0-9a-f]+|\d+)$/.test(value) ? Number(value) : -1;
    if (pfn < 0 || pfn > Number.MAX_SAFE_INTEGER) this.#fail("pfn", "a page frame number");
    return pfn;
  }

  order(name: string, pfn: number): number {
    const order = this.#number(name);
    if (order === undefined || order > MAX_PAGE_ORDER) {
      this.#fail(name, `an order from 0 to ${MAX_PAGE_ORDER}`);
      return 0;
    }
    if (pfn % 2 ** order !== 0) {
      this.#fail(name, `an order that pfn 0x${pfn.toString(16)} is a multiple of`);
    }
    return order;
  }

  small(name: string): number {
    const value = this.#number(name);
    if (value === undefined || value > 0xff) this.#fail(name, "a number from 0 to 255");
    return value ?? 0;
  }

  gfp(table: GfpTable | undefined): Payload["gfp"] {
    const text = this.#fields.get("gfp_flags")?.value ?? "";
    const meaning = gfpOfText(text, table);
    if (meaning !== undefined) return { text, meaning };
    this.#fail("gfp_flags", expectedGfp(table));
    return undefined;
  }

  #number(name: string): number | undefined {
    const value = this.#fields.get(name)?.value ?? (COMPUTED.has(name) ? "0" : "");
    return /^(?:0x[0-9a-f]+|\d+)$/.test(value) ? Number(value) : undefined;
  }

  #fail(name: string, expected: string): void {
    const field = this.#fields.get(name);
    this.fault ??=
      field === undefined
        ? { column: this.#endColumn, expected: `${name}=` }
        : { column: field.valueColumn, expected };
  }
}
