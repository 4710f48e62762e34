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

/** Equal for scenarios that agree in everything but name, description and policy with its parameters. */
export function machineSettings(scenario: Scenario): string {
  const own = Object.entries(settingsOf(scenario)).filter(([path]) => !isOfPolicy(path));
  return JSON.stringify(own.sort(([a], [b]) => (a < b ? -1 : 1)));
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
  const own = all.map((settings) =>
    Object.fromEntries(Object.entries(settings).filter(([path]) => paths.has(path))),
  );
  return withWholeLists(own, all);
}

/** The list and the place in it of a setting that is part of one, such as `memoryMap.3.start`. */
const LIST_ENTRY = /^(.*?)\.\d+(?:\.|$)/;

/** A list that differs is one setting, by its length and the order in which lists of that length come. */
function withWholeLists(own: readonly Settings[], all: readonly Settings[]): Settings[] {
  const listOf = (path: string): string | undefined => LIST_ENTRY.exec(path)?.[1];
  const lists = new Set(
    own.flatMap((settings) => Object.keys(settings).flatMap((path) => listOf(path) ?? [])),
  );
  if (lists.size === 0) return [...own];
  const rows = own.map((settings) =>
    Object.fromEntries(Object.entries(settings).filter(([path]) => listOf(path) === undefined)),
  );
  for (const list of lists) {
    const seen = new Map<string, string>();
    all.forEach((settings, at) => {
      const entries = Object.entries(settings).filter(([path]) => path.startsWith(`${list}.`));
      const count = new Set(entries.map(([path]) => path.slice(list.length + 1).split(".")[0])).size;
      const text = JSON.stringify(entries);
      const alike = [...seen.values()].filter((label) => label.split(" ")[0] === String(count)).length;
      const number = alike === 0 ? "" : ` (${alike + 1})`;
      const label = `${count} ${count === 1 ? "entry" : "entries"}${number}`;
      if (!seen.has(text)) seen.set(text, label);
      rows[at]![list] = seen.get(text)!;
    });
  }
  return rows;
}

/** Equal for scenarios whose result rows show the same in all fields that describe the input. */
function rowIdentity(scenario: Scenario): string {
  const { name, policy, platform, prices, kernel, memoryBytes, vcpus, workload } = scenario;
  return JSON.stringify([name, policy, platform.kind, prices?.name, kernel, memoryBytes, vcpus, workload]);
}
