import { eager } from "./eager.js";
import { firmwareDelegated } from "./firmware-delegated.js";
import { lazy } from "./lazy.js";
import type { Policy } from "./policy.js";

/** Every policy, by the name scenarios use. */
export const POLICIES: ReadonlyMap<string, Policy> = new Map(
  [eager, lazy, firmwareDelegated].map((policy) => [policy.name, policy]),
);
