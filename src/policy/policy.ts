import type { Count, Flag, Quantity, SettledOf, Size, Time } from "../fields/field.js";
import type { Behaviour, Behaviours } from "./behaviour.js";

/** What can be tuned about a policy, with its bounds and its default. */
export type PolicyParameter = (Count | Flag | Size | Time) & { readonly default: Quantity | boolean };

/** Parameters by the names that scenario files have under `strategy`. */
export type PolicyParameters = Readonly<Record<string, PolicyParameter>>;

/** The parameters that the policy of a run has, and no others. Sizes in bytes, Infinity where there is no limit. */
export type Strategy = SettledOf<PolicyParameters>;

/**
 * When memory is accepted and by whom. A file of this directory has one, and so may a file of one's own, which
 * `--policy FILE` loads: whatever the program knows of a policy stands in it.
 */
export interface Policy<Parameters extends PolicyParameters = PolicyParameters> {
  /** As scenarios name it. */
  readonly name: string;
  /** One line for lists and help. */
  readonly summary: string;
  /** First kernel release that can do it, or the thread that proposed it. */
  readonly since: string;
  /** What a scenario can set under `strategy`. */
  readonly parameters: Parameters;
  /** Whether it is what Linux does where nothing is said: of one policy. */
  readonly isUsual?: true;
  /** Whether others are compared with it where nothing is said: of one policy. */
  readonly isBaseline?: true;
  /** SHA-256 of the file that it came from, if that is not a part of the program. */
  readonly sha256?: string;
  /**
   * What it does in a run.
   *
   * @param parameters of the run: a size in bytes, its name with `Bytes` behind it, Infinity for `all`; a time in nanoseconds
   * @param behaviours what it can be made of
   */
  behaviour(parameters: SettledOf<Parameters>, behaviours: Behaviours): Behaviour;
}

/** A policy, checked by the types of its own parameters. */
export function definePolicy<const Parameters extends PolicyParameters>(policy: Policy<Parameters>): Policy {
  return policy as unknown as Policy;
}
