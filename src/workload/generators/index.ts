/**
 * Generated workloads, by name: `generate:heap?size=4GiB&pages=small` where a user names a workload.
 *
 * The drain that Intel's LKVS measures is not among them: it goes on until nothing is unaccepted, so
 * its requests follow from the machine's state (drain.ts; `drain` in a scenario).
 */

import { didYouMean } from "../../nearest-name.js";
import { boot } from "./boot.js";
import { container } from "./container.js";
import { database } from "./database.js";
import { fragmentation } from "./fragmentation.js";
import type { GeneratorEntry, Workload } from "./generator.js";
import { pageCache } from "./page-cache.js";
import { fork, heap, idle, model } from "./processes.js";

export { generate, generateBlocks } from "./generate.js";
export type { GeneratorEntry, Parameter, Workload } from "./generator.js";
export { RequestEvents } from "./request-events.js";

const GENERATOR_PREFIX = "generate:";

export function isGenerated(workload: string): boolean {
  return workload.startsWith(GENERATOR_PREFIX);
}

export class GeneratorError extends Error {}

export const GENERATORS: readonly GeneratorEntry[] = [
  boot,
  heap,
  fork,
  pageCache,
  container,
  database,
  model,
  fragmentation,
  idle,
];

/** @throws GeneratorError with what was expected and what was found, for each parameter */
export function generatedWorkload(name: string, given: Readonly<Record<string, unknown>>): Workload {
  const found = GENERATORS.find((generator) => generator.name === name);
  if (name === "drain")
    throw new GeneratorError(`${GENERATOR_PREFIX}drain: drain is not a workload: set drain.workers`);
  if (found === undefined) {
    const names = GENERATORS.map((generator) => generator.name);
    throw new GeneratorError(
      `${GENERATOR_PREFIX}${name}: expected one of ${names.join(", ")}${didYouMean(name, names)}`,
    );
  }
  const result = found.schema().safeParse(given);
  if (result.success) return result.data;
  const known = Object.keys(found.parameters);
  const lines = result.error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map(
        (key) => `${key}: unknown parameter${didYouMean(key, known)}; it has ${known.join(", ")}`,
      );
    const key = String(issue.path[0]);
    return [`${key}: ${issue.message}, found ${JSON.stringify(given[key])}`];
  });
  throw new GeneratorError(lines.map((line) => `${GENERATOR_PREFIX}${name}: ${line}`).join("\n"));
}

/** Reads `generate:NAME` or `generate:NAME?PARAMETER=VALUE&...`. @throws GeneratorError */
export function parseGeneratedWorkload(text: string): Workload {
  if (!text.startsWith(GENERATOR_PREFIX))
    throw new GeneratorError(`${text}: expected ${GENERATOR_PREFIX} and the name of a generator`);
  const rest = text.slice(GENERATOR_PREFIX.length);
  const question = rest.indexOf("?");
  const name = question === -1 ? rest : rest.slice(0, question);
  const given: Record<string, string> = Object.create(null);
  for (const part of question === -1 ? [] : rest.slice(question + 1).split("&")) {
    const equals = part.indexOf("=");
    if (equals < 1)
      throw new GeneratorError(`${text}: expected PARAMETER=VALUE, found ${JSON.stringify(part)}`);
    const key = part.slice(0, equals);
    if (key in given) throw new GeneratorError(`${text}: ${key} is given twice`);
    given[key] = part.slice(equals + 1);
  }
  return generatedWorkload(name, { ...given });
}
