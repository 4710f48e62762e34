/** Where model and kernel first disagree. */
export interface Divergence {
  /** Index of the record in the log. */
  readonly event: number;
  readonly expected: string;
  readonly found: string;
  readonly context: string;
}

/** What was taken from the log because no model of the allocator can derive it. */
export interface OutsideCauses {
  /** The vmstat worker lowered a per-CPU limit and drained the list. */
  pcpDecays: number;
  /** The vmstat worker drained the list of another node's zone. */
  timerDrains: number;
  /** An interrupt freed pages between an allocation and its line in the log. */
  interruptedAllocations: number;
  /** An interrupt freed pages while its CPU's list was locked, so past the list. */
  lockedFrees: number;
  /** Another CPU's records lie between a step's effect and its line in the log. */
  interleavedSteps: number;
  /** Threads of deferred initialisation took turns: how often one was left in the middle of its chunk. */
  deferredInterleavings: number;
  /** Decisions to accept that read a counter which the vmstat worker had brought up to date. */
  counterDrifts: number;
  /** A request was served by another node than its CPU's: taken for having asked for it. */
  otherNodeRequests: number;
}

/** How many of a kind were compared, and how many were the same. */
export interface Comparison {
  compared: number;
  equal: number;
  firstDivergence?: Divergence;
}

/** Two comparisons of one kind as one. */
export function added(a: Comparison, b: Comparison): Comparison {
  const firstDivergence = a.firstDivergence ?? b.firstDivergence;
  return {
    compared: a.compared + b.compared,
    equal: a.equal + b.equal,
    ...(firstDivergence === undefined ? {} : { firstDivergence }),
  };
}

/** Of a run that the model could not follow to its end: what comes after it counts as different. */
export function nothingToCompare(): Comparison {
  const firstDivergence = {
    event: 0,
    expected: "the state at the end",
    found: "none: the model could not follow the run",
    context: "not compared",
  };
  return { compared: 1, equal: 0, firstDivergence };
}
