/** Results as files have them, read back: JSON of one document, or JSON Lines. */

import type { DocumentPath } from "../scenario/error.js";
import { formatPath } from "../scenario/error.js";
import { YamlSource } from "../scenario/yaml.js";
import { otherVersion } from "./formats.js";
import { isNumber, type MeasureName, type NamedField, ROW_FIELDS, valueIn } from "./measures.js";
import { ResultsError } from "./results-error.js";
import type { CompareRow } from "./row.js";
import { isWithin, seriesDamage } from "./series.js";

/**
 * A row of a file. What it is known by and how it ended is there; of the rest only what the version that wrote it
 * knew, and each of that is what it is declared as.
 */
export type StoredRow = Pick<CompareRow, RequiredName> & Partial<CompareRow>;

/** What a row ran on: rows that agree in it can be compared. */
export type IdentityName =
  | "scenario"
  | "platform"
  | "policy"
  | "kernel"
  | "prices"
  | "memoryBytes"
  | "vcpus"
  | "workload"
  | "boot"
  | "settings";

export const IDENTITY: readonly IdentityName[] =
  "scenario platform policy kernel prices memoryBytes vcpus workload boot settings".split(
    " ",
  ) as IdentityName[];

/** What a row cannot be compared without. */
type RequiredName = IdentityName | "outcome" | "bootTimeNs";
const REQUIRED: ReadonlySet<string> = new Set<RequiredName>([...IDENTITY, "outcome", "bootTimeNs"]);

export interface StoredRows {
  readonly rows: readonly StoredRow[];
  /** Names in rows of which this version knows nothing. */
  readonly unknown: readonly string[];
}

/**
 * A document that this program printed as JSON.
 *
 * @param file only for messages
 * @throws ResultsError for what is not JSON, not an object, or of another version
 */
export function parseResults(text: string, file: string): Readonly<Record<string, unknown>> {
  const document = parsed(text, file, 0);
  if (!isObject(document))
    throw new ResultsError(`${file}:1:1: expected an object, found ${shown(document)}`);
  const other = otherVersion(document);
  if (other !== undefined) throw new ResultsError(`${file}: ${other}`);
  return document;
}

/**
 * The rows of `run --json`, `compare --json` or `--format jsonl`, `NAME.json` of `--out`, or `runs.jsonl` of a sweep.
 *
 * @param file only for messages
 * @throws ResultsError for what is none of these, is of another version, or has a damaged row
 */
export function parseRows(text: string, file: string): StoredRows {
  const unknown = new Set<string>();
  if (isLines(text, "scenario")) {
    const rows = text.split("\n").flatMap((line, at) => {
      if (line.trim() === "") return [];
      const place = (path: DocumentPath): string => placeIn(line, file, path, at);
      return [rowOf(parsed(line, file, at), [], place, unknown)];
    });
    return { rows, unknown: [...unknown] };
  }
  const { rows } = parseResults(text, file);
  if (!Array.isArray(rows)) {
    throw new ResultsError(`${file}: expected the JSON of run, compare or sweep (rows), found none`);
  }
  const place = (path: DocumentPath): string => placeIn(text, file, path, 0);
  return { rows: rows.map((row, at) => rowOf(row, ["rows", at], place, unknown)), unknown: [...unknown] };
}

/** Whether each line is a record that has this key: no other result has a whole one in its first line. */
export function isLines(text: string, key: string): boolean {
  try {
    const first: unknown = JSON.parse(text.trimStart().split("\n", 1)[0]!);
    return isObject(first) && key in first;
  } catch {
    return false;
  }
}

/** What sweeps and uncertainty add to a row. */
const BESIDE: readonly string[] = ["schemaVersion", "point", "run", "id", "uncertainty"];
const GROUPS: ReadonlySet<string> = new Set(
  ROW_FIELDS.flatMap(({ path }) => path.slice(1).map((_key, at) => path.slice(0, at + 1).join("."))),
);
const NAMES: ReadonlySet<string> = new Set(ROW_FIELDS.map(({ name }) => name));

function rowOf(
  row: unknown,
  path: DocumentPath,
  place: (path: DocumentPath) => string,
  unknown: Set<string>,
): StoredRow {
  const damaged = (own: DocumentPath, expected: string, found: unknown): ResultsError =>
    new ResultsError(`${place([...path, ...own])}expected ${expected}, found ${shown(found)}`);
  if (!isObject(row)) throw damaged([], "a row", row);
  if ("schemaVersion" in row) {
    const other = otherVersion(row);
    if (other !== undefined) throw new ResultsError(`${place([...path, "schemaVersion"])}${other}`);
  }
  for (const group of GROUPS) {
    const own = group.split(".");
    const value = valueIn({ path: own }, row);
    if (value !== undefined && !isObject(value)) throw damaged(own, "an object", value);
  }
  for (const field of ROW_FIELDS) {
    const value = valueIn(field, row);
    if (value === undefined && !REQUIRED.has(field.name)) continue;
    const damage = field.columns === undefined ? undefined : seriesDamage(value, field.columns);
    if (damage !== undefined) throw damaged([...field.path, ...damage.path], damage.expected, damage.found);
    const expected = expectationOf(field, value);
    if (expected !== undefined) throw damaged(field.path, expected, value);
  }
  noteUnknown(row, "", unknown);
  return row as unknown as StoredRow;
}

function noteUnknown(group: object, before: string, unknown: Set<string>): void {
  for (const [key, value] of Object.entries(group)) {
    const name = before + key;
    if (GROUPS.has(name)) noteUnknown(value as object, `${name}.`, unknown);
    else if (!NAMES.has(name) && !BESIDE.includes(name)) unknown.add(name);
  }
}

/** Of a guest that ran. */
const NEVER_ZERO: ReadonlySet<string> = new Set(["memoryBytes", "vcpus"] satisfies MeasureName[]);

/** What a field was to be; undefined where it is. */
function expectationOf({ name, is, relative }: NamedField, value: unknown): string | undefined {
  if (relative === true && value === null) return undefined;
  if (isNumber(is)) {
    if (!Number.isFinite(value)) return `a number (${is})`;
    const least = NEVER_ZERO.has(name) ? 1 : 0;
    return isWithin(value, least) ? undefined : `a number from ${least} to 2^64 (${is})`;
  }
  switch (is) {
    case "text":
      return typeof value === "string" ? undefined : "a text";
    case "flag":
      return typeof value === "boolean" ? undefined : "true or false";
    case "list":
      if (name === "phases" && Array.isArray(value) && !value.every(isPhase)) return "a list of names and ns";
      return Array.isArray(value) ? undefined : "a list";
    case "map":
      if (!isObject(value)) return "an object";
      if (name === "assumedPrices") {
        return Object.values(value).every(isRange) ? undefined : "an object of value, low and high";
      }
      return name === "settings" || Object.values(value).every((one) => isWithin(one, 0))
        ? undefined
        : "an object of numbers from 0 to 2^64";
    case "series":
      return undefined;
    case "object":
      return isRepeats(value) ? undefined : "runs, failed, and a mean and a halfWidth of each measure";
  }
}

/** What was charged is told as shares of a price, so one that has a range is not 0. */
function isRange(price: unknown): boolean {
  if (!isObject(price) || !["value", "low", "high"].every((end) => isWithin(price[end], 0))) return false;
  return price.value !== 0 || price.high === 0;
}

function isPhase(phase: unknown): boolean {
  return isObject(phase) && typeof phase.name === "string" && isWithin(phase.ns, 0);
}

function isRepeats(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { runs, failed, ...spreads } = value;
  return (
    Number(runs) >= 2 &&
    Number.isInteger(runs) &&
    Number.isInteger(failed) &&
    Object.values(spreads).every(
      (one) => isObject(one) && Number.isFinite(one.mean) && Number.isFinite(one.halfWidth),
    )
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * JSON as it is.
 *
 * @param line of the file in which the text begins, from 0
 * @throws ResultsError with the place at which it stops being JSON
 */
export function parsed(text: string, file: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const before = text.slice(0, errorAt(text)).split("\n");
    const place = `${line + before.length}:${before.at(-1)!.length + 1}`;
    const reason = (error as SyntaxError).message.replace(/(?:,| in JSON at position) .*$/s, "");
    throw new ResultsError(`${file}:${place}: expected JSON: ${reason}`);
  }
}

/**
 * Where a text stops being JSON: the engine does not always say. A beginning of it lacks only its end as long as it
 * stops before that place.
 */
function errorAt(text: string): number {
  let [good, bad] = [0, text.length + 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (lacksOnlyItsEnd(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function lacksOnlyItsEnd(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as SyntaxError;
    const at = /at position (\d+)/.exec(message)?.[1];
    return /end of JSON|Unterminated/.test(message) || Number(at) >= text.length;
  }
}

/** Texts that are longer are not read a second time only to tell a line. */
const PLACED_CHARACTERS = 2 ** 23;

/** `results.json:12:20: rows[1].bootTimeNs: `, for what stands at a path of a text that is JSON. */
export function placeIn(text: string, file: string, path: DocumentPath, lineBefore: number): string {
  const name = path.length === 0 ? "" : `${formatPath(path)}: `;
  if (text.length > PLACED_CHARACTERS) return `${file}: ${name}`;
  // Each JSON text is YAML.
  const place = new YamlSource(text, file).placeOf(path, false);
  const { line, column } = place as { readonly line: number; readonly column: number };
  return `${file}:${line + lineBefore}:${column}: ${name}`;
}

const LONGEST = 40;

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}
