/** A study: which scenarios a sweep runs, as its file says. */

import { z } from "zod";
import { parseYamlWithPositions } from "../../scenario/yaml.js";
import { parseDuration, parseSize } from "../../units.js";

export type StudyValue = string | number | boolean;

/** A range to draw from. Ends are sizes, times or plain numbers, both of the same kind. */
export interface StudyRange {
  readonly low: string | number;
  readonly high: string | number;
  /** Whether every doubling is as likely as any other, and not every unit. */
  readonly log?: boolean;
}

export interface Study {
  readonly name: string;
  readonly description?: string;
  /** Path of the scenario file, as seen from the study. */
  readonly scenario: string;
  /** Values by dotted path of the scenario file: every combination is run. */
  readonly axes: Readonly<Record<string, readonly StudyValue[]>>;
  /** Points that are drawn at random; each is run with every combination of the axes. */
  readonly samples?: {
    readonly count: number;
    readonly seed: number;
    readonly ranges: Readonly<Record<string, StudyRange>>;
  };
}

const PATH = /^[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)*$/;
const PATH_EXPECTED = "expected a path of the scenario file, such as host.pageSize";
const path: z.ZodType<string> = z.string().regex(PATH, { error: PATH_EXPECTED });
const value: z.ZodType<StudyValue> = z.union([z.string(), z.number(), z.boolean()]);
const end: z.ZodType<string | number> = z.union([z.string(), z.number()]);

const range: z.ZodType<StudyRange> = z
  .strictObject({ low: end, high: end, log: z.boolean().exactOptional() })
  .check((context) => {
    const { low, high, log } = context.value;
    const ends = rangeEnds({ low, high });
    if (ends !== undefined && ends.low < ends.high && (log !== true || ends.low > 0)) return;
    const message =
      log === true
        ? "expected low above 0 and below high, both sizes, both times or both numbers"
        : "expected low below high, both sizes, both times or both numbers";
    context.issues.push({ code: "custom", input: context.value, message });
  });

/** A mapping whose keys are paths. */
function byPath<T>(values: z.ZodType<T>): z.ZodType<Record<string, T>> {
  // zod's record leaves this key out without a word.
  const key = "__proto__";
  return z
    .unknown()
    .check(({ value: mapping, issues }) => {
      if (typeof mapping !== "object" || mapping === null || !Object.hasOwn(mapping, key)) return;
      issues.push({ code: "custom", input: mapping, path: [key], message: PATH_EXPECTED });
    })
    .pipe(z.record(path, values));
}

/** A study file; every mapping refuses keys it does not know. */
export const studySchema: z.ZodType<Study> = z.strictObject({
  name: z.string().min(1).describe("Short name of the study"),
  description: z.string().exactOptional(),
  scenario: z.string().min(1).describe("Path of the scenario file, as seen from this file"),
  axes: byPath(z.array(value).min(1)),
  samples: z
    .strictObject({
      count: z.int({ error: "expected a whole number from 1 to 1000000" }).min(1).max(1_000_000),
      seed: z
        .int({ error: "expected a whole number from 0 to 4294967295" })
        .min(0)
        .max(2 ** 32 - 1),
      ranges: byPath(range),
    })
    .exactOptional(),
});

/** @throws ScenarioError with every mistake and its place */
export function parseStudy(text: string, fileName: string): Study {
  return parseYamlWithPositions(text, fileName, studySchema);
}

/** Every value of an axis once, and how many were left out because an earlier one says the same. */
export function withoutRepeats(study: Study): { readonly study: Study; readonly repeats: number } {
  let repeats = 0;
  const axes = Object.entries(study.axes).map(([name, values]) => {
    const seen = new Set<string>();
    const different = values.filter((one) => {
      const isNew = !seen.has(meaning(one));
      seen.add(meaning(one));
      return isNew;
    });
    repeats += values.length - different.length;
    return [name, different] as const;
  });
  return { study: { ...study, axes: Object.fromEntries(axes) }, repeats };
}

/** The same for `4GiB` and `4096MiB`. */
function meaning(text: StudyValue): string {
  const quantity = typeof text === "string" ? (parseSize(text) ?? parseDuration(text)) : undefined;
  return JSON.stringify(quantity === undefined ? text : { quantity });
}

/** The ends of a range as numbers: bytes, nanoseconds or as they are; undefined where they do not fit. */
export function rangeEnds({
  low,
  high,
}: Pick<StudyRange, "low" | "high">):
  | { readonly low: number; readonly high: number; readonly kind: "number" | "size" | "time" }
  | undefined {
  if (typeof low === "number" && typeof high === "number") return { low, high, kind: "number" };
  for (const [kind, parse] of [
    ["size", parseSize],
    ["time", parseDuration],
  ] as const) {
    const [first, last] = [parse(String(low)), parse(String(high))];
    if (first !== undefined && last !== undefined) return { low: first, high: last, kind };
  }
  return undefined;
}
