import { stringify } from "yaml";
import { workloadOf } from "../../src/cli/load.js";
import { WorkloadLoader } from "../../src/cli/load-recording.js";
import { isMapping, ScenarioError } from "../../src/scenario/error.js";
import { parseScenario } from "../../src/scenario/load.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { checkRun } from "./check-run.js";
import { Choices, randomScenario } from "./random-scenario.js";

/** What came of a case. */
export interface Verdict {
  /** Refused with a line for each mistake; ran as it must; or not. */
  readonly kind: "refused" | "ran" | "failed" | "hung";
  readonly why: string;
}

/** How often what was refused is taken out of a case. */
const MOST_REPAIRS = 4;
/** Runs of a case with lists. */
const MOST_RUNS = 3;
/** Workloads held at once; those that are generated differ from case to case. */
const MOST_LOADED = 40;

let loader = new WorkloadLoader();
let loaded = 0;

/** Makes a case from its number and runs what it says, checked for broken invariants. */
export function runCase(seed: number, number: number): Verdict {
  const document = randomScenario(new Choices(seed, number));
  let scenarios: Scenario[] | undefined;
  for (let repairs = 0; scenarios === undefined; repairs++) {
    try {
      scenarios = parseScenario(stringify(document), "random.yaml");
    } catch (error) {
      if (!isClear(error)) return { kind: "failed", why: stackOf(error) };
      if (repairs === MOST_REPAIRS) return { kind: "refused", why: error.message };
      for (const { path } of error.issues) removeAt(document, path.split("."));
    }
  }
  for (const scenario of scenarios.slice(0, MOST_RUNS)) {
    try {
      if (++loaded % MOST_LOADED === 0) loader = new WorkloadLoader({ recordings: loader.recordings });
      checkRun(runScenario(scenario, workloadOf(scenario, "random.yaml", loader), { check: true }));
    } catch (error) {
      return { kind: "failed", why: stackOf(error) };
    }
  }
  return { kind: "ran", why: "" };
}

/** Whether somebody who wrote the file can tell what is wrong, from a line for each mistake. */
function isClear(error: unknown): error is ScenarioError {
  return error instanceof ScenarioError && error.issues.every(({ message }) => !message.includes("\n"));
}

/** Takes away what was refused, so that the rest is tried as well; what is missing takes its group with it. */
function removeAt(document: Record<string, unknown>, path: readonly string[]): void {
  const [key = "", ...rest] = path.map((segment) => segment.replace(/\[.*/, ""));
  const inner = document[key];
  if (rest.length === 0 || !isMapping(inner) || (rest.length === 1 && inner[rest[0]!] === undefined)) {
    delete document[key];
  } else removeAt(inner, rest);
}

function stackOf(error: unknown): string {
  return error instanceof Error
    ? (error.stack ?? error.message).split("\n").slice(0, 5).join(" | ")
    : String(error);
}
