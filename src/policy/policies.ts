/** Every policy there is: those of this directory, a line each, and those that are registered beside them. */

import type { Quantity } from "../fields/field.js";
import { settle } from "../fields/read.js";
import { parseSize } from "../units.js";
import { acpiPrm } from "./acpi-prm.js";
import { background } from "./background.js";
import { BEHAVIOURS, type Behaviour } from "./behaviour.js";
import { eager } from "./eager.js";
import { eagerFirmware } from "./eager-firmware.js";
import { faultDriven } from "./fault-driven.js";
import { firmwareDelegated } from "./firmware-delegated.js";
import { lazy } from "./lazy.js";
import { pageFlag } from "./page-flag.js";
import type { Policy, PolicyParameter, PolicyParameters, Strategy } from "./policy.js";
import { watermarkAhead } from "./watermark-ahead.js";

const OWN: readonly Policy[] = [
  eager,
  lazy,
  firmwareDelegated,
  eagerFirmware,
  faultDriven,
  pageFlag,
  background,
  watermarkAhead,
  acpiPrm,
];

export const USUAL_POLICY: string = OWN.find(({ isUsual }) => isUsual === true)!.name;
export const BASELINE_POLICY: string = OWN.find(({ isBaseline }) => isBaseline === true)!.name;

/** All policies at one time; another object as soon as there are others. */
export interface Policies {
  readonly byName: ReadonlyMap<string, Policy>;
  /** In the order in which lists show them. */
  readonly names: readonly string[];
  /** The parameters of all of them; one that several have is as wide as the widest. */
  readonly parameters: PolicyParameters;
}

let current: Policies = fold(OWN);

/** The policies there are. */
export function policies(): Policies {
  return current;
}

/**
 * Adds a policy, which scenarios that are read from now on can name.
 *
 * @returns takes it away again
 * @throws Error for a name that another one has, and for a parameter that is something else with another one
 */
export function registerPolicy(policy: Policy): () => void {
  const { byName, parameters } = current;
  if (byName.has(policy.name))
    throw new Error(`name: expected one that no policy has, found "${policy.name}"`);
  for (const [name, { is }] of Object.entries(policy.parameters)) {
    const other = parameters[name];
    if (other !== undefined && other.is !== is) {
      throw new Error(`parameters.${name}.is: expected ${other.is}, as other policies have it, found ${is}`);
    }
  }
  current = fold([...byName.values(), policy]);
  return () => {
    current = fold([...current.byName.values()].filter((one) => one !== policy));
  };
}

export function isPolicyFile(value: string): boolean {
  return /^\.{0,2}\/|\.m?js$/.test(value);
}

/** @throws Error for a name that no policy has */
export function policyNamed(name: string): Policy {
  const policy = current.byName.get(name);
  if (policy === undefined) throw new Error(`policy: no policy ${name}`);
  return policy;
}

/** What a policy does with parameters as files write them, and its own defaults for the others. */
export function behaviourOf(
  policy: Policy,
  said: Readonly<Record<string, Quantity | boolean>> = {},
): Behaviour {
  const strategy = settle(policy.parameters, said) as Strategy;
  return policy.behaviour(strategy, BEHAVIOURS);
}

function fold(all: readonly Policy[]): Policies {
  const parameters: Record<string, PolicyParameter> = {};
  for (const policy of all) {
    for (const [name, own] of Object.entries(policy.parameters)) {
      const other = parameters[name];
      parameters[name] = other === undefined ? own : widest(other, own);
    }
  }
  return {
    byName: new Map(all.map((policy) => [policy.name, policy])),
    names: all.map(({ name }) => name),
    parameters,
  };
}

/** Anything that one of two parameters may be. */
function widest(a: PolicyParameter, b: PolicyParameter): PolicyParameter {
  const what = a.what.split("; ").includes(b.what) ? a.what : `${a.what}; ${b.what}`;
  if (a.is === "count" && b.is === "count") {
    return { ...b, ...a, what, min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
  }
  if (a.is !== "size" || b.is !== "size") return { ...a, what };
  return {
    is: "size",
    default: a.default,
    what,
    min: sizeAt(a.min, 0) < sizeAt(b.min, 0) ? (a.min ?? 0) : (b.min ?? 0),
    ...(a.max === undefined || b.max === undefined
      ? {}
      : { max: sizeAt(a.max, 0) > sizeAt(b.max, 0) ? a.max : b.max }),
    ...(a.powerOfTwo === true && b.powerOfTwo === true ? { powerOfTwo: true } : {}),
    ...(a.orAll === true || b.orAll === true ? { orAll: true } : {}),
  };
}

function sizeAt(written: Quantity | undefined, byDefault: number): number {
  return written === undefined ? byDefault : parseSize(String(written))!;
}
