import { ACCEPTING_THREADS } from "./accepting-threads.js";
import { definePolicy, type Policy } from "./policy.js";

/**
 * Lazy, and from the start of init on kernel threads accept the oldest blocks of the lists at a
 * rate, so that later requests find accepted memory. They have CPUs that idle, and of those that work
 * what their nice level leaves them. A strategy of this project: nobody has proposed or measured it.
 */
export const background: Policy = definePolicy({
  name: "background",
  summary: "lazy, and kernel threads accept the rest at a rate once init runs, as far as CPUs idle or share",
  since: "this project; not in any kernel",
  parameters: {
    ...ACCEPTING_THREADS,
    rate: {
      is: "size",
      min: "1MiB",
      orAll: true,
      default: "1GiB",
      what: "accepted per second by all threads together at most; all is as fast as they can",
    },
    target: {
      is: "size",
      min: "1MiB",
      orAll: true,
      default: "all",
      what: "free accepted memory at which the threads stop; all is when nothing is left",
    },
  },
  behaviour: ({ rateBytes, targetBytes, ...threads }, { onAllocation, byThreads, upToTarget }) => ({
    ...onAllocation(),
    ...byThreads({ ...threads, bytesPerSecond: rateBytes, wantedPages: upToTarget(targetBytes) }),
  }),
});
