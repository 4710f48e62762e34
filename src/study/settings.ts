/** Settings that tell two scenarios apart beyond the fields that every result row shows. */

import type { Settings } from "../results/row.js";
import type { Scenario } from "../scenario/scenario.js";

/** Every setting of a scenario by its path, without name, description and policy; its prices by their name. */
export function settingsOf(scenario: Scenario): Settings {
  const settings: Record<string, string | number | boolean> = {};
  const visit = (value: unknown, path: string): void => {
    if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) visit(inner, path === "" ? key : `${path}.${key}`);
    } else if (typeof value === "boolean" || typeof value === "string") {
      settings[path] = value;
    } else if (typeof value === "number") {
      // JSON has no infinity, and users write `all` where the limit is none.
      settings[path] = value === Number.POSITIVE_INFINITY ? "all" : value;
    }
  };
  const { name: _name, description: _description, policy: _policy, prices, ...rest } = scenario;
  visit(prices === undefined ? rest : { ...rest, prices: prices.name }, "");
  return settings;
}

/** Whether a setting tunes the policy, rather than the machine it runs on. */
export function isOfPolicy(path: string): boolean {
  return path.startsWith("strategy.");
}

/** Whether two scenarios agree in everything but name, description and policy with its parameters. */
export function sameSettings(a: Scenario, b: Scenario): boolean {
  const [left, right] = [settingsOf(a), settingsOf(b)];
  const paths = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...paths].every((path) => isOfPolicy(path) || left[path] === right[path]);
}

/**
 * For each scenario the settings by which it differs from another one that has the same name,
 * policy, platform, prices, kernel, memory, vCPUs and workload. Settings that differ only together with one of
 * those, such as the firmware with the platform, are left out.
 */
export function distinguishingSettings(scenarios: readonly Scenario[]): Settings[] {
  const all = scenarios.map(settingsOf);
  const firstWith = new Map<string, Settings>();
  const paths = new Set<string>();
  scenarios.forEach((scenario, index) => {
    const settings = all[index]!;
    const row = rowIdentity(scenario);
    const first = firstWith.get(row);
    if (first === undefined) {
      firstWith.set(row, settings);
      return;
    }
    for (const path of [...Object.keys(first), ...Object.keys(settings)]) {
      if (first[path] !== settings[path]) paths.add(path);
    }
  });
  return all.map((settings) =>
    Object.fromEntries(Object.entries(settings).filter(([path]) => paths.has(path))),
  );
}

/** Equal for scenarios whose result rows show the same in all fields that describe the input. */
function rowIdentity(scenario: Scenario): string {
  const { name, policy, platform, prices, kernel, memoryBytes, vcpus, workload } = scenario;
  return JSON.stringify([name, policy, platform.kind, prices?.name, kernel, memoryBytes, vcpus, workload]);
}
