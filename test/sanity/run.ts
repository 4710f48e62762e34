import { workloadOf } from "../../src/cli/load.js";
import type { RunResult } from "../../src/results/row.js";
import { parseScenario } from "../../src/scenario/load.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { LOADER } from "../loader.js";

/** A scenario file as plain values, without the name. */
export type Document = Readonly<Record<string, unknown>>;

const runs = new Map<string, RunResult>();

/** Runs the one scenario that a document makes; the same document is run once. */
export function runOf(document: Document): RunResult {
  const text = JSON.stringify({ name: "sanity", ...document });
  let run = runs.get(text);
  if (run === undefined) {
    const [scenario, ...others] = parseScenario(text, "sanity.yaml");
    if (others.length > 0) throw new Error(`${others.length + 1} runs: ${text}`);
    run = runScenario(scenario!, workloadOf(scenario!, "sanity.yaml", LOADER), { check: false });
    runs.set(text, run);
  }
  return run;
}

/** The same document with another value at a path such as `host.pageSize`. */
export function withValue(document: Document, path: string, value: unknown): Document {
  const [key, ...rest] = path.split(".");
  const inner = (document[key!] ?? {}) as Document;
  return { ...document, [key!]: rest.length === 0 ? value : withValue(inner, rest.join("."), value) };
}
