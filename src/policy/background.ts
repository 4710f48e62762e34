import { definePolicy, type Policy } from "./policy.js";

/**
 * Lazy, and from the start of init on kernel threads accept the oldest blocks of the lists at a
 * rate, so that later requests find accepted memory. A strategy of this project: nobody has proposed
 * or measured it.
 */
export const background: Policy = definePolicy({
  name: "background",
  summary: "lazy, and kernel threads accept the rest at a rate once init runs",
  since: "this project; not in any kernel",
  parameters: {
    threads: { is: "count", min: 1, max: 1024, default: 1, what: "kernel threads that accept" },
    rate: {
      is: "size",
      min: "1MiB",
      orAll: true,
      default: "1GiB",
      what: "accepted per second by all threads together; all is as fast as they can",
    },
    idleOnly: {
      is: "flag",
      default: false,
      what: "whether threads run only on CPUs that have nothing to do",
    },
    target: {
      is: "size",
      min: "1MiB",
      orAll: true,
      default: "all",
      what: "free accepted memory at which the threads stop; all is when nothing is left",
    },
  },
  behaviour: ({ threads, rateBytes, idleOnly, targetBytes }, { onAllocation, byThreads, upToTarget }) => ({
    ...onAllocation(),
    ...byThreads({ threads, bytesPerSecond: rateBytes, idleOnly, wantedPages: upToTarget(targetBytes) }),
  }),
});
