/** The parameters of policies as scenario files write them. */

import {
  STRATEGY_PARAMETERS,
  type StrategyParameter,
  type StrategyParameterName,
} from "../policy/parameters.js";
import { POLICIES, type PolicyName } from "../policy/policies.js";
import { formatBytes, parseSize } from "../units.js";
import type { Quantity } from "./document.js";
import type { Strategy } from "./scenario.js";

/** A value of a parameter that is a size or a count; undefined where it is neither or out of range. */
export function strategyNumber(parameter: StrategyParameter, value: Quantity): number | undefined {
  const { kind, min, max, powerOfTwo } = parameter;
  if (kind === "size" && value === "all") return max === Number.POSITIVE_INFINITY ? max : undefined;
  const number = kind === "size" ? parseSize(String(value)) : Number(value);
  if (number === undefined || !Number.isInteger(number) || number < min || number > max) return undefined;
  return powerOfTwo === true && !Number.isInteger(Math.log2(number)) ? undefined : number;
}

/** What such a parameter may be, for an error message. */
export function expectedOf({ kind, min, max, powerOfTwo }: StrategyParameter): string {
  if (kind === "count") return `a whole number from ${min} to ${max}`;
  if (powerOfTwo === true) return `a power of two from ${formatBytes(min)} to ${formatBytes(max)}`;
  return max === Number.POSITIVE_INFINITY
    ? `a size of ${formatBytes(min)} or more, or all`
    : `a size from ${formatBytes(min)} to ${formatBytes(max)}`;
}

/** Whether a policy has a parameter of this name. */
export function takesParameter(policy: PolicyName, name: string): boolean {
  return Object.hasOwn(POLICIES[policy].parameters, name);
}

/**
 * The parameters of a policy: what a document says, and the policy's defaults for the rest.
 *
 * @param values single ones, each valid
 */
export function strategyOf(
  policy: PolicyName,
  values: Readonly<Record<string, Quantity | boolean>>,
): Strategy {
  const defaults = Object.entries(POLICIES[policy].parameters);
  return Object.fromEntries(
    defaults.map(([name, byDefault]) => {
      const value = values[name] ?? byDefault;
      const parameter = STRATEGY_PARAMETERS[name as StrategyParameterName];
      if (typeof value === "boolean") return [name, value];
      const number = strategyNumber(parameter, value);
      if (number === undefined)
        throw new Error(`scenario: strategy.${name} should not have passed the schema`);
      return [parameter.kind === "size" ? `${name}Bytes` : name, number];
    }),
  );
}
