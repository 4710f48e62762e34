/** The scenario that settings make, or what is wrong with them and where. */

import {
  type PriceSets,
  parseScenario,
  type Scenario,
  ScenarioError,
  type ScenarioIssue,
} from "../../index.js";
import { assignmentsOf, type BaseScenario, SETTING_NAMES, type Settings } from "../settings.js";

/** Faults by the setting that they belong to: its name, or the path of a key; those of the file are under "". */
export type Faults = ReadonlyMap<string, readonly string[]>;

export const NO_FAULTS: Faults = new Map();

export type Understood = { readonly scenario: Scenario } | { readonly faults: Faults };

/** @param sets of prices that settings can name */
export function understood(settings: Settings, base: BaseScenario, sets: PriceSets): Understood {
  try {
    const scenarios = parseScenario(base.text, base.name, assignmentsOf(settings, base), sets);
    const [scenario] = scenarios;
    if (scenarios.length === 1) return { scenario: scenario! };
    return fault("", `${base.name}: makes ${scenarios.length} runs; the page shows one a side`);
  } catch (error) {
    if (!(error instanceof ScenarioError))
      return fault("", error instanceof Error ? error.message : String(error));
    const faults = new Map<string, string[]>();
    for (const issue of error.issues) {
      const at = settingOf(issue, settings);
      faults.set(at, [...(faults.get(at) ?? []), textOf(issue, at)]);
    }
    return { faults };
  }
}

function fault(at: string, text: string): Understood {
  return { faults: new Map([[at, [text]]]) };
}

/** The setting that wrote the value at fault; "" where that is the file's own. */
function settingOf({ place }: ScenarioIssue, settings: Settings): string {
  if (!("flag" in place)) return "";
  const name = SETTING_NAMES.find((one) => place.flag.startsWith(`--${one} `));
  if (name !== undefined) return name;
  return Object.keys(settings.set).find((key) => place.flag.startsWith(`--set ${key}=`)) ?? "";
}

/** Beside its control a fault needs no place. */
function textOf({ place, path, message }: ScenarioIssue, at: string): string {
  if (at !== "" && (path === at || path === "" || path === `${at}.kind`)) return message;
  if ("flag" in place) return path === "" ? `${place.flag}: ${message}` : `${path}: ${message}`;
  const where = `${place.file}:${place.line}:${place.column}`;
  return path === "" ? `${where}: ${message}` : `${where}: ${path}: ${message}`;
}
