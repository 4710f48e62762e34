import { ACCEPTING_THREADS } from "./accepting-threads.js";
import { definePolicy, type Policy } from "./policy.js";

/**
 * Lazy, and a kernel thread for it as kswapd is for reclaim: woken when free accepted memory is less
 * than so much beyond the promo watermark, it accepts up to there; requests accept themselves only
 * when they come before it is done. It shares CPUs as the
 * threads of `background` do. A strategy of this project: nobody has proposed or measured it.
 */
export const watermarkAhead: Policy = definePolicy({
  name: "watermark-ahead",
  summary: "lazy, and a kernel thread keeps so much accepted beyond the watermark",
  since: "this project; not in any kernel",
  parameters: {
    ...ACCEPTING_THREADS,
    ahead: {
      is: "size",
      min: "4MiB",
      orAll: true,
      default: "256MiB",
      what: "free accepted memory kept beyond the promo watermark",
    },
  },
  behaviour: ({ aheadBytes, ...threads }, { onAllocation, byThreads, aheadOfWatermark }) => ({
    ...onAllocation(),
    ...byThreads({
      ...threads,
      bytesPerSecond: Number.POSITIVE_INFINITY,
      wantedPages: aheadOfWatermark(aheadBytes),
    }),
  }),
});
