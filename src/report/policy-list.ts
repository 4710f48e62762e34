import { STRATEGY_PARAMETERS, type StrategyParameterName } from "../policy/parameters.js";
import type { Policy } from "../policy/policy.js";
import { type Paint, plainPaint } from "./paint.js";
import { wrapText } from "./wrap.js";

/** Prints every policy: name, what it does, since when, and what can be tuned with `--set strategy.NAME=`. */
export function formatPolicyList(policies: readonly Policy[], paint: Paint = plainPaint): string {
  return policies
    .map((policy) => [
      paint("title", policy.name),
      ...wrapText(`  ${policy.summary}`),
      ...wrapText(`  since: ${policy.since}`),
      ...Object.entries(policy.parameters).flatMap(([name, value]) => {
        const { what } = STRATEGY_PARAMETERS[name as StrategyParameterName];
        return wrapText(`  strategy.${name}=${value}: ${what}`);
      }),
    ])
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

/** The same as JSON. */
export function formatPolicyListJson(policies: readonly Policy[]): string {
  const list = policies.map(({ name, summary, since, parameters }) => ({
    name,
    summary,
    since,
    parameters: Object.entries(parameters).map(([parameter, byDefault]) => {
      const { is: kind, what } = STRATEGY_PARAMETERS[parameter as StrategyParameterName];
      return { name: parameter, kind, default: byDefault, what };
    }),
  }));
  return `${JSON.stringify({ schemaVersion: 1, policies: list }, undefined, 2)}\n`;
}
