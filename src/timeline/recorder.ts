/** What happened when in one run, as far as a viewer has room for it. */

import type { Details, Observer, Span } from "../sim/observer.js";

/** A span with those that lie in it. Whole nanoseconds. */
export interface Slice extends Span {
  readonly children: readonly Slice[];
}

export interface Moment {
  readonly what: string;
  readonly cpu: number;
  readonly atNs: number;
  readonly details?: Details;
}

/** What counters showed from a time on; bytes. */
export interface Memory {
  readonly atNs: number;
  readonly acceptedBytes: number;
  readonly hostBytes: number;
  /** None before the page allocator has memory. */
  readonly nodes: readonly NodeMemory[];
}

/** Of one node's zones; bytes. */
export interface NodeMemory {
  /** On free lists. */
  readonly freeBytes: number;
  /** Left to accept. */
  readonly unacceptedBytes: number;
  /** What the guest may touch, with what it shares; only where there is more than one node. */
  readonly acceptedBytes?: number;
}

/** Something on its way on a CPU, and since when. */
export interface Open {
  readonly cpu: number;
  readonly startNs: number;
}

export interface Timeline {
  /** Of each CPU, in the order of time. */
  readonly cpus: readonly (readonly Slice[])[];
  /** In the order of time. */
  readonly moments: readonly Moment[];
  readonly memory: readonly Memory[];
  /** Spans that lie closer together than this are merged; 0 where all there were are here. Nanoseconds. */
  readonly mergedBelowNs: number;
  /** The same of moments of one kind. */
  readonly momentsMergedBelowNs: number;
}

/** Spans that a viewer shows without delay; Perfetto loads some millions, browsers' own tools fewer. */
const SPANS_MAX = 50_000;
const SAMPLES_MAX = 4096;
const MOMENTS_MAX = 5000;

/**
 * Records a run in bounded memory. Where there are too many spans, neighbours that lie within some time together
 * become one, and what lay in them goes; that time doubles until there is room.
 */
export class Recorder implements Observer {
  /** What is on its way and will be told when it has ended: spans before and after its start stay apart. */
  open: () => readonly Open[] = () => [];
  readonly #spansMax: number;
  /** As they were told: none has others in it yet. */
  #spans: Slice[] = [];
  #moments: Moment[] = [];
  #momentsMergedBelowNs = 0;
  #memory: Memory[] = [];
  #mergedBelowNs = 0;
  #sampledBelowNs = 0;

  constructor(spansMax: number = SPANS_MAX) {
    this.#spansMax = spansMax;
  }

  span(span: Span): void {
    const startNs = Math.round(span.startNs);
    const endNs = Math.round(span.endNs);
    if (endNs === startNs) return;
    this.#spans.push({ ...span, startNs, endNs, children: NONE });
    if (this.#spans.length >= 2 * this.#spansMax) this.#merge();
  }

  moment(what: string, cpu: number, atNs: number, details?: Details): void {
    this.#moments.push({ what, cpu, atNs: Math.round(atNs), ...(details === undefined ? {} : { details }) });
    if (this.#moments.length >= 2 * MOMENTS_MAX) this.#mergeMoments();
  }

  /** One older than the latest counts at the latest one's time: CPUs that lag run after those ahead. */
  sample(memory: Memory): void {
    const atNs = Math.max(Math.round(memory.atNs), this.#memory.at(-1)?.atNs ?? 0);
    // Of samples that lie closely together the last stays.
    const before = this.#memory.at(-2);
    if (before !== undefined && atNs - before.atNs <= this.#sampledBelowNs) this.#memory.pop();
    this.#memory.push({ ...memory, atNs });
    if (this.#memory.length < 2 * SAMPLES_MAX) return;
    this.#memory = this.#memory.filter((_one, at) => at % 2 === 1);
    this.#sampledBelowNs = (atNs - this.#memory[0]!.atNs) / SAMPLES_MAX;
  }

  timeline(): Timeline {
    if (this.#spans.length > this.#spansMax) this.#merge();
    if (this.#moments.length > MOMENTS_MAX) this.#mergeMoments();
    return {
      cpus: treesOf(this.#spans),
      moments: inOrder(this.#moments),
      memory: this.#memory,
      mergedBelowNs: this.#mergedBelowNs,
      momentsMergedBelowNs: this.#momentsMergedBelowNs,
    };
  }

  #mergeMoments(): void {
    do {
      this.#momentsMergedBelowNs = longer(this.#momentsMergedBelowNs);
      this.#moments = withoutRepeats(inOrder(this.#moments), this.#momentsMergedBelowNs);
    } while (this.#moments.length > MOMENTS_MAX);
  }

  #merge(): void {
    const trees = treesOf(this.#spans);
    const open = this.open();
    const cuts = trees.map((_slices, cpu) =>
      open.filter((one) => one.cpu === cpu).map(({ startNs }) => Math.round(startNs)),
    );
    let merged = trees;
    do {
      this.#mergedBelowNs = longer(this.#mergedBelowNs);
      merged = trees.map((slices, cpu) => mergedWithin(slices, this.#mergedBelowNs, cuts[cpu]));
    } while (count(merged) > this.#spansMax);
    this.#spans = merged.flatMap((slices) => spansOf(slices));
  }
}

/** The next time within which things become one. */
function longer(ns: number): number {
  return ns === 0 ? 1_000 : ns * 2;
}

function inOrder(moments: readonly Moment[]): Moment[] {
  return moments.toSorted((one, other) => one.atNs - other.atNs);
}

/**
 * Of moments of a kind within some time the first stays, and says how many there were. On whatever CPU: there may be
 * more CPUs than moments have room, but kinds are few.
 */
function withoutRepeats(moments: readonly Moment[], ns: number): Moment[] {
  const kept: Moment[] = [];
  const latest = new Map<string, number>();
  for (const moment of moments) {
    const at = latest.get(moment.what);
    const before = at === undefined ? undefined : kept[at]!;
    if (before === undefined || moment.atNs - before.atNs > ns) {
      latest.set(moment.what, kept.length);
      kept.push(moment);
    } else {
      const parts = [before, moment].map(({ details }) => Number(details?.merged ?? 1));
      kept[at!] = { ...before, details: { ...before.details, merged: sum(parts) } };
    }
  }
  return kept;
}

/**
 * Spans of each CPU as trees; those told later lie around those told before. Times were rounded one by one, so that
 * those of neighbours and of what lies in one another may be a nanosecond apart.
 */
function treesOf(spans: readonly Slice[]): Slice[][] {
  const cpus: Slice[][] = [];
  for (const span of spans) {
    const slices = cpus[span.cpu] ?? [];
    cpus[span.cpu] = slices;
    let from = slices.length;
    while (from > 0 && isWithin(slices[from - 1]!, span)) from--;
    const children = from === slices.length ? NONE : slices.splice(from);
    const earliestNs = slices.at(-1)?.endNs ?? 0;
    const startNs = Math.max(Math.min(span.startNs, children[0]?.startNs ?? span.startNs), earliestNs);
    const endNs = Math.max(span.endNs, children.at(-1)?.endNs ?? 0);
    if (endNs <= startNs) continue;
    const isAsTold = children === NONE && startNs === span.startNs && endNs === span.endNs;
    slices.push(isAsTold ? span : { ...span, startNs, endNs, children });
  }
  return Array.from(cpus, (slices) => slices ?? []);
}

/** Most slices have nothing in them; one array is enough for these. */
const NONE: readonly Slice[] = [];

function isWithin({ startNs, endNs }: Slice, span: Span): boolean {
  return startNs >= span.startNs - 1 && endNs > span.startNs;
}

/** @param cuts no slice from one side of these times becomes one with another side's */
function mergedWithin(slices: readonly Slice[], ns: number, cuts: readonly number[] = []): Slice[] {
  const groups: Slice[][] = [];
  for (const slice of slices) {
    const group = groups.at(-1);
    const first = group?.[0]?.startNs ?? Number.NEGATIVE_INFINITY;
    const isCut = cuts.some((cut) => first < cut && slice.startNs >= cut);
    if (group !== undefined && slice.endNs - first <= ns && !isCut) group.push(slice);
    else groups.push([slice]);
  }
  return groups.map((group) => {
    const [first] = group;
    if (group.length > 1) return joined(group);
    const isShort = first!.endNs - first!.startNs <= ns;
    return { ...first!, children: isShort ? [] : mergedWithin(first!.children, ns) };
  });
}

/** Several as one that says how many there were and how long they took together. */
function joined(group: readonly Slice[]): Slice {
  const { cpu, startNs } = group[0]!;
  const parts = group.map(({ details }) => Number(details?.merged ?? 1));
  const times = group.map((one) => Number(one.details?.mergedNs ?? one.endNs - one.startNs));
  return {
    what: [...new Set(group.flatMap(({ what }) => what.split(", ")))].join(", "),
    cpu,
    startNs,
    endNs: group.at(-1)!.endNs,
    details: { merged: sum(parts), mergedNs: sum(times) },
    children: [],
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function count(trees: readonly (readonly Slice[])[]): number {
  return sum(trees.map((slices) => slices.length + count(slices.map(({ children }) => children))));
}

/** In the order in which they were told: those within others first. */
function spansOf(slices: readonly Slice[]): Slice[] {
  return slices.flatMap((slice) => [...spansOf(slice.children), { ...slice, children: NONE }]);
}
