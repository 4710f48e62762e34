/** The files of /proc in a recording: their fields, and whether they are whole. */

import { KiB, MAX_PAGE_ORDER, PAGE_SIZE, PAGEBLOCK_PAGES } from "../units.js";
import { EvidenceError, type RecordingFiles, readText, shown, wholeLines } from "./recording-files.js";
import { type Comparison, type Divergence, Tally } from "./tally.js";

export const PROC_FILES = ["buddyinfo", "zoneinfo", "meminfo", "vmstat"] as const;
export type ProcFileName = (typeof PROC_FILES)[number];

export interface ProcField {
  readonly value: string;
  /** From 1. */
  readonly line: number;
  /** `node 0 zone DMA `, or empty for a field of the whole machine. */
  readonly zone: string;
  /** `cpu 0 `, or empty. */
  readonly cpu: string;
  readonly name: string;
}

/** Fields by zone, CPU and name, one after the other: `node 0 zone DMA cpu 0 count`. */
export type ProcFields = ReadonlyMap<string, ProcField>;

/** /proc/meminfo counts in this unit. */
export const KIB_PER_PAGE: number = PAGE_SIZE / KiB;
/** Columns of /proc/buddyinfo: one for each order. */
const ORDERS = MAX_PAGE_ORDER + 1;
/** Lines of /proc/zoneinfo that only begin a list (mm/vmstat.c:zoneinfo_show_print). */
const HEADINGS = ["  per-node stats", "  pagesets"];

/**
 * Reads a file of /proc as far as its lines go, which may be less than a kernel prints.
 *
 * @throws EvidenceError at a line that such a file does not have, or has twice
 */
export function procFields(file: ProcFileName, text: string): ProcFields {
  const reader = new FieldReader();
  for (const [at, line] of wholeLines(text).entries()) READ_LINE[file](reader, line, at + 1);
  return reader.fields;
}

/**
 * The same of a file that a kernel has printed and that must be there to its end.
 *
 * @throws EvidenceError also where the rest is missing
 */
export function wholeProcFile(file: ProcFileName, text: string): ProcFields {
  const fields = procFields(file, text);
  const lines = text.split("\n").length - 1;
  const ends = (isEnd: boolean, expected: string): void => {
    if (!isEnd) throw new EvidenceError(expected, "the end of the file", lines + 1);
  };
  const last = [...fields.values()].at(-1)!.name;
  // The last line of vmstat_show(), and of arch_report_meminfo() on x86.
  if (file === "vmstat") ends(last === "nr_unstable", "nr_unstable, which ends it");
  if (file === "meminfo")
    ends(/^DirectMap(2M|4M|1G)$/.test(last), "DirectMap2M or DirectMap1G, which ends it");
  if (file === "zoneinfo") checkZones(fields, ends);
  return fields;
}

/** Fields one after the other, of a zone and a CPU where they have one. */
export class FieldReader {
  readonly fields: Map<string, ProcField> = new Map();
  zone = "";
  cpu = "";
  readonly #begun = new Set<string>();

  begin(zone: string, line: number): void {
    if (this.#begun.has(zone)) throw new EvidenceError(`${zone}once`, "it again", line);
    this.#begun.add(zone);
    this.zone = zone;
    this.cpu = "";
  }

  add(name: string, value: string, line: number, column = 1): void {
    const key = `${this.zone}${this.cpu}${name}`;
    if (this.fields.has(key)) throw new EvidenceError(`${key} once`, "it again", line, column);
    if (!Number.isSafeInteger(Number.parseInt(value, 10)) && /^\d/.test(value)) {
      throw new EvidenceError(`${key} below 2^53`, value, line, column);
    }
    this.fields.set(key, { value, line, zone: this.zone, cpu: this.cpu, name });
  }
}

type ReadLine = (reader: FieldReader, line: string, at: number) => void;

const READ_LINE: Record<ProcFileName, ReadLine> = {
  buddyinfo(reader, line, at) {
    const [, node, zone, counts] =
      /^Node (\d+), zone +(\w+)((?: +\d+)+) *$/.exec(line) ?? unread(line, at, "a zone and its free blocks");
    const blocks = counts!.trim().split(/ +/);
    if (blocks.length !== ORDERS) {
      throw new EvidenceError(`${ORDERS} counts of free blocks`, `${blocks.length}`, at, line.length + 1);
    }
    reader.zone = zoneKey({ nodeId: Number(node), name: zone! });
    for (const [order, count] of blocks.entries()) reader.add(`order ${order}`, count, at);
  },

  zoneinfo(reader, line, at) {
    const head = /^Node (\d+), zone +(\w+)$/.exec(line);
    if (head !== null) {
      reader.begin(zoneKey({ nodeId: Number(head[1]), name: head[2]! }), at);
      return;
    }
    if (reader.zone === "") unread(line, at, "a zone");
    if (HEADINGS.includes(line)) {
      reader.add(line.trim(), "heading", at);
      return;
    }
    const [, name, value] =
      /^ +(protection): \((\d+(?:, \d+)*)\)$/.exec(line) ??
      /^ +(pages free|vm stats threshold|\w+):? +(\d+)$/.exec(line) ??
      unread(line, at, "a field of zoneinfo");
    if (name === "cpu") reader.cpu = `cpu ${Number(value)} `;
    else if (name === "node_unreclaimable" || name === "start_pfn") reader.cpu = "";
    reader.add(name!, value!, at);
  },

  meminfo(reader, line, at) {
    const [, name, value] =
      /^(\w+(?:\(\w+\))?): +(\d+)(?: kB)?$/.exec(line) ?? unread(line, at, "a field of meminfo");
    reader.add(name!, `${value} kB`, at);
  },

  vmstat(reader, line, at) {
    const [, name, value] = /^(\w+) (\d+)$/.exec(line) ?? unread(line, at, "a counter of vmstat");
    reader.add(name!, value!, at);
  },
};

function unread(line: string, at: number, expected: string): never {
  throw new EvidenceError(expected, shown(line), at);
}

export function zoneKey({ nodeId, name }: { readonly nodeId: number; readonly name: string }): string {
  return `node ${nodeId} zone ${name} `;
}

export function numberOf(fields: ProcFields, key: string): number | undefined {
  const value = fields.get(key)?.value;
  return value === undefined ? undefined : Number.parseInt(value, 10);
}

export function countOf(fields: ProcFields, key: string): number {
  return numberOf(fields, key) ?? 0;
}

export function sumOf(fields: ProcFields, name: string, zones: readonly string[]): number {
  return zones.reduce((sum, zone) => sum + countOf(fields, `${zone}${name}`), 0);
}

/** Zones of /proc/zoneinfo or buddyinfo in the order of the file, as fields name them. */
export function zonesOfProc(fields: ProcFields): string[] {
  return [...new Set(Array.from(fields.values(), ({ zone }) => zone))];
}

/** Lines that one zone has and another has not, where both must have the same. */
function checkSameLines(fields: ProcFields, zones: readonly string[]): void {
  let first: readonly ProcField[] | undefined;
  for (const zone of zones) {
    const own = [...fields.values()].filter((field) => field.zone === zone);
    // What stands in front is of the node, and only in its first zone with memory.
    const lines = own.slice(own.findIndex(({ name }) => name === "pages free"));
    first ??= lines;
    const at = first.findIndex(({ name }, index) => name !== lines[index]?.name);
    if (at < 0 && lines.length === first.length) continue;
    const place = lines[at < 0 ? first.length : at] ?? lines.at(-1)!;
    throw new EvidenceError(
      `${first[at]?.name ?? "no more lines"} as in the other zones`,
      place.name,
      place.line,
    );
  }
}

/** Every node has all kinds of zones, and every populated zone the lists of all CPUs and its start. */
function checkZones(fields: ProcFields, ends: (isEnd: boolean, expected: string) => void): void {
  const zones = zonesOfProc(fields);
  const kinds = fields.get(`${zones[0]}protection`)?.value.split(", ").length ?? 0;
  ends(kinds > 0, "protection of the first zone");
  const names = zones.slice(0, kinds).map((zone) => zone.split(" ")[3]);
  const nodes = [...new Set(zones.map((zone) => zone.split(" ")[1]))];
  for (const node of nodes) {
    const ofNode = zones.filter((zone) => zone.startsWith(`node ${node} `));
    ends(ofNode.length === kinds, `${kinds} zones of node ${node}, as protection has them`);
    for (const name of names)
      ends(ofNode.includes(`node ${node} zone ${name} `), `zone ${name} of node ${node}`);
  }
  const populated = zones.filter((zone) => numberOf(fields, `${zone}present`) !== 0);
  checkSameLines(fields, populated);
  checkSameLines(
    fields,
    zones.filter((zone) => !populated.includes(zone)),
  );
  const cpus = [...fields.values()].filter(
    ({ zone, name }) => zone === populated[0] && name === "cpu",
  ).length;
  for (const zone of zones) {
    ends(fields.has(`${zone}protection`), `protection of ${zone.trim()}`);
    if (!populated.includes(zone)) continue;
    ends(fields.has(`${zone}start_pfn`), `start_pfn of ${zone.trim()}`);
    checkTwins(fields, zone);
    for (let cpu = 0; cpu < Math.max(cpus, 1); cpu++) {
      for (const name of ["cpu", "count", "high", "batch", "vm stats threshold"])
        ends(fields.has(`${zone}cpu ${cpu} ${name}`), `${zone}cpu ${cpu} ${name}`);
    }
  }
}

/** The counter of free pages stands in a zone's lines twice; that of whole pageblocks counts nothing smaller. */
function checkTwins(fields: ProcFields, zone: string): void {
  const inBlocks = fields.get(`${zone}nr_free_pages_blocks`);
  if (inBlocks !== undefined && Number(inBlocks.value) % PAGEBLOCK_PAGES !== 0)
    throw new EvidenceError(`whole pageblocks of ${PAGEBLOCK_PAGES} pages`, inBlocks.value, inBlocks.line);
  const free = fields.get(`${zone}pages free`);
  const again = fields.get(`${zone}nr_free_pages`);
  if (free === undefined || again === undefined || free.value === again.value) return;
  throw new EvidenceError(`${free.value} free pages as in line ${free.line}`, again.value, again.line);
}

/** A file of /proc in a recording: its fields, or why there are none. */
export type ProcEvidence = { readonly fields: ProcFields } | { readonly problem: Divergence };

/** Reads `boot.vmstat` and the like; what is missing or damaged is a difference. */
export function procEvidence(files: RecordingFiles, prefix: string, file: ProcFileName): ProcEvidence {
  const name = `${prefix}.${file}`;
  const text = readText(files, name);
  if (text === undefined) {
    return {
      problem: { event: 0, expected: `the file ${name}`, found: "no such file", context: `/proc/${file}` },
    };
  }
  try {
    return { fields: wholeProcFile(file, text) };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    const { place, expected, found } = error;
    return { problem: { event: 0, expected, found, context: `${name}:${place}` } };
  }
}

export function fieldsIn(evidence: ProcEvidence): ProcFields {
  return "fields" in evidence ? evidence.fields : new Map();
}

/**
 * Whether every file of /proc in a recording is whole, also those that nothing else is compared with: of
 * one kernel, so with the lines that the others of its kind have, and MemTotal the sum of all zones.
 */
export function checkProcFiles(files: RecordingFiles): Comparison {
  const tally = new Tally();
  let managed: Managed | undefined;
  // The zones come first, as the others are held against them.
  for (const file of ["zoneinfo", ...PROC_FILES.filter((name) => name !== "zoneinfo")] as ProcFileName[]) {
    let first: NamedFields | undefined;
    for (const prefix of prefixesOf(files, file)) {
      const name = `${prefix}.${file}`;
      const evidence = procEvidence(files, prefix, file);
      if ("problem" in evidence) {
        tally.cannotCompare(1, evidence.problem);
        continue;
      }
      const { fields } = evidence;
      if (file === "zoneinfo") managed ??= { name, pages: sumOf(fields, "managed", zonesOfProc(fields)) };
      first ??= { name, fields };
      const problem =
        firstOtherLine(first, fields) ?? (file === "meminfo" ? otherTotal(fields, managed, name) : undefined);
      tally.expect(problem === undefined, () => ({ event: 0, context: name, ...problem! }));
    }
  }
  return tally;
}

function prefixesOf(files: RecordingFiles, file: ProcFileName): string[] {
  const end = `.${file}`;
  return files
    .list()
    .filter((name) => name.endsWith(end))
    .map((name) => name.slice(0, -end.length))
    .sort();
}

interface NamedFields {
  readonly name: string;
  readonly fields: ProcFields;
}

interface Managed {
  readonly name: string;
  readonly pages: number;
}

type Problem = Pick<Divergence, "expected" | "found">;

function firstOtherLine(first: NamedFields, other: ProcFields): Problem | undefined {
  const [expected, found] = [[...first.fields.keys()], [...other.keys()]];
  const at = expected.findIndex((key, index) => key !== found[index]);
  if (at < 0 && expected.length === found.length) return undefined;
  return {
    expected: `${expected[at] ?? "no more lines"}, as in ${first.name}`,
    found: found[at < 0 ? expected.length : at] ?? "no such line",
  };
}

/** MemTotal is what all zones manage (mm/show_mem.c: si_meminfo), which does not change once boot is done. */
function otherTotal(meminfo: ProcFields, managed: Managed | undefined, name: string): Problem | undefined {
  const total = numberOf(meminfo, "MemTotal");
  if (managed === undefined || total === managed.pages * KIB_PER_PAGE) return undefined;
  return {
    expected: `${managed.pages * KIB_PER_PAGE} kB of MemTotal, as ${managed.name} says`,
    found: `${total ?? "none"} in ${name}`,
  };
}
