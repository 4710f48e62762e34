/** What the seeds of this project say, each statement with the run that shows it. */

import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { runScenario } from "../../src/study/run-scenario.js";
import { formatBytes, formatDuration, parseDuration, parseSize } from "../../src/units.js";
import { unaccepted } from "../cli/program.js";
import { select } from "./select.js";

const number = z.union([z.string(), z.number()]);
const expected = z.union([
  z.strictObject({ above: number }),
  z.strictObject({ below: number }),
  z.strictObject({ contains: z.string() }),
  number,
  z.boolean(),
]);
const seedsSchema = z.array(
  z.strictObject({
    id: z.string(),
    title: z.string(),
    statements: z.array(
      z.strictObject({
        /** The statement, in our words. */
        says: z.string(),
        /** Arguments of `unaccepted`, without those that make it print JSON. */
        run: z.string(),
        /** Where the value lies in what it prints. */
        value: z.string(),
        /** What it has to be, worked out without the simulator; sizes and times as a scenario writes them. */
        expected,
        /** What it would be if the statement were false. */
        otherwise: z.coerce.string(),
      }),
    ),
    /** What no run can show, with the reason. */
    notSimulated: z.array(z.strictObject({ says: z.string(), because: z.string() })).default([]),
  }),
);

/** One of the texts. */
export type Seed = z.infer<typeof seedsSchema>[number];
type Statement = Seed["statements"][number];
type Expected = Statement["expected"];

/** A statement, run. */
export interface Shown extends Statement {
  readonly found: string | number | boolean;
  readonly holds: boolean;
}

/** The texts as the repository has them. */
export function readSeeds(): Seed[] {
  return seedsSchema.parse(parse(readFileSync("workloads/seeds.yaml", "utf8")));
}

/** Runs commands within this process, equal ones once. */
export class Runs {
  readonly #printed = new Map<string, Promise<unknown>>();

  /** @throws Error where the command fails or the value is not there */
  async show(statement: Statement): Promise<Shown> {
    const json = await this.#json(statement.run);
    const found = select(json, statement.value) as Shown["found"];
    return { ...statement, found, holds: holds(found, statement.expected, statement.value) };
  }

  #json(run: string): Promise<unknown> {
    const known = this.#printed.get(run) ?? print(run);
    this.#printed.set(run, known);
    return known;
  }
}

/** Words as a shell tells them apart, as far as single quotes go. */
function wordsOf(run: string): string[] {
  return (run.match(/(?:'[^']*'|[^\s'])+/g) ?? []).map((word) => word.replaceAll("'", ""));
}

async function print(run: string): Promise<unknown> {
  const { stdout, stderr } = await unaccepted([...wordsOf(run), "--json", "--quiet"], { runScenario });
  // A guest that does not get ready is an answer, and makes the exit code 1.
  if (stdout === "") throw new Error(`${run}: ${stderr}`);
  return JSON.parse(stdout);
}

function holds(found: Shown["found"], expected: Expected, path: string): boolean {
  if (typeof expected !== "object") return found === numeric(expected, path);
  if ("contains" in expected) return String(found).includes(expected.contains);
  return "above" in expected
    ? Number(found) > Number(numeric(expected.above, path))
    : Number(found) < Number(numeric(expected.below, path));
}

/** Sizes and times as the numbers that the JSON has; the value's name says what it is. */
function numeric<T extends string | number | boolean>(expected: T, path: string): T | number {
  if (typeof expected !== "string") return expected;
  if (isSize(path)) return parseSize(expected) ?? expected;
  return isTime(path) ? (parseDuration(expected) ?? expected) : expected;
}

/** The value as people read it, to the byte where it has to be exact, and else with its bound. */
export function formatFound({ found, value, expected }: Shown): string {
  if (typeof expected !== "object" || "contains" in expected) return exactly(found, value);
  const bound = "above" in expected ? `> ${expected.above}` : `< ${expected.below}`;
  return `${isSize(value) ? formatBytes(Number(found)) : exactly(found, value)} (${bound})`;
}

function exactly(found: Shown["found"], path: string): string {
  if (typeof found !== "number") return String(found);
  if (isTime(path)) return formatDuration(found);
  if (isSize(path)) {
    const text = formatBytes(found);
    return parseSize(text) === found ? text : `${found.toLocaleString("en")} B`;
  }
  return Number.isInteger(found) ? found.toLocaleString("en") : found.toPrecision(3);
}

function isSize(path: string): boolean {
  return /Bytes$|acceptedBy\.\w+$|\.(start|end)$/.test(path);
}

function isTime(path: string): boolean {
  return /Ns$|\.ns$/.test(path);
}
