/** Fields of page tracepoints, printed after their name (include/trace/events/kmem.h: TP_printk). */

import type { GfpTable } from "../../linux/gfp-history.js";
import { PageEventKind, TRACED_ORDER_MAX } from "../events.js";
import { expectedGfp, type GfpText, gfpOfText } from "../gfp-text.js";
import type { LineFault, LineFormat } from "./line-format.js";

export const KIND_OF_NAME: ReadonlyMap<string, PageEventKind> = new Map<string, PageEventKind>([
  ["mm_page_alloc", PageEventKind.alloc],
  ["mm_page_free", PageEventKind.free],
  ["mm_page_free_batched", PageEventKind.freeBatched],
  ["mm_page_alloc_zone_locked", PageEventKind.zoneLocked],
  ["mm_page_pcpu_drain", PageEventKind.pcpuDrain],
  ["mm_page_alloc_extfrag", PageEventKind.extfrag],
  // Until b413d48aa706 (3.3); see frame-doubts.ts.
  ["mm_page_free_direct", PageEventKind.free],
  ["mm_pagevec_free", PageEventKind.free],
]);

/** Of those, the names that kernels before 3.3 have. */
export const OLD_FREE_NAMES: ReadonlySet<string> = new Set(["mm_page_free_direct", "mm_pagevec_free"]);

/** Events without an order: the kernel prints a literal 0, `cold=` in its place, or both. */
const WITHOUT_ORDER: ReadonlySet<string> = new Set(["mm_page_free_batched", "mm_pagevec_free"]);

const FIELD_NAMES: ReadonlySet<string> = new Set(
  (
    "page pfn order cold migratetype gfp_flags percpu_refill alloc_order fallback_order pageblock_order " +
    "alloc_migratetype fallback_migratetype fragmenting change_ownership"
  ).split(" "),
);

const NUMBER = /^(?:0x[0-9a-f]+|\d+)$/;
/** NULL in the words of the kernel's printf, and of the C library's. */
const NULL_PAGE = /^\(?(?:null|nil)\)?$/i;
/** NULL as a number, which tools also print for a page whose pointer they do not have; see frame-doubts.ts. */
const ZERO_PAGE = /^(?:0x)?0+$/;
/** The pfn of NULL where it is printed as recorded, which is -1. */
const NO_PFN: ReadonlySet<string> = new Set(["-1", "0xffffffffffffffff", "18446744073709551615"]);
/** The same in a record of 32 bits. */
const NO_PFN_OF_32_BITS: ReadonlySet<string> = new Set(["0xffffffff", "4294967295"]);
/** 256 TiB. No machine has frames above; page_to_pfn() of NULL, which kernels before 3.3 print, is. */
const PFN_MAX_OF_MACHINES: number = 2 ** 36;
/** x86 has 9 or 10; arm64 has 11 with pages of 16 KiB and 13 with 64 KiB (arch/arm64: HPAGE_SHIFT). */
const PAGEBLOCK_ORDER_MAX_4K = 10;

export interface Payload {
  readonly order: number;
  readonly migrateType: number;
  /** 0 for an allocation that failed. */
  readonly pfn: number;
  readonly detail: number;
  /** Of an allocation. */
  readonly gfp: { readonly text: string; readonly meaning: GfpText } | undefined;
  /** The value of `page=`: a pointer, or zeros next to a frame number that may be real, or nothing of use. */
  readonly page: "pointer" | "zeros" | undefined;
  /** Whether its pages are not of 4 KiB. */
  readonly hasOtherPages: boolean;
}

/** @param text of the line after the name of the event, one character for each byte, no line end */
export function parsePayload(
  name: string,
  text: string,
  column: number,
  style: LineFormat["fields"],
  gfpTable?: GfpTable,
): Payload | LineFault {
  const kind = KIND_OF_NAME.get(name)!;
  const { fields, rest } = fieldsOf(text, column, style);
  if (style === "perf trace" && !text.endsWith(")")) return { column: column + text.length, expected: ")" };
  if (rest.text !== "") return { column: rest.column, expected: "the end of the line" };
  const reader = new FieldReader(fields, rest.column, style === "perf trace");
  // Raw output has what lies in the record, and so no page= and nothing that TP_printk computes.
  const isRaw = style === "perf trace" || fields[0]?.isFirstOfRecord === true;
  if (!isRaw) reader.require("page");
  const isExtfrag = kind === PageEventKind.extfrag;
  const orderName = isExtfrag ? "alloc_order" : "order";
  const order = WITHOUT_ORDER.has(name) ? 0 : reader.order(orderName);
  const page = reader.text("page");
  const isZero = page !== undefined && ZERO_PAGE.test(page);
  const isNull = page !== undefined && NULL_PAGE.test(page);
  const isFree = kind === PageEventKind.free || kind === PageEventKind.freeBatched;
  const hasNoPage =
    (kind === PageEventKind.alloc && isNull) ||
    (!isFree && NO_PFN.has(reader.text("pfn") ?? "")) ||
    (isRaw && NO_PFN_OF_32_BITS.has(reader.text("pfn") ?? ""));
  let pfn = hasNoPage ? 0 : reader.pfn();
  if (isZero && (pfn >= PFN_MAX_OF_MACHINES || pfn % 2 ** order !== 0)) pfn = 0;
  if (pfn % 2 ** order !== 0) {
    reader.fail(orderName, `an order that pfn 0x${pfn.toString(16)} is a multiple of`);
  }
  const migrateType = isFree ? 0 : reader.small(isExtfrag ? "alloc_migratetype" : "migratetype");
  let detail = 0;
  let gfp: Payload["gfp"];
  if (kind === PageEventKind.alloc) {
    gfp = reader.gfp(gfpTable);
    detail = gfp?.meaning.flags ?? 0;
  } else if (kind === PageEventKind.zoneLocked) {
    detail = reader.small("percpu_refill");
  } else if (isExtfrag) {
    detail = reader.small("fallback_order") + reader.small("fallback_migratetype") * 0x100;
    detail += reader.small("change_ownership") * 0x10000;
  }
  const hasOtherPages =
    reader.text("pageblock_order") !== undefined && reader.small("pageblock_order") > PAGEBLOCK_ORDER_MAX_4K;
  return (
    reader.fault ?? {
      order,
      migrateType,
      pfn,
      detail,
      gfp,
      page: page === undefined || isNull || (isZero && pfn === 0) ? undefined : isZero ? "zeros" : "pointer",
      hasOtherPages,
    }
  );
}

/** Reads values by the names of their fields, and keeps the first fault. */
class FieldReader {
  fault: LineFault | undefined = undefined;
  readonly #fields = new Map<string, Field>();
  readonly #endColumn: number;
  readonly #missingAreZero: boolean;

  constructor(fields: readonly Field[], endColumn: number, missingAreZero: boolean) {
    this.#endColumn = endColumn;
    this.#missingAreZero = missingAreZero;
    for (const field of fields) {
      if (this.#fields.has(field.name)) {
        this.fault ??= { column: field.column, expected: `${field.name}= only once` };
      }
      this.#fields.set(field.name, field);
    }
  }

  text(name: string): string | undefined {
    return this.#fields.get(name)?.value;
  }

  /** A field that must be there, with any value. */
  require(name: string): void {
    if (!this.#fields.has(name)) this.fail(name, "");
  }

  pfn(): number {
    const value = this.text("pfn") ?? "";
    const pfn = NUMBER.test(value) ? Number(value) : -1;
    if (pfn < 0 || pfn > Number.MAX_SAFE_INTEGER) this.fail("pfn", "a page frame number");
    return Math.max(0, pfn);
  }

  order(name: string): number {
    const order = this.#number(name);
    if (order !== undefined && order <= TRACED_ORDER_MAX) return order;
    this.fail(name, `an order from 0 to ${TRACED_ORDER_MAX}`);
    return 0;
  }

  small(name: string): number {
    const value = this.#number(name);
    if (value === undefined || value > 0xff) this.fail(name, "a number from 0 to 255");
    return value ?? 0;
  }

  gfp(table: GfpTable | undefined): Payload["gfp"] {
    const text = this.text("gfp_flags") ?? (this.#missingAreZero ? "0" : "");
    const meaning = gfpOfText(text, table);
    if (meaning !== undefined) return { text, meaning };
    this.fail("gfp_flags", expectedGfp(table));
    return undefined;
  }

  fail(name: string, expected: string): void {
    const field = this.#fields.get(name);
    this.fault ??=
      field === undefined
        ? { column: this.#unknown?.column ?? this.#endColumn, expected: `${name}=` }
        : { column: field.valueColumn, expected };
  }

  /** A field that may be the missing one, misspelt. */
  get #unknown(): Field | undefined {
    return [...this.#fields.values()].find(({ name }) => !FIELD_NAMES.has(name));
  }

  #number(name: string): number | undefined {
    const value = this.text(name) ?? (this.#missingAreZero ? "0" : "");
    return NUMBER.test(value) ? Number(value) : undefined;
  }
}

export interface Field {
  readonly name: string;
  readonly value: string;
  readonly column: number;
  readonly valueColumn: number;
  /** Whether a record begins with it, so that it tells output of records from that of TP_printk. */
  readonly isFirstOfRecord: boolean;
}

/** The printf of some kernels pads `(null)` and `(ptrval)`, which then stands apart from its name. */
const PRINTK_FIELD = /^ *(\w+)=(?: *(\((?:null|nil|ptrval)\))(?=\s|$)|(\S*))/i;
const PERF_TRACE_FIELD = /^,? *(\w+): ([^\s,()]*)()/;
/** trace-cmd says so where it does not understand TP_printk, and goes on with the record. */
const UNPARSED = /^ *\[FAILED TO PARSE\] */;

/** Fields from the start of a text, and the rest after them. */
function fieldsOf(
  text: string,
  column: number,
  style: LineFormat["fields"],
): { fields: Field[]; rest: { text: string; column: number } } {
  const pattern = style === "printk" ? PRINTK_FIELD : PERF_TRACE_FIELD;
  const fields: Field[] = [];
  let at = UNPARSED.exec(text)?.[0].length ?? 0;
  const isUnparsed = at > 0;
  for (let match = pattern.exec(text.slice(at)); match !== null; match = pattern.exec(text.slice(at))) {
    const name = match[1]!;
    const value = match[2] || match[3]!;
    const end = column + at + match[0].length;
    fields.push({
      name,
      value,
      column: column + at + match[0].indexOf(name),
      valueColumn: end - value.length,
      isFirstOfRecord: isUnparsed || (fields.length === 0 && name === "pfn"),
    });
    at += match[0].length;
  }
  const rest = style === "printk" ? text.slice(at) : text.slice(at).replace(/^\)$/, "");
  return { fields, rest: { text: rest.trim(), column: column + at + rest.length - rest.trimStart().length } };
}
