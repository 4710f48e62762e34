/** Published numbers against simulated ones, for people and for programs. */

import { csvLine, type FlatValue, jsonDocument, jsonLines } from "../results/formats.js";
import { targetHolds, type ValidatedClaim, type ValidatedTarget } from "../validate/validate.js";
import { NO_VALUE } from "./cells.js";
import {
  type Column,
  escapeCell,
  type Line,
  left,
  markdownLines,
  type Paint,
  plainPaint,
  right,
  type Table,
  tableText,
  textOf,
} from "./table.js";

/** @param no what stands for a claim that does not hold */
function columns(no: string): Column<ValidatedClaim>[] {
  return [
    left("id", ({ id }) => id),
    left("what", ({ what }) => what),
    right("published", publishedText),
    right("simulated", simulatedText),
    left("tolerance", ({ tolerance }) => tolerance),
    left("holds", ({ holds }) => (holds ? "yes" : no)),
    left("basis", ({ basis }) => basis),
  ];
}

/** Prints rows in groups of the same target, each with its sources, conditions and notes below it. */
export function formatValidation(targets: readonly ValidatedTarget[], paint: Paint = plainPaint): string {
  return tableText(validationTable(targets, paint), paint);
}

/** The same as a table that is not laid out yet. */
export function validationTable(
  targets: readonly ValidatedTarget[],
  paint: Paint = plainPaint,
): Table<ValidatedClaim> {
  const groups = targets.map((target) => ({
    title: `${target.id}  ${target.title}`,
    rows: target.claims,
    below: remarksOf(target).map((text): Line => ({ text: `  ${text}`, role: "note" })),
  }));
  const basis =
    "[ ]: not published, assumed here. calibration: something was chosen to fit this number, or what is behind it.";
  const lead = [summaryOf(targets)];
  return { lead, columns: columns(paint("failure", "NO")), groups, notes: [basis] };
}

/** `398 s`, `575 to 680 s`, `8.75`. */
function publishedText({ published, unit }: ValidatedClaim): string {
  const text = typeof published === "number" ? digits(published) : published.map(digits).join(" to ");
  return withUnit(text, unit);
}

function simulatedText({ simulated, unit }: ValidatedClaim): string {
  return simulated === null ? NO_VALUE : withUnit(digits(simulated), unit);
}

function withUnit(text: string, unit: string): string {
  return unit === "" ? text : `${text} ${unit}`;
}

/** Four digits tell what is exact from what is nearly so. */
function digits(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Where rows come from, once for all that share it, and what is to be said of single ones. */
function remarksOf({ claims }: ValidatedTarget): string[] {
  const shared = new Map<string, string[]>();
  for (const { id, conditions, source } of claims) {
    const text = `${conditions}. ${source}`;
    shared.set(text, [...(shared.get(text) ?? []), id]);
  }
  return [
    ...[...shared].map(([text, ids]) => `${idRange(ids)}: ${text}`),
    ...claims.flatMap(({ id, note }) => (note === undefined ? [] : [`${id}: ${note}`])),
  ];
}

/** `VT1.a`, `VT1.a, VT1.c`, `VT1.a to VT1.d`, as the rows stand. */
function idRange(ids: readonly string[]): string {
  const [first, last] = [ids[0]!, ids.at(-1)!];
  const isRun =
    ids.length > 2 &&
    last.charCodeAt(last.length - 1) - first.charCodeAt(first.length - 1) === ids.length - 1;
  return isRun ? `${first} to ${last}` : ids.join(", ");
}

/** `40 of 44 rows hold, 10 of 12 targets hold; 33 of the rows are predictions`. */
function summaryOf(targets: readonly ValidatedTarget[]): string {
  const claims = claimsOf(targets);
  const held = claims.filter(({ holds }) => holds).length;
  const predictions = claims.filter(({ basis }) => basis === "prediction").length;
  return (
    `${held} of ${claims.length} rows hold, ${targets.filter(targetHolds).length} of ${targets.length} targets ` +
    `hold; ${predictions} of the rows are predictions.`
  );
}

function claimsOf(targets: readonly ValidatedTarget[]): ValidatedClaim[] {
  return targets.flatMap(({ claims }) => claims);
}

/** `{ "schemaVersion": 2, "targets": [...] }`: one entry for each row, in the order of the table. */
export function formatValidationJson(targets: readonly ValidatedTarget[]): string {
  return jsonDocument({ targets: claimsOf(targets) });
}

/** One line a row, each with its own `schemaVersion`. */
export function formatValidationJsonl(targets: readonly ValidatedTarget[]): string {
  return jsonLines(claimsOf(targets));
}

/** Comma-separated values (RFC 4180), one line a row; a published range is two columns. */
export function formatValidationCsv(targets: readonly ValidatedTarget[]): string {
  const cells = claimsOf(targets).map((claim) => {
    const { published, ...named } = claim;
    const [publishedLow, publishedHigh] = typeof published === "number" ? [published, published] : published;
    const row: Readonly<Record<string, FlatValue | undefined>> = { ...named, publishedLow, publishedHigh };
    return csvLine(CSV_COLUMNS.map((name) => row[name]));
  });
  return [csvLine(CSV_COLUMNS), ...cells].join("");
}

const CSV_COLUMNS: readonly string[] =
  "id what publishedLow publishedHigh simulated unit tolerance holds basis conditions source note".split(" ");

export function formatValidationMarkdown(targets: readonly ValidatedTarget[]): string {
  return textOf([
    summaryOf(targets),
    "",
    ...markdownLines(columns("**no**"), claimsOf(targets)),
    "",
    ...targets.flatMap(remarksOf).map((remark) => `- ${escapeCell(remark)}`),
  ]);
}
