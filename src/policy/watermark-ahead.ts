import type { Policy } from "./policy.js";

/**
 * Lazy, and a kernel thread for it as kswapd is for reclaim: woken when free accepted memory is less
 * than so much beyond the promo watermark, it accepts up to there; requests accept themselves only
 * when they come before it is done. A strategy of this project: nobody has proposed or measured it.
 */
export const watermarkAhead: Policy = {
  name: "watermark-ahead",
  summary: "lazy, and a kernel thread keeps so much accepted beyond the watermark",
  since: "this project; not in any kernel",
  kernelTakesUnaccepted: true,
  firmwareAcceptsAll: false,
  kernel: "allocation",
  threads: "watermark",
  parameters: { threads: 1, ahead: "256MiB", idleOnly: false },
};
