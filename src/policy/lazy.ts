import type { Policy } from "./policy.js";

/**
 * The kernel accepts blocks of 4 MiB when an allocation finds too little accepted memory
 * (mm/page_alloc.c: cond_accept_memory). The default of Linux since 6.5. A larger batch is a
 * what-if: Linux accepts block by block until the watermark is reached.
 */
export const lazy: Policy = {
  name: "lazy",
  summary: "the allocator accepts 4 MiB blocks to stay above the promo watermark",
  since: "6.5, accept_memory=lazy (default)",
  kernelTakesUnaccepted: true,
  firmwareAcceptsAll: false,
  kernel: "allocation",
  parameters: { batch: "4MiB" },
};
