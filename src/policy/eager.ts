import { definePolicy, type Policy } from "./policy.js";

/**
 * The kernel accepts all memory while it boots: what memblock hands over at once, the rest
 * in deferred struct-page initialisation (mm/page_alloc.c: accept_memory=eager).
 */
export const eager: Policy = definePolicy({
  name: "eager",
  summary: "the kernel accepts everything while it initialises its struct pages",
  since: "6.5, accept_memory=eager",
  isBaseline: true,
  parameters: {
    acceptingCpus: {
      is: "count",
      min: 1,
      max: 1024,
      default: 1024,
      what: "CPUs of a node that initialise struct pages and accept; 1024 is all",
    },
  },
  behaviour: ({ acceptingCpus }, { whileBooting }) => whileBooting(acceptingCpus),
});
