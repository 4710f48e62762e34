import type { Count, Flag } from "../fields/field.js";

/** What kernel threads that accept have in common, whatever wakes them. */
export const ACCEPTING_THREADS = {
  threads: { is: "count", min: 1, max: 1024, default: 1, what: "kernel threads that accept" } as Count & {
    readonly default: number;
  },
  nice: {
    is: "count",
    min: -20,
    max: 19,
    or: "idle",
    default: 19,
    needs: [
      {
        what: "threads that share CPUs, without strategy.idleOnly",
        reads: ["strategy.idleOnly"],
        met: ({ strategy }: { readonly strategy: { readonly idleOnly?: boolean } }) =>
          strategy.idleOnly !== true,
      },
    ],
    what: "nice level of the threads, by which they share a CPU that has work, or idle for class SCHED_IDLE",
  } as Count & { readonly or: "idle"; readonly default: number },
  bound: {
    is: "flag",
    default: false,
    what: "whether each thread stays on its CPU, and does not go to one that idles",
  } as Flag & { readonly default: boolean },
  idleOnly: {
    is: "flag",
    default: false,
    what: "whether threads run only on CPUs that have no work left, which no class of Linux does",
  } as Flag & { readonly default: boolean },
} as const;
