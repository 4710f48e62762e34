import { definePolicy, type Policy } from "./policy.js";

/**
 * The kernel accepts blocks of 4 MiB when an allocation finds too little accepted memory
 * (mm/page_alloc.c: cond_accept_memory). The default of Linux since 6.5. A larger batch is a
 * what-if: Linux accepts block by block until the watermark is reached.
 */
export const lazy: Policy = definePolicy({
  name: "lazy",
  summary: "the allocator accepts 4 MiB blocks to stay above the promo watermark",
  since: "6.5, accept_memory=lazy (default)",
  isUsual: true,
  parameters: {
    batch: {
      is: "size",
      min: "4MiB",
      max: "1GiB",
      powerOfTwo: true,
      default: "4MiB",
      what: "accepted at once when the allocator decides to accept, a power of two",
    },
  },
  behaviour: ({ batchBytes }, { onAllocation }) => onAllocation(batchBytes),
});
