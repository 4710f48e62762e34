/** What both formats of a timeline show: tracks, counters and flows. */

import type { Memory, NodeMemory, Slice, Timeline } from "./recorder.js";

/** The process that the tracks belong to. */
export const GUEST = "guest";

export function tracksOf({ cpus, moments }: Timeline): { readonly cpu: number; readonly name: string }[] {
  const last = moments.reduce((most, { cpu }) => Math.max(most, cpu), cpus.length - 1);
  return Array.from({ length: last + 1 }, (_none, cpu) => ({ cpu, name: `vCPU ${cpu}` }));
}

export interface Counter {
  readonly name: string;
  readonly samples: readonly { readonly atNs: number; readonly bytes: number }[];
}

export function countersOf({ memory }: Timeline): Counter[] {
  const nodes = Math.max(0, ...memory.map((one) => one.nodes.length));
  const ofNode = (node: number): Counter[] =>
    NODE_COUNTERS.map(([name, bytes]) =>
      counter(`node ${node}: ${name}`, memory, ({ nodes: all }) => all[node]?.[bytes]),
    ).filter(({ samples }) => samples.length > 0);
  return [
    counter("accepted", memory, ({ acceptedBytes }) => acceptedBytes),
    counter("host memory", memory, ({ hostBytes }) => hostBytes),
    ...Array.from({ length: nodes }, (_none, node) => ofNode(node)).flat(),
  ];
}

/** In the order of tracks. */
const NODE_COUNTERS: readonly (readonly [string, keyof NodeMemory])[] = [
  ["free", "freeBytes"],
  ["accepted", "acceptedBytes"],
  ["unaccepted", "unacceptedBytes"],
];

function counter(name: string, memory: readonly Memory[], of: (one: Memory) => number | undefined): Counter {
  const samples = memory.flatMap((one) => {
    const bytes = of(one);
    return bytes === undefined ? [] : [{ atNs: one.atNs, bytes }];
  });
  return { name, samples: samples.filter(({ bytes }, at) => at === 0 || bytes !== samples[at - 1]!.bytes) };
}

/** What an allocation waited for: its own slice, the accept in it, and in that the event that took longest. */
export interface Flow {
  readonly id: number;
  readonly slices: readonly Slice[];
}

/** Of allocations that were not merged with others. */
export function flowsOf({ cpus }: Timeline): Flow[] {
  const flows: Slice[][] = [];
  const visit = (slice: Slice): void => {
    if (slice.what === WAITS) flows.push(...flowsFrom(slice));
    else for (const child of slice.children) visit(child);
  };
  for (const slices of cpus) for (const slice of slices) visit(slice);
  return flows.map((slices, at) => ({ id: at + 1, slices }));
}

/** A flow as a slice of it has it. */
export interface FlowPart {
  readonly id: number;
  readonly part: "begin" | "step" | "end";
}

/** The flows of each slice that is in some. */
export function flowsBySlice(timeline: Timeline): Map<Slice, readonly FlowPart[]> {
  const bySlice = new Map<Slice, FlowPart[]>();
  for (const { id, slices } of flowsOf(timeline)) {
    for (const [at, slice] of slices.entries()) {
      const parts = bySlice.get(slice) ?? [];
      bySlice.set(slice, parts);
      parts.push({ id, part: at === 0 ? "begin" : at === slices.length - 1 ? "end" : "step" });
    }
  }
  return bySlice;
}

function flowsFrom(waits: Slice): Slice[][] {
  const accepts = waits.children.filter(({ what }) => what.endsWith(" accepts"));
  return accepts.map((accept) => {
    const longest = accept.children.toSorted((one, other) => lengthOf(other) - lengthOf(one))[0];
    return [waits, accept, ...(longest === undefined ? [] : [longest])];
  });
}

/** Name of the slice of an allocation that waited. */
export const WAITS = "allocation waits";

function lengthOf({ startNs, endNs }: Slice): number {
  return endNs - startNs;
}
