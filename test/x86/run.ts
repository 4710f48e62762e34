import { STANDARD_BOOT } from "../../src/cli/bundled.js";
import type { RunResult } from "../../src/results/row.js";
import { parseScenario } from "../../src/scenario/load.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { LOADER } from "../loader.js";

const loaded = LOADER.load(STANDARD_BOOT);

/**
 * A boot of a guest of 4 GiB; `changes` are keys of the scenario file.
 *
 * @param check look for broken invariants on the way, which takes a set of all free pages
 */
export function run(platform: string, changes: Readonly<Record<string, unknown>>, check = true): RunResult {
  const text = JSON.stringify({ name: "early", workload: "boot", memory: "4GiB", platform, ...changes });
  return runScenario(parseScenario(text, "early")[0]!, loaded, { check });
}
