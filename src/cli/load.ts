/** Reads scenario files and every recording that they replay. */

import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { scenarioOutlook, scenariosOf } from "../scenario/load.js";
import type { Scenario } from "../scenario/scenario.js";
import type { Assignment } from "../scenario/set.js";
import { YamlSource } from "../scenario/yaml.js";
import { isRandom, withSeed } from "../study/repeat.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import { isGenerated } from "../workload/generators/index.js";
import { bundledWorkload, scenarioPath } from "./bundled.js";
import { readInputText } from "./input-file.js";
import { WorkloadLoader } from "./load-recording.js";
import { priceSetsFor } from "./price-sets.js";

export interface LoadedScenario {
  readonly scenario: Scenario;
  /** Path of what it replays; undefined for what a generator makes of it. */
  readonly workload: string | undefined;
  /** The same object for all runs that replay it; what a generator makes is made when it is wanted. */
  readonly recording: LoadedWorkload;
  /** The same with other seeds, if the run is to be repeated and anything in it is random. */
  readonly repeats: readonly LoadedScenario[];
}

/**
 * How many runs each file asks for, without repeats, told without loading more than its first scenario.
 *
 * @throws what `loadScenarios` throws
 */
export function outlookOf(
  paths: readonly string[],
  assignments: readonly Assignment[],
  loader: WorkloadLoader = new WorkloadLoader(),
): { readonly count: number; readonly first: LoadedScenario }[] {
  return paths.map(scenarioPath).map((path) => {
    const { count, first } = scenarioOutlook(readInputText(path), path, assignments, priceSetsFor(path));
    // Without points of a study, a file that makes no run has been refused.
    const scenario = first!;
    return { count, first: loadedScenario(scenario, path, loader) };
  });
}

export interface LoadOptions {
  /** How many runs each is to become, with seeds that follow its own; 1 or more. */
  readonly repeat?: number;
  readonly loader?: WorkloadLoader;
  /** Called with each thing that is not done as it was asked. */
  readonly remark?: (text: string) => void;
}

/**
 * @param paths of scenario files, or names of bundled ones
 * @param assignments written over each of them
 * @returns the runs of the files, in their order
 * @throws UsageError, ScenarioError or TraceError, each with a message of one line that names the file
 */
export function loadScenarios(
  paths: readonly string[],
  assignments: readonly Assignment[],
  options: LoadOptions = {},
): LoadedScenario[] {
  return loadedFrom(paths.map(openScenario), assignments, options);
}

/** A scenario file, read once for all that it is asked for. */
export interface ScenarioFile {
  readonly path: string;
  readonly source: YamlSource;
  readonly sets: ReturnType<typeof priceSetsFor>;
}

/** @param path of a scenario file, or the name of a bundled one @throws UsageError, ScenarioError */
export function openScenario(path: string): ScenarioFile {
  const own = scenarioPath(path);
  return { path: own, source: new YamlSource(readInputText(own), own), sets: priceSetsFor(own) };
}

/** `loadScenarios` of files that are open. */
export function loadedFrom(
  files: readonly ScenarioFile[],
  assignments: readonly Assignment[],
  { repeat = 1, loader = new WorkloadLoader(), remark = () => {} }: LoadOptions = {},
): LoadedScenario[] {
  const all = files.flatMap(({ path, source, sets }) => {
    const scenarios = scenariosOf(source, assignments, sets);
    for (const set of sets.read.values()) {
      if (scenarios.every(({ prices }) => prices !== set)) {
        remark(`prices ${set.name}: of platform ${set.platform}, on which nothing runs`);
      }
    }
    return scenarios.map((scenario) => ({ scenario, path }));
  });
  const different = [...new Map(all.map((one) => [runKey(one), one])).values()];
  const twice = all.length - different.length;
  if (twice > 0) remark(repeatsText(twice));
  return different.map(({ scenario, path }) => {
    const others = isRandom(scenario) ? Array.from({ length: repeat - 1 }, (_value, at) => at + 1) : [];
    const repeats = others.map((later) => loadedScenario(withSeed(scenario, later), path, loader));
    return loadedScenario(scenario, path, loader, repeats);
  });
}

function loadedScenario(
  scenario: Scenario,
  file: string,
  loader: WorkloadLoader,
  repeats: readonly LoadedScenario[] = [],
): LoadedScenario {
  const workload = replayedPath(scenario, file);
  // Mistakes in a recording show now, and before any run.
  if (workload !== undefined) loader.load(workload);
  return {
    scenario,
    workload,
    repeats,
    get recording() {
      return workload === undefined ? loader.generate(scenario) : loader.load(workload);
    },
  };
}

export function repeatsText(twice: number): string {
  return twice === 1
    ? "1 run is the same as another, and made once"
    : `${twice} runs are the same as others, and made once`;
}

function runKey({ scenario, path }: { readonly scenario: Scenario; readonly path: string }): string {
  const { workload } = scenario;
  const replayed = isGenerated(workload) ? workload : resolve(workloadPath(path, workload));
  return JSON.stringify({ ...scenario, workload: replayed });
}

export function workloadOf(scenario: Scenario, scenarioFile: string, loader: WorkloadLoader): LoadedWorkload {
  const path = replayedPath(scenario, scenarioFile);
  return path === undefined ? loader.generate(scenario) : loader.load(path);
}

/** Undefined for what a generator makes. */
function replayedPath({ workload }: Scenario, scenarioFile: string): string | undefined {
  return isGenerated(workload) ? undefined : workloadPath(scenarioFile, workload);
}

/** A workload named by a file, as a path from the working directory; a file next to it takes precedence over a bundled one. */
function workloadPath(file: string, mentioned: string): string {
  const path = isAbsolute(mentioned) ? mentioned : join(dirname(file), mentioned);
  return existsSync(path) ? path : (bundledWorkload(mentioned) ?? path);
}
