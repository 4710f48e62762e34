import type { Policy } from "./policy.js";

/**
 * The kernel accepts all memory while it boots: what memblock hands over at once, the rest
 * in deferred struct-page initialisation (mm/page_alloc.c: accept_memory=eager).
 */
export const eager: Policy = {
  name: "eager",
  summary: "the kernel accepts everything while it initialises its struct pages",
  since: "6.5, accept_memory=eager",
  kernelTakesUnaccepted: true,
  firmwareAcceptsAll: false,
  kernel: "boot",
  parameters: { acceptingCpus: 1024 },
};
