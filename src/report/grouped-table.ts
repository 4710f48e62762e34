/** A table of rows in groups of the same input, under one head, for terminals. */

import type { CompareRow } from "../results/row.js";
import { failureText, problemTexts, repeatsText } from "./notes.js";
import type { Paint } from "./paint.js";
import { plainTableLines } from "./plain-table.js";
import { groupRows, type RowGroup } from "./row-groups.js";
import { wrapText } from "./wrap.js";

/** What a grouped table shows of its rows. */
export interface GroupedTable {
  readonly head: readonly string[];
  readonly aligns: readonly ("left" | "right")[];
  /** One cell a column. */
  readonly cellsOf: (row: CompareRow) => string[];
  /** Lines below the rows of a group. */
  readonly below?: (group: RowGroup) => readonly string[];
  /** Sentences at the end, to be wrapped. */
  readonly notes: readonly string[];
}

/**
 * What the rows have in common comes first, then the groups. A run that is not ready has its
 * reason below it, and any run what went wrong.
 *
 * @param rows at least one
 */
export function formatGroups(rows: readonly CompareRow[], table: GroupedTable, paint: Paint): string {
  const { common, groups } = groupRows(rows);
  const [head, rule, ...body] = plainTableLines({
    head: table.head,
    aligns: table.aligns,
    rows: groups.flatMap((group) => group.rows.map(table.cellsOf)),
  });
  const lines = common === "" ? [] : [paint("title", common), ""];
  lines.push(head!, rule!);
  let next = 0;
  for (const [index, group] of groups.entries()) {
    if (index > 0) lines.push("");
    lines.push(paint("title", group.title));
    for (const row of group.rows) {
      lines.push(body[next++]!);
      const wrong = [...(row.outcome === "ready" ? [] : [failureText(row)]), ...problemTexts(row)];
      lines.push(...wrong.flatMap((text) => wrapText(`  ${text}`)).map((line) => paint("failure", line)));
      if (row.repeats !== undefined) lines.push(...wrapText(`  ${repeatsText(row.repeats)}`));
    }
    lines.push(...(table.below?.(group) ?? []));
  }
  lines.push("", ...table.notes.flatMap(wrapText).map((line) => paint("note", line)));
  return lines.map((line) => `${line}\n`).join("");
}
