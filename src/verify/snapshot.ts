/**
 * The allocator's state at one moment of a real kernel, as the instrumented kernel prints it
 * with interrupts off: zones, free lists in list order, the unaccepted list, per-CPU lists,
 * types of pageblocks.
 */

import { MAX_NR_ZONES } from "../mm/zones.js";
import { MIGRATE_TYPES } from "../page-alloc/migratetype.js";
import { PCP_LISTS, pcpIndexOrder } from "../page-alloc/pcp.js";
import { MAX_PAGE_ORDER } from "../units.js";
import { checkSnapshot } from "./check-snapshot.js";
import { EvidenceError, shown, wholeLines } from "./recording-files.js";
import { PFN_MAX, SnapshotLine } from "./snapshot-line.js";
import { freeListKey, type SnapshotPcp, type SnapshotZone } from "./snapshot-zone.js";

/** What a snapshot says: after how many records of the log it was taken, and the zones. */
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
    throw new EvidenceError(
      { line: 1, column: 1 },
      "seq and a number of records",
      shown(text.split("\n", 1)[0]!),
    );
  }
  const { zones, lines } = parseZones(text);
  if (zones.length === 0) throw new EvidenceError({ line: 2, column: 1 }, "a zone", "the end of the file");
  checkSnapshot(zones, lines);
  return { records: Number(records), zones };
}

/**
 * Reads the zones of a snapshot, line by line.
 *
 * @throws EvidenceError at a line that is not understood
 */
export function parseSnapshot(text: string): SnapshotZone[] {
  return parseZones(text).zones;
}

/** Also the line of each zone, from 1. */
function parseZones(text: string): { readonly zones: SnapshotZone[]; readonly lines: number[] } {
  const zones: SnapshotZone[] = [];
  const lines: number[] = [];
  /** Zones whose line of unaccepted blocks has come, empty or not. */
  const told = new Set<SnapshotZone>();
  for (const [index, line] of wholeLines(text).entries()) {
    if (index === 0 && /^seq \d+$/.test(line)) continue;
    const words = new SnapshotLine(line, index + 1);
    const zone = zones.at(-1);
    if (words.keyword === "zone") {
      zones.push(zoneOf(words));
      lines.push(index + 1);
    } else if (zone === undefined) throw words.error("a zone first");
    else readList(words, zone, told);
  }
  return { zones, lines };
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
      (zone.unaccepted as number[]).push(...line.frames(zone, MAX_PAGE_ORDER));
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
