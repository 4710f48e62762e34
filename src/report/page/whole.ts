/** Results that have all that a page tells of them: what readers of single values may do without is demanded here. */

import { z } from "zod";
import { eachIn, numberIn, ROW_FIELDS, valueIn } from "../../results/measures.js";
import { isSound } from "../../results/problems.js";
import { ResultsError } from "../../results/results-error.js";
import type { CompareRow } from "../../results/row.js";
import { type DocumentPath, formatPath } from "../../scenario/error.js";
import { findingsOf } from "../../scenario/findings.js";
import { usualRank } from "../../study/compare.js";
import type { Tuning } from "../../study/tune/result.js";
import type { UncertainRow, Uncertainty } from "../../study/uncertainty.js";
import type { ValidatedClaim } from "../../validate/validate.js";
import type { VerifiedRecording } from "../../verify/result.js";
import type { LargestRecord } from "../largest.js";
import type { ResultDocument } from "../pictures/documents.js";
import { settingsText } from "../row-groups.js";

type Of<Kind extends ResultDocument["kind"]> = Extract<ResultDocument, { readonly kind: Kind }>;

const resultRange = z.looseObject({
  low: z.number(),
  default: z.number(),
  high: z.number(),
  movedMostBy: z.looseObject({ parameter: z.string() }).nullable(),
});
const rowRanges = z.looseObject({
  uncertainty: z.looseObject(eachIn("uncertainty", () => resultRange)),
});

const AGAIN = "run again what made it";
const number = z.number();
const text = z.string();
const texts = z.array(text);
const knobValue = z.union([number, text, z.boolean()]);
const knobs = z.record(text, knobValue);
const range = z.looseObject({ start: number, end: number });

/** Lists within rows. */
const rowLists = z.looseObject({
  phases: z.array(z.looseObject({ mostly: z.looseObject({ event: text, ns: number }).optional() })).min(1),
  remarks: texts.optional(),
  commandLine: z
    .looseObject({
      hugePages: z.array(z.looseObject({ pageBytes: number, askedPages: number, pages: number })).optional(),
    })
    .optional(),
  tdxModule: z
    .looseObject({
      memory: z.array(range),
      tdmrs: z.array(z.unknown()),
      capableNodes: z.array(number),
      removed: z.array(range.extend({ removed: z.boolean(), reason: text.optional() })),
      hotplug: z.array(range.extend({ accepted: z.boolean(), reason: text.optional() })),
    })
    .optional(),
});

/**
 * The rows as a comparison has them; those of a sweep are not compared.
 *
 * @throws ResultsError that names what a row lacks
 */
export function wholeRows({ file, rows }: Of<"rows">): CompareRow[] {
  return rows.map((row, at) => {
    const lacks = ROW_FIELDS.find(
      (field) => field.maybe !== true && field.relative !== true && valueIn(field, row) === undefined,
    );
    if (lacks !== undefined) {
      throw new ResultsError(
        `${file}: rows[${at}].${lacks.name}: expected ${lacks.is}, found none; ${AGAIN}`,
      );
    }
    demand(rowLists, row, file, ["rows", at]);
    const { bootRatio = null, totalRatio = null, paretoOptimal = null } = row;
    return { ...(row as CompareRow), bootRatio, totalRatio, paretoOptimal };
  });
}

/** Ranges of all rows, and what becomes of their order; undefined where nobody asked. @throws ResultsError */
export function wholeUncertainty(document: Of<"rows">, rows: readonly CompareRow[]): Uncertainty | undefined {
  const { file, orders } = document;
  if (orders === undefined) return undefined;
  for (const [at, row] of rows.entries()) demand(rowRanges, row, file, ["rows", at]);
  const pairs = rows.flatMap((one, faster) =>
    rows.flatMap((other, slower) => {
      const by = usualRank(one)[0]!;
      const [own, its] = [numberIn(by, one), numberIn(by, other)];
      const isFaster = own < its || (own === its && faster < slower);
      return faster !== slower && isFaster && isSame(one, other) && isSound(one) && isSound(other)
        ? [{ faster, slower }]
        : [];
    }),
  );
  const isTold =
    pairs.length === orders.length &&
    pairs.every(
      ({ faster, slower }, at) =>
        rows[faster]!.policy === orders[at]!.faster && rows[slower]!.policy === orders[at]!.slower,
    );
  if (!isTold) {
    const found = `${orders.length} of ${[...new Set(orders.map((order) => order.faster))].join(", ")}`;
    throw new ResultsError(
      `${file}: orders: expected one for every two runs on the same input, found ${found}; ${AGAIN}`,
    );
  }
  return {
    rows: rows as readonly UncertainRow[],
    orders: orders.map((order, at) => ({ ...order, ...pairs[at]! })),
  };
}

/** Whether two runs differ in nothing but their policy. */
function isSame(one: CompareRow, other: CompareRow): boolean {
  const names = ["scenario", "platform", "prices", "kernel", "memoryBytes", "vcpus", "workload"] as const;
  return names.every((name) => one[name] === other[name]) && settingsText(one) === settingsText(other);
}

const measured = {
  bootTimeNs: number,
  totalTimeNs: number,
  overheadBytes: number,
  acceptedBytes: number,
  "waits.workload.totalNs": number,
};
const point = z.looseObject({
  ...measured,
  knobs,
  outcome: text,
  reason: text.optional(),
  problems: texts.optional(),
  objective: z.array(number),
  loss: number.nullable(),
  broken: texts,
});
const tuning = z.looseObject({
  scenario: text,
  kernelRules: text,
  constraints: texts,
  stages: z
    .array(
      z.looseObject({
        unit: z.enum(["ns", "bytes", "count", "ratio", "share"]),
        terms: z.array(z.looseObject({ measure: text, weight: number })).min(1),
      }),
    )
    .min(1),
  time: z.enum(["bootTimeNs", "totalTimeNs"]),
  timeRange: z.looseObject({ low: number, high: number }).nullable(),
  seeds: number,
  evaluated: number,
  gridSize: number,
  start: point,
  best: point.nullable(),
  asItStands: knobs,
  front: z.array(point),
  points: z.array(point),
  hypervolume: z.looseObject({ shareOfBox: number }).nullable(),
  remarks: texts.optional(),
  curves: z
    .array(
      z.looseObject({
        acts: z.boolean(),
        least: z.looseObject({ value: knobValue, below: knobValue, why: text }).nullable(),
        reach: z.looseObject({ is: text, allBytes: number, holes: z.array(range) }).optional(),
        points: z.array(z.looseObject({ meets: z.boolean() })),
        steps: z.array(
          z.looseObject({ direction: z.enum(["down", "up"]), value: knobValue, loss: number.nullable() }),
        ),
      }),
    )
    .min(1),
  uncertainty: z
    .looseObject({
      settings: number,
      prices: texts,
      within: number,
      survives: z.boolean(),
      objective: z.looseObject({ low: number, high: number }),
      regret: number.nullable(),
      variants: z.array(
        z.looseObject({
          parameter: text,
          end: text,
          valueNs: number.nullable(),
          outcome: text,
          broken: texts,
          best: knobs.nullable(),
          loss: number.nullable(),
        }),
      ),
    })
    .optional(),
});

/** @throws ResultsError that names what a guest lacks */
export function wholeTunings({ file, guests }: Of<"tune">): Tuning[] {
  return guests.map((guest, at) => {
    demand(tuning, guest, file, guests.length === 1 ? [] : ["guests", at]);
    return guest as unknown as Tuning;
  });
}

const border = z.looseObject({
  bootTimeNs: number.nullable(),
  nextOutcome: text.optional(),
  nextBootTimeNs: number.optional(),
  reason: text.optional(),
  broken: texts.optional(),
  longestPhase: z.looseObject({ name: text, ns: number }).optional(),
});
const largest = z.looseObject({
  kernelRules: text,
  surely: border.optional(),
  default: border,
  may: border.optional(),
  remarks: texts.optional(),
});

/** @throws ResultsError that names what a row lacks */
export function wholeLargest({ file, rows }: Of<"largest">): LargestRecord[] {
  return rows.map((row, at) => {
    demand(largest, row, file, ["rows", at]);
    return row as unknown as LargestRecord;
  });
}

const comparison = z.looseObject({
  firstDivergence: z.looseObject({ event: number, context: text }).optional(),
});
const COMPARED =
  "records allocations accepts acceptRequests acceptDecisions refills drains retypings counters finalLists proc".split(
    " ",
  );
const recording = z.looseObject({
  ...Object.fromEntries(
    "firmware memblock handover zones files".split(" ").map((of) => [of, comparison.optional()]),
  ),
  runs: z.array(z.looseObject(Object.fromEntries(COMPARED.map((of) => [of, comparison.optional()])))),
  notCompared: texts.optional(),
});

/** @throws ResultsError that names what a recording lacks */
export function wholeRecordings({ file, recordings }: Of<"verify">): readonly VerifiedRecording[] {
  for (const [at, one] of recordings.entries()) demand(recording, one, file, ["recordings", at]);
  return recordings;
}

const claim = z.looseObject({ conditions: text, source: text, note: text.optional() });

/** @throws ResultsError that names what a row lacks */
export function wholeClaims({ file, claims }: Of<"validate">): readonly ValidatedClaim[] {
  for (const [at, one] of claims.entries()) demand(claim, one, file, ["targets", at]);
  return claims;
}

function demand(schema: z.ZodType, value: unknown, file: string, path: DocumentPath): void {
  const result = schema.safeParse(value);
  if (result.success) return;
  const [finding] = findingsOf(result.error, value, schema);
  const place = formatPath([...path, ...finding!.path]);
  throw new ResultsError(`${file}: ${place}: ${finding!.message}; ${AGAIN}`);
}
