/** What can be tuned about a policy: names, kinds and meanings. Which policy takes which is its own business. */

import type { SettledOf } from "../fields/field.js";

/** Every parameter that some policy takes, by its name in scenario files. */
export const STRATEGY_PARAMETERS = {
  batch: {
    is: "size",
    min: "4KiB",
    max: "1GiB",
    powerOfTwo: true,
    what: "accepted at once, a power of two: around a fault, or when the allocator decides to accept",
  },
  adaptive: { is: "flag", what: "whether a fault just behind the last batch doubles the batch" },
  batchMax: {
    is: "size",
    min: "4KiB",
    max: "1GiB",
    powerOfTwo: true,
    what: "largest batch of adaptive doubling, a power of two",
  },
  threads: { is: "count", min: 1, max: 1024, what: "kernel threads that accept" },
  rate: {
    is: "size",
    min: "1MiB",
    orAll: true,
    what: "accepted per second by all threads together; all is as fast as they can",
  },
  idleOnly: { is: "flag", what: "whether threads run only on CPUs that have nothing to do" },
  target: {
    is: "size",
    min: "1MiB",
    orAll: true,
    what: "free accepted memory at which the threads stop; all is when nothing is left",
  },
  ahead: {
    is: "size",
    min: "4MiB",
    orAll: true,
    what: "free accepted memory kept beyond the promo watermark",
  },
  block: {
    is: "size",
    min: "128MiB",
    max: "2GiB",
    powerOfTwo: true,
    what: "memory of ACPI devices that goes online at once, a power of two",
  },
  acceptingCpus: {
    is: "count",
    min: 1,
    max: 1024,
    what: "CPUs of a node that initialise struct pages and accept; 1024 is all",
  },
} as const;

export type StrategyParameterName = keyof typeof STRATEGY_PARAMETERS;

/** Values by name, as scenario files write them. */
export type StrategyDocument = { readonly [Name in StrategyParameterName]?: string | number | boolean };

/** The parameters that the policy of a run has, and no others. Sizes in bytes, Infinity where there is no limit. */
export type Strategy = SettledOf<typeof STRATEGY_PARAMETERS>;
