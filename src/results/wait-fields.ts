/** What a row says of the waits of a phase's allocations; part of its fields in `measures.ts`. */

import { DISTRIBUTION } from "./series.js";

/** Waits of the allocations of one phase, for each of the two. */
const WAIT_FIELDS = {
  allocations: { is: "count", doc: "Allocations of the PHASE; a call that fills many pages is one." },
  count: {
    is: "count",
    better: "less",
    label: "waits",
    was: ["stalls.count"],
    doc: "Allocations of the PHASE that waited for memory to be accepted.",
  },
  totalNs: {
    is: "ns",
    better: "less",
    label: "waited",
    in: ["repeat", "tune", "uncertainty"],
    was: ["stalls.totalNs", "stallTotal"],
    doc: "All these waits together.",
  },
  p50Ns: { is: "ns", better: "less", label: "p50", doc: "Median wait of all allocations of the PHASE." },
  p99Ns: {
    is: "ns",
    better: "less",
    label: "p99",
    in: ["repeat", "tune", "uncertainty"],
    was: ["stalls.p99Ns", "stallP99", "stallP99Ns"],
    doc: "The wait of all but 1 % of all allocations of the PHASE at most; those that did not wait count, as 0.",
  },
  p999Ns: { is: "ns", better: "less", label: "p99.9", doc: "The same of all but 0.1 %." },
  p9999Ns: { is: "ns", better: "less", label: "p99.99", doc: "The same of all but 0.01 %." },
  maxNs: {
    is: "ns",
    better: "less",
    label: "max",
    was: ["stalls.maxNs", "stallMax"],
    doc: "The longest wait of an allocation of the PHASE.",
  },
  distribution: {
    is: "series",
    columns: DISTRIBUTION as readonly string[],
    maybe: true,
    doc: "Allocations of the PHASE by how long they waited: above the one before, and atMostNs.",
  },
} as const;

export type WaitFields<Phase extends string> = {
  readonly [Leaf in keyof typeof WAIT_FIELDS as `waits.${Phase}.${Leaf}`]: (typeof WAIT_FIELDS)[Leaf];
};

export function waitFields<Phase extends string>(phase: Phase, words: string): WaitFields<Phase> {
  const entries = Object.entries(WAIT_FIELDS).map(([leaf, field]) => [
    `waits.${phase}.${leaf}`,
    { ...field, doc: field.doc.replace("PHASE", words) },
  ]);
  return Object.fromEntries(entries) as WaitFields<Phase>;
}
