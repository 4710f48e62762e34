/** Tables without a frame: columns, a gap between them and, if there is a head, one rule below it. */

import CliTable from "cli-table3";

const GAP = "  ";
const RULE = "─";

/** What a table is made of. */
export interface PlainTable {
  /** Names of the columns; without them there is no rule either. */
  readonly head?: readonly string[];
  readonly aligns: readonly ("left" | "right")[];
  /** Each with one cell a column. Cells have one line and may have terminal codes in them. */
  readonly rows: readonly (readonly string[])[];
}

/** @returns the lines: head and rule if there is a head, then one for each row */
export function plainTableLines(table: PlainTable): string[] {
  const printer = new CliTable({
    head: [...(table.head ?? [])],
    colAligns: [...table.aligns],
    chars: {
      top: "",
      "top-mid": "",
      "top-left": "",
      "top-right": "",
      bottom: "",
      "bottom-mid": "",
      "bottom-left": "",
      "bottom-right": "",
      left: "",
      "left-mid": "",
      right: "",
      "right-mid": "",
      middle: GAP,
      mid: RULE,
      "mid-mid": RULE.repeat(GAP.length),
    },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
  });
  printer.push(...table.rows.map((cells) => [...cells]));
  return printer
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
}
