/** What can be tuned about a policy: names, kinds and meanings. Which policy takes which is its own business. */

import { GiB, KiB, MiB } from "../units.js";

/** How a value is written: a size such as `256MiB`, a whole number, or true and false. */
export type ParameterKind = "size" | "count" | "flag";

/** One tunable number of a strategy. */
export interface StrategyParameter {
  readonly kind: ParameterKind;
  /** One line for lists and help. */
  readonly what: string;
  /** Least and greatest value: bytes, or a number. A size may also be `all` where `max` is Infinity. */
  readonly min: number;
  readonly max: number;
  readonly powerOfTwo?: true;
}

export type StrategyParameterName =
  | "batch"
  | "adaptive"
  | "batchMax"
  | "threads"
  | "rate"
  | "idleOnly"
  | "target"
  | "ahead"
  | "acceptingCpus"
  | "block";

/** Every parameter that some policy takes, by its name in scenario files. */
export const STRATEGY_PARAMETERS: Readonly<Record<StrategyParameterName, StrategyParameter>> = {
  batch: {
    kind: "size",
    what: "accepted at once, a power of two: around a fault, or when the allocator decides to accept",
    min: 4 * KiB,
    max: GiB,
    powerOfTwo: true,
  },
  adaptive: {
    kind: "flag",
    what: "whether a fault just behind the last batch doubles the batch",
    min: 0,
    max: 1,
  },
  batchMax: {
    kind: "size",
    what: "largest batch of adaptive doubling, a power of two",
    min: 4 * KiB,
    max: GiB,
    powerOfTwo: true,
  },
  threads: { kind: "count", what: "kernel threads that accept", min: 1, max: 1024 },
  rate: {
    kind: "size",
    what: "accepted per second by all threads together; all is as fast as they can",
    min: MiB,
    max: Number.POSITIVE_INFINITY,
  },
  idleOnly: {
    kind: "flag",
    what: "whether threads run only on CPUs that have nothing to do",
    min: 0,
    max: 1,
  },
  target: {
    kind: "size",
    what: "free accepted memory at which the threads stop; all is when nothing is left",
    min: MiB,
    max: Number.POSITIVE_INFINITY,
  },
  ahead: {
    kind: "size",
    what: "free accepted memory kept beyond the promo watermark",
    min: 4 * MiB,
    max: Number.POSITIVE_INFINITY,
  },
  block: {
    kind: "size",
    what: "memory of ACPI devices that goes online at once, a power of two",
    min: 128 * MiB,
    max: 2 * GiB,
    powerOfTwo: true,
  },
  acceptingCpus: {
    kind: "count",
    what: "CPUs of a node that initialise struct pages and accept; 1024 is all",
    min: 1,
    max: 1024,
  },
};

/** Values by name, as scenario files write them. */
export type StrategyDocument = { readonly [Name in StrategyParameterName]?: string | number | boolean };
