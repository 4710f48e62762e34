/** The reverse map table of a host, as Linux sets it up (6.18 arch/x86/virt/svm/sev.c). */

import { RMP_BOOKKEEPING_BYTES, rmpBytes } from "../../coco/snp/rmp.js";
import { subtractRanges } from "../../firmware/ranges.js";
import { type AddressRange, MiB, PAGE_SIZE, roundDown } from "../../units.js";
import type { RmpHost } from "./plan.js";

/** Large pages of the kernel's direct map, of which none may be in part the table's (PMD_SIZE). */
const LARGE_PAGE: number = 2 * MiB;

/** Bytes. */
export interface ReadyRmp {
  readonly outcome: "ready";
  /** All that the table takes, with its bookkeeping. */
  readonly tableBytes: number;
  /** Address up to which memory has entries. */
  readonly coveredBytes: number;
  /** RAM that shares 2 MiB with an end of the table, which the kernel keeps from everybody. */
  readonly setAsideBytes: number;
  /** RAM left for a guest. */
  readonly freeBytes: number;
}

export type RmpStart = ReadyRmp | { readonly outcome: "failed"; readonly reason: string };

/** Sets up the table; the first thing that fails is the one the kernel would report. */
export function startRmp(host: RmpHost): RmpStart {
  if (host.table === undefined) {
    return { outcome: "failed", reason: "its firmware reserved no memory for the reverse map table" };
  }
  const ramEnd = Math.max(...host.memory.map(({ end }) => end));
  return host.segmentSizeBytes === undefined
    ? contiguous(host, host.table, ramEnd)
    : segmented(host, host.table, ramEnd, host.segmentSizeBytes);
}

/** setup_contiguous_rmptable(): entries up to the end of RAM, or of the table where that is higher. */
function contiguous(host: RmpHost, table: AddressRange, ramEnd: number): RmpStart {
  const tableBytes = table.end - table.start;
  const neededBytes = rmpBytes(Math.max(ramEnd, table.end)) + RMP_BOOKKEEPING_BYTES;
  if (neededBytes > tableBytes) return tooSmall("memory", neededBytes, tableBytes);
  const entries = Math.floor((tableBytes - RMP_BOOKKEEPING_BYTES) / rmpBytes(PAGE_SIZE));
  return ready(host, [table], tableBytes, entries * PAGE_SIZE);
}

/** setup_segmented_rmptable(): the last segment below the end of RAM has to reach it; holes before it are not looked for. */
function segmented(host: RmpHost, table: AddressRange, ramEnd: number, segmentBytes: number): RmpStart {
  const segments = host.segments
    .map(({ number, start, mappedBytes }) => {
      const covers = Math.min(mappedBytes, segmentBytes);
      const first = number * segmentBytes;
      return { start, end: start + rmpBytes(covers), first, coveredBytes: first + covers };
    })
    .sort((a, b) => a.first - b.first);
  const coveredBytes = segments.findLast(({ first }) => first < ramEnd)?.coveredBytes ?? 0;
  if (ramEnd > coveredBytes) return tooSmall("segments", ramEnd, coveredBytes);
  const ranges = [table, ...segments];
  const tableBytes = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  return ready(host, ranges, tableBytes, coveredBytes);
}

function tooSmall(what: string, expected: number, got: number): RmpStart {
  const [needs, has] = [expected, got].map((bytes) => `0x${bytes.toString(16)}`);
  const reason =
    what === "memory"
      ? `what its firmware reserved for the reverse map table does not cover its RAM (needs ${needs} bytes, has ${has})`
      : `the segments of the reverse map table do not cover its RAM (which ends at ${needs}, and they at ${has})`;
  return { outcome: "failed", reason };
}

function ready(
  { memory }: RmpHost,
  ranges: readonly AddressRange[],
  tableBytes: number,
  coveredBytes: number,
): ReadyRmp {
  const ends = ranges.flatMap(({ start, end }) => [start, end]).filter((edge) => edge % LARGE_PAGE !== 0);
  const chunks = [...new Set(ends.map((edge) => roundDown(edge, LARGE_PAGE)))];
  const setAside = chunks.map((start) => ({ start, end: start + LARGE_PAGE }));
  const ramBytes = sum(memory);
  const leftBytes = sum(subtractRanges(memory, setAside));
  const usedBytes = memory.reduce((bytes, one) => bytes + one.usedBytes, 0);
  return {
    outcome: "ready",
    tableBytes,
    coveredBytes,
    setAsideBytes: ramBytes - leftBytes,
    freeBytes: Math.max(leftBytes - usedBytes, 0),
  };
}

function sum(ranges: readonly AddressRange[]): number {
  return ranges.reduce((bytes, { start, end }) => bytes + end - start, 0);
}
