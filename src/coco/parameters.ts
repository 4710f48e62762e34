import { nearestName } from "../nearest-name.js";
import { COMMON_PARAMETERS } from "./common-parameters.js";
import type { ParameterSet } from "./parameter.js";
import { PLAIN_PARAMETERS } from "./plain-parameters.js";
import type { PlatformKind } from "./platform.js";
import { SNP_PARAMETERS } from "./snp/parameters.js";
import { TDX_PARAMETERS } from "./tdx/parameters.js";

const PARAMETERS: Readonly<Record<PlatformKind, ParameterSet>> = {
  tdx: { ...COMMON_PARAMETERS, ...TDX_PARAMETERS },
  snp: { ...COMMON_PARAMETERS, ...SNP_PARAMETERS },
  none: { ...COMMON_PARAMETERS, ...PLAIN_PARAMETERS },
};

/** All timing parameters of a platform at their defaults. */
export function platformParameters(kind: PlatformKind): ParameterSet {
  return PARAMETERS[kind];
}

/**
 * The same parameters with some values replaced. A replaced value counts as assumed, as
 * nothing is known of where it comes from, and its range shrinks to itself.
 *
 * @param overrides nanoseconds, 0 or more, by name
 * @throws Error for a name that the platform does not have, with the nearest one it has
 */
export function withOverrides(
  parameters: ParameterSet,
  overrides: Readonly<Record<string, number>>,
): ParameterSet {
  const replaced = { ...parameters };
  for (const [name, ns] of Object.entries(overrides)) {
    if (!Object.hasOwn(parameters, name)) {
      const nearest = nearestName(name, Object.keys(parameters));
      const hint = nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
      throw new Error(`coco: there is no timing parameter "${name}".${hint}`);
    }
    if (!(ns >= 0 && ns < Number.POSITIVE_INFINITY)) {
      throw new Error(`coco: timing parameter "${name}" cannot be ${ns} ns.`);
    }
    replaced[name] = {
      what: parameters[name]!.what,
      value: ns,
      low: ns,
      high: ns,
      unit: "ns",
      basis: "assumed",
      source: "set by the user",
    };
  }
  return replaced;
}
