/** What a view of a timeline shows: tracks, counters, phases and stalls, without any picture yet. */

import { flowsOf, type Memory, type Slice, type Timeline, WAITS } from "../../index.js";

export interface Track {
  readonly cpu: number;
  readonly slices: readonly Slice[];
  /** Rows that nested slices need, 1 or more. */
  readonly rows: number;
  /** Time that slices cover. Nanoseconds. */
  readonly busyNs: number;
}

/** A line over time, in steps. */
export interface CounterLine {
  readonly name: string;
  readonly samples: readonly { readonly atNs: number; readonly bytes: number }[];
}

export interface ViewModel {
  /** Of CPUs that did something, the busiest first. */
  readonly tracks: readonly Track[];
  readonly counters: readonly CounterLine[];
  readonly moments: Timeline["moments"];
  readonly endNs: number;
  readonly mergedBelowNs: number;
  /** In the order of time. */
  readonly stalls: readonly Slice[];
  readonly phases: readonly Slice[];
  /** Of each slice the flows that it is part of. */
  readonly flows: ReadonlyMap<Slice, readonly (readonly Slice[])[]>;
}

export function modelOf(timeline: Timeline): ViewModel {
  const { cpus, memory, moments, mergedBelowNs } = timeline;
  const tracks = cpus
    .map((slices, cpu) => ({ cpu, slices, rows: rowsOf(slices), busyNs: busyNs(slices) }))
    .filter(({ slices }) => slices.length > 0)
    .sort((one, other) => other.busyNs - one.busyNs || one.cpu - other.cpu);
  const flows = new Map<Slice, (readonly Slice[])[]>();
  for (const { slices } of flowsOf(timeline)) {
    for (const slice of slices) flows.set(slice, [...(flows.get(slice) ?? []), slices]);
  }
  return {
    tracks,
    counters: countersOf(memory),
    moments,
    endNs: Math.max(
      0,
      ...cpus.map((slices) => slices.at(-1)?.endNs ?? 0),
      moments.at(-1)?.atNs ?? 0,
      memory.at(-1)?.atNs ?? 0,
    ),
    mergedBelowNs,
    stalls: stallsOf(cpus.flat()).sort((one, other) => one.startNs - other.startNs),
    phases: (cpus[0] ?? []).filter(isPhase),
    flows,
  };
}

function rowsOf(slices: readonly Slice[]): number {
  return slices.reduce((most, { children }) => Math.max(most, 1 + rowsOf(children)), 0);
}

function busyNs(slices: readonly Slice[]): number {
  return slices.reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0);
}

/** All nodes together. */
function countersOf(memory: readonly Memory[]): CounterLine[] {
  const line = (name: string, bytesOf: (one: Memory) => number | undefined): CounterLine => ({
    name,
    samples: memory.flatMap((one) => {
      const bytes = bytesOf(one);
      return bytes === undefined ? [] : [{ atNs: one.atNs, bytes }];
    }),
  });
  const ofNodes = (of: (node: Memory["nodes"][number]) => number) => (one: Memory) =>
    one.nodes.length === 0 ? undefined : one.nodes.reduce((sum, node) => sum + of(node), 0);
  return [
    line("accepted", ({ acceptedBytes }) => acceptedBytes),
    line("host", ({ hostBytes }) => hostBytes),
    line(
      "free",
      ofNodes(({ freeBytes }) => freeBytes),
    ),
    line(
      "unaccepted",
      ofNodes(({ unacceptedBytes }) => unacceptedBytes),
    ),
  ].filter(({ samples }) => samples.some(({ bytes }) => bytes > 0));
}

/** What a slice is, for its colour and its words. */
export type SliceKind = "phase" | "step" | "stall" | "accept" | "wait" | "event";

/** @param depth how many slices it lies in */
export function kindOf({ what }: Slice, depth: number, cpu: number): SliceKind {
  if (what.split(", ").includes(WAITS)) return "stall";
  if (what.startsWith("spins ") || what.startsWith("waits for ")) return "wait";
  if (what.endsWith(" accepts")) return "accept";
  if (cpu === 0 && depth === 0) return "phase";
  if (cpu === 0 && depth === 1) return "step";
  return "event";
}

function isPhase(slice: Slice): boolean {
  return kindOf(slice, 0, 0) === "phase";
}

function stallsOf(slices: readonly Slice[]): Slice[] {
  return slices.flatMap((slice) =>
    kindOf(slice, 0, slice.cpu) === "stall" ? [slice] : stallsOf(slice.children),
  );
}

/** The slices around one, the outermost first, and itself; none where it is not there. */
export function pathTo(slices: readonly Slice[], wanted: Slice): readonly Slice[] {
  const around = slices.find(({ startNs, endNs }) => startNs <= wanted.startNs && endNs >= wanted.endNs);
  if (around === undefined) return [];
  if (around === wanted) return [around];
  const inner = pathTo(around.children, wanted);
  return inner.length === 0 ? [] : [around, ...inner];
}

/** First of slices in the order of time that ends after a time; their number for none. */
export function firstEndingAfter(slices: readonly Slice[], ns: number): number {
  let [low, high] = [0, slices.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (slices[middle]!.endNs > ns) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The slice of a row at a time, or else the nearest within some time; of several the longest. */
export function sliceAt(
  slices: readonly Slice[],
  row: number,
  ns: number,
  withinNs: number,
): Slice | undefined {
  let best: Slice | undefined;
  for (let at = firstEndingAfter(slices, ns - withinNs); at < slices.length; at++) {
    const slice = slices[at]!;
    if (slice.startNs > ns + withinNs) break;
    const found = row === 0 ? slice : sliceAt(slice.children, row - 1, ns, withinNs);
    if (found === undefined) continue;
    if (found.startNs <= ns && found.endNs > ns) return found;
    if (best === undefined || found.endNs - found.startNs > best.endNs - best.startNs) best = found;
  }
  return best;
}

/** Value of a counter at a time: that of the last sample by then. */
export function bytesAt({ samples }: CounterLine, ns: number): number | undefined {
  return samples.findLast(({ atNs }) => atNs <= ns)?.bytes;
}
