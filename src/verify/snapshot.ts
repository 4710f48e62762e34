/**
 * The allocator's state at one moment of a real kernel, as the instrumented kernel prints it
 * with interrupts off: zones, free lists in list order, the unaccepted list, per-CPU lists,
 * types of pageblocks.
 */

import { statThreshold } from "../mm/watermarks.js";
import { MAX_NR_ZONES } from "../mm/zones.js";
import { MIGRATE_TYPES, MigrateType, PCP_LISTS, pcpIndexOrder } from "../page-alloc/index.js";
import type { PerCpuPages } from "../page-alloc/inside.js";
import {
  asPfn,
  MAX_ORDER_PAGES,
  MAX_PAGE_ORDER,
  PAGE_SIZE,
  PAGEBLOCK_PAGES,
  type Pfn,
  PHYSICAL_ADDRESS_END,
  roundDown,
  roundUp,
} from "../units.js";
import { EvidenceError, shown, wholeLines } from "./recording-files.js";

export interface SnapshotPcp
  extends Readonly<
    Pick<
      PerCpuPages,
      "count" | "high" | "highMin" | "highMax" | "batch" | "flags" | "allocFactor" | "freeCount"
    >
  > {
  readonly cpu: number;
  /** Frame numbers of each list that is not empty, head first. */
  readonly lists: Map<number, readonly Pfn[]>;
}

export interface SnapshotZone {
  readonly nodeId: number;
  readonly type: number;
  readonly name: string;
  readonly startPfn: number;
  readonly endPfn: number;
  readonly presentPages: number;
  readonly managedPages: number;
  /** min, low, high, promo. */
  readonly watermark: readonly number[];
  readonly boost: number;
  readonly freePages: number;
  readonly unacceptedPages: number;
  readonly reservedHighatomicPages: number;
  readonly lowmemReserve: readonly number[];
  /** Zone flags; bit 2 is ZONE_BELOW_HIGH. */
  readonly flags: number;
  /** Head frame numbers of free blocks by `freeListKey`, list head first. */
  readonly free: Map<string, readonly Pfn[]>;
  readonly unaccepted: readonly Pfn[];
  readonly pcp: SnapshotPcp[];
  /** Types of pageblocks from the zone's start, rounded down to a pageblock: [type, how many] in a row. */
  readonly blocks: readonly (readonly [number, number])[];
}

/** Zones that have memory, as those of a model do. */
export function populated(zones: readonly SnapshotZone[]): SnapshotZone[] {
  return zones.filter((zone) => zone.presentPages > 0);
}

export function freeListKey(order: number, type: number): string {
  return `${order}/${type}`;
}

export function freeListsIn({
  free,
}: SnapshotZone): { readonly order: number; readonly type: number; readonly pfns: readonly Pfn[] }[] {
  return Array.from(free, ([key, pfns]) => {
    const [order, type] = key.split("/").map(Number);
    return { order: order!, type: type!, pfns };
  });
}

export interface Snapshot {
  readonly records: number;
  readonly zones: SnapshotZone[];
}

/**
 * Reads a snapshot as the kernel printed it, whole.
 *
 * @throws EvidenceError for a line that is not understood, and for what no kernel can be in: a page on
 *   two lists, a list and its count that disagree
 */
export function readSnapshot(text: string): Snapshot {
  const records = /^seq (\d+)\n/.exec(text)?.[1];
  if (records === undefined) {
    throw new EvidenceError("seq and a number of records", shown(text.split("\n", 1)[0]!), 1);
  }
  const zones: SnapshotZone[] = [];
  /** Of each zone, from 1. */
  const lines: number[] = [];
  /** Zones whose line of unaccepted blocks has come, empty or not. */
  const told = new Set<SnapshotZone>();
  for (const [index, line] of wholeLines(text).entries()) {
    if (index === 0) continue;
    const words = new SnapshotLine(line, index + 1);
    const zone = zones.at(-1);
    if (words.keyword === "zone") {
      zones.push(zoneOf(words));
      lines.push(index + 1);
    } else if (zone === undefined) throw words.error("a zone first");
    else readList(words, zone, told);
  }
  if (zones.length === 0) throw new EvidenceError("a zone", "the end of the file", 2);
  checkSnapshot(zones, lines);
  return { records: Number(records), zones };
}

function readList(line: SnapshotLine, zone: SnapshotZone, told: Set<SnapshotZone>): void {
  switch (line.keyword) {
    case "free": {
      const order = line.number("o", MAX_PAGE_ORDER);
      const key = freeListKey(order, line.number("mt", MIGRATE_TYPES - 1));
      if (zone.free.has(key)) throw line.error("each list once");
      zone.free.set(key, line.frames(zone, order));
      break;
    }
    case "unaccepted":
      if (told.has(zone)) throw line.error("unaccepted blocks once");
      told.add(zone);
      (zone.unaccepted as Pfn[]).push(...line.frames(zone, MAX_PAGE_ORDER));
      break;
    case "pcp":
      if (!told.has(zone)) throw line.error("unaccepted blocks in front of the CPUs");
      zone.pcp.push(pcpOf(line, zone.pcp.length));
      break;
    case "pl": {
      const lists = zone.pcp.at(-1)?.lists;
      const list = line.number("i", PCP_LISTS - 1);
      if (lists === undefined || lists.has(list)) throw line.error("the list of a CPU, each once");
      lists.set(list, line.frames(zone, pcpIndexOrder(list)));
      break;
    }
    case "blocks":
      if (zone.blocks.length > 0) throw line.error("types of pageblocks once");
      for (const [type, count] of line.runs()) (zone.blocks as [number, number][]).push([type, count]);
      break;
    default:
      throw line.error("a line of a snapshot");
  }
}

function zoneOf(line: SnapshotLine): SnapshotZone {
  const startPfn = line.number("start", PFN_MAX);
  return {
    nodeId: line.number("node", 1023),
    type: line.number("idx", MAX_NR_ZONES - 1),
    name: line.word("name"),
    startPfn,
    endPfn: startPfn + line.number("spanned", PFN_MAX),
    presentPages: line.number("present"),
    managedPages: line.number("managed"),
    watermark: [line.number("min"), line.number("low"), line.number("high"), line.number("promo")],
    boost: line.number("boost"),
    freePages: line.number("nr_free"),
    unacceptedPages: line.number("nr_unaccepted"),
    reservedHighatomicPages: line.number("highatomic"),
    lowmemReserve: line.numbers("lowmem_reserve"),
    flags: line.hex("flags"),
    free: new Map(),
    unaccepted: [],
    pcp: [],
    blocks: [],
  };
}

function pcpOf(line: SnapshotLine, cpu: number): SnapshotPcp {
  if (line.number("cpu") !== cpu) throw line.error(`CPU ${cpu}`);
  return {
    cpu,
    count: line.number("count"),
    high: line.number("high"),
    highMin: line.number("high_min"),
    highMax: line.number("high_max"),
    batch: line.number("batch"),
    flags: line.number("flags"),
    allocFactor: line.number("alloc_factor"),
    freeCount: line.number("free_count"),
    lists: new Map(),
  };
}

/** Frames that x86 can address, which no counter of pages exceeds. */
const PFN_MAX: number = PHYSICAL_ADDRESS_END / PAGE_SIZE;

/** What the recorder prints for the type of a pageblock in a hole, which has no struct pages. */
const HOLE_TYPE = 9;

/** A line of a snapshot: `keyword name=value ...: value ...`. */
class SnapshotLine {
  readonly keyword: string;
  readonly #text: string;
  readonly #at: number;
  readonly #fields: ReadonlyMap<string, string>;
  /** Behind the colon, with the column of each. */
  readonly #values: readonly { readonly text: string; readonly column: number }[];

  /** @param at number of the line, from 1 */
  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
    const colon = text.indexOf(":");
    const words = (colon < 0 ? text : text.slice(0, colon)).split(" ");
    this.keyword = words[0]!;
    const fields = new Map<string, string>();
    for (const word of words.slice(1)) {
      const [name, value] = word.split("=", 2);
      if (value === undefined || fields.has(name!)) throw this.error("name=value, each name once");
      fields.set(name!, value);
    }
    this.#fields = fields;
    const values = colon < 0 ? [] : text.slice(colon + 1).matchAll(/\S+/g);
    this.#values = Array.from(values, ({ 0: value, index }) => ({ text: value, column: colon + 2 + index }));
  }

  error(expected: string, found: string = shown(this.#text), column = 1): EvidenceError {
    return new EvidenceError(expected, found, this.#at, column);
  }

  number(name: string, max: number = PFN_MAX): number {
    return this.#number(name, this.word(name), /^\d+$/, 10, max);
  }

  hex(name: string): number {
    return this.#number(name, this.word(name), /^[0-9a-f]+$/, 16, PFN_MAX);
  }

  numbers(name: string): number[] {
    return this.word(name)
      .split(",")
      .map((word) => this.#number(name, word, /^\d+$/, 10, PFN_MAX));
  }

  word(name: string): string {
    const value = this.#fields.get(name);
    if (value === undefined || value === "") throw this.error(`${name}=`);
    return value;
  }

  /** Frame numbers of blocks of an order, in the zone. */
  frames({ startPfn, endPfn }: { startPfn: number; endPfn: number }, order: number): Pfn[] {
    return this.#values.map(({ text, column }) => {
      const pfn = /^[0-9a-f]{1,10}$/.test(text) ? Number.parseInt(text, 16) : -1;
      if (pfn < 0) throw this.error("a frame number", shown(text), column);
      if (pfn % 2 ** order !== 0)
        throw this.error(`a multiple of 0x${(2 ** order).toString(16)}`, text, column);
      if (pfn < startPfn || pfn + 2 ** order > endPfn) throw this.error("a block of this zone", text, column);
      return asPfn(pfn);
    });
  }

  /** `type*count` of pageblocks in a row. */
  runs(): [number, number][] {
    return this.#values.map(({ text, column }) => {
      const [type, count] = (/^(\d+)\*(\d+)$/.exec(text) ?? []).slice(1).map(Number);
      if (type === undefined || !(type < MIGRATE_TYPES || type === HOLE_TYPE) || count! > PFN_MAX) {
        throw this.error("type*count of pageblocks", shown(text), column);
      }
      return [type, count!];
    });
  }

  #number(name: string, word: string, pattern: RegExp, radix: number, max: number): number {
    const value = pattern.test(word) ? Number.parseInt(word, radix) : Number.NaN;
    if (value <= max) return value;
    const column = this.#text.indexOf(` ${name}=`) + name.length + 3;
    throw this.error(`${name}= a whole number up to ${max}`, shown(word), column);
  }
}

/**
 * Whether a kernel can have been in the state of a snapshot: zones apart, every page on one list at
 * most, counters that agree with the lists.
 *
 * @param lines number of the line of each zone, from 1
 * @throws EvidenceError at the line of the zone that cannot be
 */
function checkSnapshot(zones: readonly SnapshotZone[], lines: readonly number[]): void {
  const withMemory = populated(zones);
  const cpus = withMemory[0]?.pcp.length ?? 0;
  for (const [at, zone] of zones.entries()) {
    const must: Must = (holds, expected, found) => {
      if (!holds) throw new EvidenceError(expected, `${found}`, lines[at]!);
    };
    const twin = zones.findIndex((other) => other.nodeId === zone.nodeId && other.type === zone.type);
    must(twin === at, "each zone once", `zone ${zone.name} of node ${zone.nodeId} as in line ${lines[twin]}`);
    if (zone.presentPages === 0) continue;
    checkSizes(zone, cpus, must);
    for (const other of withMemory) {
      if (other === zone || other.startPfn < zone.startPfn) continue;
      must(other.startPfn >= zone.endPfn, "zones apart", `${zone.name} and ${other.name}`);
    }
    checkLists(zone, must);
  }
  if (withMemory.length === 0) throw new EvidenceError("a zone with memory", "none", lines[0]!);
}

type Must = (holds: boolean, expected: string, found: number | string) => void;

function checkSizes(zone: SnapshotZone, cpus: number, must: Must): void {
  const { startPfn, endPfn, presentPages, managedPages, pcp, blocks } = zone;
  must(presentPages <= endPfn - startPfn, `present pages up to ${endPfn - startPfn}`, presentPages);
  must(managedPages <= presentPages, `managed pages up to ${presentPages}`, managedPages);
  must(cpus > 0 && pcp.length === cpus, `lists of ${Math.max(cpus, 1)} CPUs`, pcp.length);
  const pageblocks =
    (roundUp(endPfn, PAGEBLOCK_PAGES) - roundDown(startPfn, PAGEBLOCK_PAGES)) / PAGEBLOCK_PAGES;
  const typed = blocks.reduce((sum, [, count]) => sum + count, 0);
  must(typed === pageblocks, `types of ${pageblocks} pageblocks`, typed);
}

function checkLists(zone: SnapshotZone, must: Must): void {
  const blocks: { readonly pfn: number; readonly pages: number }[] = [];
  const add = (pfns: readonly number[], pages: number): number => {
    for (const pfn of pfns) blocks.push({ pfn, pages });
    return pfns.length * pages;
  };
  // Whether nr_unaccepted is what the list has is compared with the model.
  add(zone.unaccepted, MAX_ORDER_PAGES);
  let counted = zone.unacceptedPages;
  for (const { order, type, pfns } of freeListsIn(zone)) {
    const pages = add(pfns, 2 ** order);
    if (type !== MigrateType.ISOLATE) counted += pages;
  }
  for (const pcp of zone.pcp) checkPcp(pcp, add, must);
  // What CPUs hold back of the counter (vm_stat_diff).
  const heldBack = zone.pcp.length * statThreshold(zone.pcp.length, zone.managedPages);
  must(
    Math.abs(zone.freePages - counted) <= heldBack,
    `nr_free=${counted}, give or take ${heldBack}`,
    zone.freePages,
  );
  blocks.sort((a, b) => a.pfn - b.pfn);
  for (let at = 1; at < blocks.length; at++) {
    const { pfn, pages } = blocks[at - 1]!;
    must(blocks[at]!.pfn >= pfn + pages, "each page on one list", `0x${blocks[at]!.pfn.toString(16)} on two`);
  }
}

function checkPcp(
  pcp: SnapshotPcp,
  add: (pfns: readonly number[], pages: number) => number,
  must: Must,
): void {
  let listed = 0;
  for (const [index, pfns] of pcp.lists) listed += add(pfns, 2 ** pcpIndexOrder(index));
  must(pcp.count === listed, `count=${listed} of CPU ${pcp.cpu}, as on its lists`, pcp.count);
  must(pcp.batch > 0, `batch= of CPU ${pcp.cpu} from 1`, pcp.batch);
}
