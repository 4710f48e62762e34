/** Tables of a page: heads, groups of rows, and what stands below them, as any table of reports or pictures has it. */

import type { PictureTable } from "../pictures/picture.js";
import type { Line, Table } from "../table.js";
import { type Html, html, type Part } from "./html.js";

/** A table whose cells are texts. */
export interface Grid {
  readonly columns: readonly { readonly head: string; readonly align: "left" | "right" }[];
  readonly groups: readonly GridGroup[];
}

interface GridGroup {
  readonly title?: string | undefined;
  readonly rows: readonly GridRow[];
  readonly below: readonly Line[];
}

interface GridRow {
  readonly cells: readonly string[];
  readonly isFailure: boolean;
  readonly below: readonly Line[];
}

export function gridOf<Row>({ columns, groups, roleOf, belowRow }: Omit<Table<Row>, "lead" | "notes">): Grid {
  return {
    columns,
    groups: groups.map(({ title, rows, below = [] }) => ({
      title,
      rows: rows.map((row) => ({
        cells: columns.map(({ cell }) => cell(row)),
        isFailure: roleOf?.(row) === "failure",
        below: belowRow?.(row) ?? [],
      })),
      below,
    })),
  };
}

/** Of rows that have no groups. */
export function plainGrid({ columns, rows }: PictureTable): Grid {
  const all = rows.map((cells) => ({ cells, isFailure: false, below: [] }));
  return { columns, groups: [{ rows: all, below: [] }] };
}

/** Where nobody reads on; what follows is left out and said. */
const MOST_ROWS = 1000;

/** Columns from which on paper is narrow. */
const MANY_COLUMNS = 11;

/** Characters from which on a cell is sentences, and has some width however narrow the page is. */
const LONG_TEXT = 48;

/**
 * A table in a box of its own, which the keyboard reaches and scrolls. Names stand to the left, numbers to the right.
 *
 * @param caption says what it is, also to those who do not see what is around it
 * @param file has the rows that a long table leaves out
 * @param most rows that are shown
 */
export function tableHtml(grid: Grid, caption: string, file: string, most: number = MOST_ROWS): Html {
  const { columns } = grid;
  const total = grid.groups.reduce((sum, { rows }) => sum + rows.length, 0);
  const hasHead = columns.some(({ head }) => head !== "");
  const isLong = (at: number): boolean =>
    grid.groups.some(({ rows }) => rows.some(({ cells }) => (cells[at] ?? "").length > LONG_TEXT));
  const looks = columns.flatMap(({ align }, at) => {
    if (align === "right" || at === 0) return [];
    return isLong(at) ? [`l${at + 1}`, `w${at + 1}`] : [`l${at + 1}`];
  });
  const head = html`<thead><tr>${columns.map(({ head: text }) =>
    text === "" ? html`<td></td>` : html`<th scope="col">${text}</th>`,
  )}</tr></thead>`;
  const bodies = firstRows(grid.groups, most).map((group) => bodyHtml(group, columns.length));
  const cut =
    total > most && html`<p class="note">The first ${most} of ${total} rows; ${file} has them all.</p>`;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Table: ${caption}"><table class="${[...(columns.length > MANY_COLUMNS ? ["many"] : []), ...looks].join(" ")}"><caption>${caption}</caption>${hasHead && head}${bodies}</table></div>${cut}`;
}

function firstRows(groups: readonly GridGroup[], most: number): GridGroup[] {
  let left = most;
  return groups.flatMap((group) => {
    if (left <= 0) return [];
    const rows = group.rows.slice(0, left);
    left -= rows.length;
    return [{ ...group, rows }];
  });
}

function bodyHtml({ title, rows, below }: GridGroup, width: number): Html {
  const whole = (line: Line): Part =>
    html`<tr class="${line.role ?? "more"}"><td colspan="${width}">${line.text.trim()}</td></tr>`;
  const name = title !== undefined && title !== "" && titleRow(title, width);
  const all = rows.map((row) => [rowHtml(row), row.below.map(whole)]);
  return html`<tbody>${name}${all}${below.map(whole)}</tbody>`;
}

function titleRow(title: string, width: number): Html {
  return html`<tr class="title"><th scope="rowgroup" colspan="${width}">${title}</th></tr>`;
}

function rowHtml({ cells: [name = "", ...others], isFailure }: GridRow): Html {
  const cells = others.map((text) => html`<td>${text}</td>`);
  return html`<tr${isFailure && html` class="failure"`}><th scope="row">${name}</th>${cells}</tr>`;
}
