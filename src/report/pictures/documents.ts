/** Results of any command, read back from its JSON or JSON Lines, as pictures and reports take them. */

import { z } from "zod";
import {
  MEMORY_MAP_KIND,
  MEMORY_MAP_SCHEMA_VERSION,
  type MemoryMapFile,
} from "../../memory-map/memory-map.js";
import { versionText } from "../../results/formats.js";
import type { MeasureIn } from "../../results/measures.js";
import { isLines, parsed, parseResults, parseRows, placeIn, type StoredRow } from "../../results/read.js";
import { ResultsError } from "../../results/results-error.js";
import { type DocumentPath, formatPath } from "../../scenario/error.js";
import { findingsOf } from "../../scenario/findings.js";
import type { Moved, PricesAt } from "../../study/largest.js";
import type { Tuning } from "../../study/tune/result.js";
import type { PolicyOrder, UncertainRow } from "../../study/uncertainty.js";
import type { ValidatedClaim } from "../../validate/validate.js";
import type { VerifiedRecording } from "../../verify/result.js";
import { memoryMap } from "./map-schema.js";

/** A file of results by what is in it. */
export type ResultDocument = {
  /** Its path, for messages and captions. */
  readonly file: string;
} & (RowsDocument | TuneDocument | LargestDocument | VerifyDocument | ValidateDocument | MapDocument);

/** Of `run`, `compare` and `sweep`. */
export interface RowsDocument {
  readonly kind: "rows";
  /** At least one. */
  readonly rows: readonly DocumentRow[];
  /** Of `--uncertainty`: every two runs that differ in nothing but their policy, in the order of rows. */
  readonly orders?: readonly RowsOrder[];
}

/** A policy before another one on the same input, both by name. */
export type RowsOrder = Omit<PolicyOrder, "faster" | "slower"> & {
  readonly faster: string;
  readonly slower: string;
};

/** A row, with what `--uncertainty` found for it. */
export interface DocumentRow extends StoredRow {
  readonly uncertainty?: RowRanges;
}

/** Each measure over low and high values of what is assumed. */
export type RowRanges = UncertainRow["uncertainty"];

/** Of `tune`. */
export interface TuneDocument {
  readonly kind: "tune";
  /** At least one. */
  readonly guests: readonly TunedGuest[];
}

/** A guest that was tuned, as far as its JSON is looked at here. */
export type TunedGuest = Pick<
  Tuning,
  "platform" | "policy" | "kernel" | "prices" | "memoryBytes" | "vcpus" | "workload" | "objective" | "best"
> & {
  readonly curves: readonly TunedCurve[];
};

/** The effect of one knob while the others are at their best. */
export type TunedCurve = Pick<Tuning["curves"][number], "knob" | "unit" | "best" | "flat"> & {
  readonly points: readonly Pick<Tuning["curves"][number]["points"][number], "value" | "loss">[];
};

/** Of `largest`. */
export interface LargestDocument {
  readonly kind: "largest";
  readonly deadlineNs: number;
  /** As the user wrote them. */
  readonly constraints: readonly string[];
  /** At least one. */
  readonly rows: readonly LargestGuest[];
}

/** A guest of which the largest size was looked for; `surely` and `may` only where prices were turned. */
export interface LargestGuest {
  readonly platform: string;
  readonly prices: string;
  readonly policy: string;
  readonly kernel: string;
  readonly vcpus: number;
  readonly workload: string;
  readonly surely?: LargestBorder;
  readonly default: LargestBorder;
  readonly may?: LargestBorder;
  readonly movedMostBy?: Moved | null;
}

export interface LargestBorder {
  readonly prices: PricesAt;
  /** Null where not even the smallest size holds. */
  readonly largestBytes: number | null;
  /** Null where even the largest size that is tried holds. */
  readonly nextBytes: number | null;
}

/** Of `verify`. */
export interface VerifyDocument {
  readonly kind: "verify";
  /** At least one. */
  readonly recordings: readonly VerifiedRecording[];
}

/** Of `validate`. */
export interface ValidateDocument {
  readonly kind: "validate";
  /** At least one. */
  readonly claims: readonly ValidatedClaim[];
}

/** Of `run --map`. */
export interface MapDocument {
  readonly kind: "map";
  readonly map: MemoryMapFile;
}

const number = z.number();
const text = z.string();
const knobValue = z.union([z.number(), z.string(), z.boolean()]);

const curve = z.looseObject({
  knob: text,
  unit: z.enum(["bytes", "ns", "number", "name"]),
  best: knobValue,
  points: z.array(z.looseObject({ value: knobValue, loss: number.nullable() })),
  flat: z.looseObject({ low: knobValue, high: knobValue, within: number }).nullable(),
});

const guest = z.looseObject({
  platform: text,
  policy: text,
  kernel: text,
  prices: text,
  memoryBytes: number,
  vcpus: number,
  workload: text,
  objective: text,
  best: z.looseObject({ knobs: z.record(text, knobValue), outcome: text }).nullable(),
  curves: z.array(curve),
});

const border = z.looseObject({
  prices: z.enum(["low", "default", "high"]),
  largestBytes: number.nullable(),
  nextBytes: number.nullable(),
});

const largest = z.looseObject({
  deadlineNs: number,
  constraints: z.array(text),
  rows: z
    .array(
      z.looseObject({
        platform: text,
        prices: text,
        policy: text,
        kernel: text,
        vcpus: number,
        workload: text,
        surely: border.optional(),
        default: border,
        may: border.optional(),
        movedMostBy: z
          .looseObject({ parameter: text, bootTimeNs: z.looseObject({ low: number, high: number }) })
          .nullish(),
      }),
    )
    .min(1),
});

const comparison = z.looseObject({ compared: number, equal: number });

const recording = z.looseObject({
  name: text,
  firmware: comparison.optional(),
  memblock: comparison.optional(),
  handover: comparison.optional(),
  zones: comparison.optional(),
  files: comparison.optional(),
  runs: z.array(
    z.looseObject({
      name: text,
      start: z.enum(["e820", "snapshot", "boot", "trace"]),
      events: number,
      allocations: z.looseObject({
        compared: number,
        pfnExact: number,
        beforeResync: z.looseObject({ compared: number, pfnExact: number }).optional(),
      }),
      accepts: z.looseObject({ recorded: number, exactInOrder: number }),
      acceptRequests: comparison,
      acceptDecisions: comparison,
      refills: comparison,
      drains: comparison,
      retypings: comparison,
      counters: comparison.optional(),
      finalLists: comparison,
      proc: comparison,
    }),
  ),
});

const claim = z.looseObject({
  id: text,
  what: text,
  conditions: text,
  source: text,
  published: z.union([number, z.tuple([number, number])]),
  simulated: number.nullable(),
  unit: text,
  tolerance: text,
  holds: z.boolean(),
  basis: z.enum(["calibration", "prediction"]),
});

const range = z.looseObject({ low: number, default: number, high: number });
type Ranged = MeasureIn<"uncertainty">;
const RANGED: readonly Ranged[] = ["bootTimeNs", "totalTimeNs", "overheadBytes"];
const ranges = z.looseObject(Object.fromEntries(RANGED.map((name) => [name, range])));

const orders = z.array(
  z.looseObject({
    by: z.enum(["bootTimeNs", "totalTimeNs"]),
    faster: text,
    slower: text,
    survives: z.boolean(),
    flips: z.array(z.looseObject({ parameter: text, end: z.enum(["low", "high"]) })),
    ratio: range.extend({ movedMostBy: z.looseObject({ parameter: text }).nullable() }),
  }),
);

/**
 * A file of results, whichever command wrote it.
 *
 * @param text of the JSON of run, compare, sweep, tune, largest, verify or validate, of JSON Lines of rows or claims, or
 *   of a memory map
 * @param file only for messages
 * @throws ResultsError with the place, for what is none of these, is of another version, is empty or is damaged
 */
export function parseDocument(text: string, file: string): ResultDocument {
  if (isLines(text, "scenario")) return rowsDocument(text, file);
  if (isLines(text, "published")) {
    const claims = text.split("\n").flatMap((line, at) => {
      if (line.trim() === "") return [];
      return [checked(claim, parsed(line, file, at), [], (path) => placeIn(line, file, path, at))];
    });
    return { file, kind: "validate", claims } as ResultDocument;
  }
  const document = isMap(text) ? mapIn(text, file) : parseResults(text, file);
  const read = <T>(schema: z.ZodType<T>, ...path: readonly string[]): T => {
    const value = path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], document);
    return checked(schema, value, path, (place) => placeIn(text, file, place, 0));
  };
  const found = (): object => {
    if (document.kind === MEMORY_MAP_KIND) return { kind: "map", map: read(memoryMap) };
    if ("deadlineNs" in document) return { kind: "largest", ...read(largest) };
    if ("guests" in document) return { kind: "tune", guests: read(z.array(guest).min(1), "guests") };
    if ("curves" in document) return { kind: "tune", guests: [read(guest)] };
    if ("recordings" in document)
      return { kind: "verify", recordings: read(z.array(recording).min(1), "recordings") };
    if ("targets" in document) return { kind: "validate", claims: read(z.array(claim).min(1), "targets") };
    const keys = Object.keys(document).filter((key) => key !== "schemaVersion");
    const has = keys.length === 0 ? "none" : `one with ${keys.slice(0, 3).join(", ")}`;
    throw new ResultsError(
      `${file}: expected the JSON of run, compare, sweep, tune, largest, verify or validate, or a memory map, found ${has}`,
    );
  };
  if ("rows" in document && !("deadlineNs" in document)) {
    const rows = rowsDocument(text, file);
    return "orders" in document ? ({ ...rows, orders: read(orders, "orders") } as ResultDocument) : rows;
  }
  // The schemas look at what their types declare, and leave the rest as it is.
  return { file, ...found() } as ResultDocument;
}

/** A map has a version of its own, and says what it is at its beginning. */
function isMap(text: string): boolean {
  return /^\s*\{[^{[]*"kind":\s*"memory map"/.test(text);
}

function mapIn(text: string, file: string): Readonly<Record<string, unknown>> {
  const document = parsed(text, file, 0) as Readonly<Record<string, unknown>>;
  if (document.schemaVersion === MEMORY_MAP_SCHEMA_VERSION) return document;
  const found = versionText(document.schemaVersion);
  throw new ResultsError(
    `${file}: expected schemaVersion ${MEMORY_MAP_SCHEMA_VERSION} of a memory map, found ${found}; run again what made it`,
  );
}

function rowsDocument(text: string, file: string): ResultDocument {
  const { rows } = parseRows(text, file);
  if (rows.length === 0) throw new ResultsError(`${file}: expected rows, found none`);
  const place = (path: DocumentPath): string =>
    isLines(text, "scenario") ? `${file}: ${formatPath(path)}: ` : placeIn(text, file, path, 0);
  for (const [at, row] of rows.entries()) {
    if ("uncertainty" in row) checked(ranges, row.uncertainty, ["rows", at, "uncertainty"], place);
  }
  return { file, kind: "rows", rows: rows.map(withoutColumns) as readonly DocumentRow[] };
}

/** Axes of a study that are columns of every row. */
const OWN_COLUMNS: readonly string[] = [
  "platform",
  "platform.kind",
  "policy",
  "memory",
  "vcpus",
  "kernel",
  "workload",
  "prices",
];

/** Rows of a sweep name what they run on a second time, among their settings. */
function withoutColumns(row: StoredRow): StoredRow {
  if (!("point" in row)) return row;
  const own = Object.entries(row.settings).filter(([path]) => !OWN_COLUMNS.includes(path));
  return { ...row, settings: Object.fromEntries(own) };
}

/** @param place of what stands at a path, for the beginning of a message */
function checked<T>(
  schema: z.ZodType<T>,
  value: unknown,
  path: DocumentPath,
  place: (path: DocumentPath) => string,
): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [finding] = findingsOf(result.error, value, schema);
  throw new ResultsError(`${place([...path, ...finding!.path])}${finding!.message}`);
}
