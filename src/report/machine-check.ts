/** A run beside a guest's log, for people and for programs. */

import type { MachineCheck } from "../machine/check.js";
import type { CheckRow, Verdict } from "../machine/check-row.js";
import { jsonDocument } from "../results/formats.js";
import { countOf, formatInteger, NO_VALUE } from "./cells.js";
import { type Line, left, type Paint, plainPaint, right, tableText } from "./table.js";

export function formatMachineCheck({ rows, notes }: MachineCheck, paint: Paint = plainPaint): string {
  const columns = [
    left<CheckRow>("what", ({ what }) => what),
    right<CheckRow>("log", ({ logged, unit }) => valueText(logged, unit)),
    right<CheckRow>("run", ({ simulated, unit }) => valueText(simulated, unit)),
    right<CheckRow>("difference", ({ difference, unit }) =>
      difference === undefined ? NO_VALUE : signed(difference, unit),
    ),
    left<CheckRow>("verdict", ({ verdict }) =>
      verdict === "unexplained" ? paint("failure", "UNEXPLAINED") : verdict,
    ),
  ];
  return tableText(
    { lead: [conclusion(rows)], columns, groups: [{ rows }], belowRow: (row) => below(row), notes },
    paint,
  );
}

function conclusion(rows: readonly CheckRow[]): string {
  const count = (verdict: Verdict): number => rows.filter((row) => row.verdict === verdict).length;
  const [equal, explained, unexplained, told] = [
    count("equal"),
    count("explained"),
    count("unexplained"),
    count("told"),
  ];
  const held = equal + explained + unexplained;
  const first =
    unexplained > 0
      ? `The run does not explain the log: ${countOf(unexplained, "difference")} of ${held} lines`
      : explained > 0
        ? `The run explains the log: ${equal} of ${held} lines are equal, ${explained} differ for known causes`
        : `The run is equal to the log in all ${held} lines that are held`;
  const which =
    unexplained > 0
      ? ` (${rows
          .filter((row) => row.verdict === "unexplained")
          .map(({ what }) => what)
          .join(", ")})`
      : "";
  const more = told === 0 ? "" : `; ${told} more ${told === 1 ? "is" : "are"} told and not held`;
  return `${first}${which}${more}.`;
}

function below({ causes, left: rest, unit, note, place, verdict }: CheckRow): Line[] {
  const of =
    verdict === "equal" || verdict === "told"
      ? []
      : causes.map(({ what, amount }) => `${signed(amount, unit)}: ${what}`);
  const unexplained = rest === undefined || rest === 0 ? [] : [`${signed(rest, unit)}: no cause found`];
  const where = verdict === "unexplained" || verdict === "explained" ? [`log: ${place}`] : [];
  return [...of, ...unexplained, ...where, ...(note === undefined ? [] : [note])].map((text) => ({
    text: `  ${text}`,
    role: "note",
  }));
}

function valueText(value: number | string, unit: CheckRow["unit"]): string {
  return typeof value === "string" ? value : withUnit(formatInteger(value), unit);
}

function signed(value: number, unit: CheckRow["unit"]): string {
  return withUnit(`${value > 0 ? "+" : ""}${formatInteger(value)}`, unit);
}

function withUnit(text: string, unit: CheckRow["unit"]): string {
  return unit === "" ? text : `${text} ${unit}`;
}

export function formatMachineCheckJson({ rows, notes }: MachineCheck): string {
  return jsonDocument({ holds: rows.every(({ verdict }) => verdict !== "unexplained"), rows, notes });
}
