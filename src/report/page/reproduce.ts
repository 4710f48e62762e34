/** Command lines that make results again, as far as these say what ran. */

import { DEFAULT_PRICES } from "../../coco/price-set.js";
import { exactSize } from "../../machine/exact-size.js";
import type { CompareRow, RunResult } from "../../results/row.js";
import { settingName } from "../row-groups.js";
import { shellWord } from "../shell-word.js";
import type { Surroundings } from "./part.js";

export function commandText(words: readonly string[]): string {
  return ["unaccepted", ...words].map(shellWord).join(" ");
}

/** The file of a scenario: by its name where it came with the program, else as who made the results knows it. */
export function scenarioWord(scenario: string, { scenarios }: Pick<Surroundings, "scenarios">): string {
  return scenarios.includes(scenario) ? scenario : `${scenario}.yaml`;
}

type Machine = Pick<RunResult, "policy" | "kernel" | "prices" | "workload"> & {
  readonly platform: string;
  readonly vcpus: number | string;
};

/** Flags for what every result says of a machine. */
export function machineWords({ platform, policy, kernel, prices, vcpus, workload }: Machine): string[] {
  const words = ["--platform", platform, "--policy", policy, "--vcpus", String(vcpus), "--kernel", kernel];
  const own = prices === DEFAULT_PRICES ? [] : ["--prices", prices];
  return [...words, "--workload", workload, ...own];
}

/** Why nobody can tell from a result how to make it again; undefined where one can. */
export function whyUnknown(
  { prices, workload }: Pick<Machine, "prices" | "workload">,
  { workloads, pricesNamed }: Surroundings,
): string | undefined {
  if (!workload.startsWith("generate:") && !workloads.includes(workload))
    return `the workload ${workload} does not come with the program, and results do not say where it lies`;
  if (prices !== DEFAULT_PRICES && pricesNamed(prices) === undefined)
    return `the prices ${prices} do not come with the program, and results do not say where they lie`;
  return undefined;
}

/** The command of one run; or why there is none, as a sentence without its full stop. */
export function runCommand(
  row: CompareRow,
  around: Surroundings,
): { readonly command: string } | { readonly why: string } {
  const why =
    row.policySha256 === undefined
      ? whyUnknown(row, around)
      : `the policy ${row.policy} is a file, and results do not say where it lies`;
  if (why !== undefined) return { why };
  const list = Object.entries(row.settings).find(([, value]) => /^\d+ entr(?:y|ies)/.test(String(value)));
  if (list !== undefined) return { why: `of ${list[0]} results say only that it has ${list[1]}` };
  const settings = Object.entries(row.settings).flatMap(([path, value]) => [
    "--set",
    settingWord(path, value),
  ]);
  const words = [
    "run",
    scenarioWord(row.scenario, around),
    ...machineWords(row),
    "--memory",
    exactSize(row.memoryBytes),
  ];
  return { command: commandText([...words, ...settings]) };
}

/** A setting of a row as a file has it: sizes and times to the byte and the nanosecond. */
function settingWord(path: string, value: CompareRow["settings"][string]): string {
  const name = settingName(path).replace(/\.kind$/, "");
  if (typeof value !== "number") return `${name}=${value}`;
  if (path.endsWith("Bytes")) return `${name}=${exactSize(value)}`;
  return path.endsWith("Ns") ? `${name}=${value}ns` : `${name}=${value}`;
}
