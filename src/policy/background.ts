import type { Policy } from "./policy.js";

/**
 * Lazy, and from the start of init on kernel threads accept the oldest blocks of the lists at a
 * rate, so that later requests find accepted memory. A strategy of this project: nobody has proposed
 * or measured it.
 */
export const background: Policy = {
  name: "background",
  summary: "lazy, and kernel threads accept the rest at a rate once init runs",
  since: "this project; not in any kernel",
  kernelTakesUnaccepted: true,
  firmwareAcceptsAll: false,
  kernel: "allocation",
  threads: "rate",
  parameters: { threads: 1, rate: "1GiB", idleOnly: false, target: "all" },
};
