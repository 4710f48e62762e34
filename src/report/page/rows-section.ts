/** What a page says of runs: of one in full, of several side by side. */

import { isSound } from "../../results/problems.js";
import type { CompareRow } from "../../results/row.js";
import { longestPhase } from "../../study/compare.js";
import type { Uncertainty } from "../../study/uncertainty.js";
import { formatDuration } from "../../units.js";
import type { ResultDocument } from "../pictures/documents.js";
import { remarkLines } from "../remarks.js";
import { failureTexts, groupedRows, policyText, whatIfNotes } from "../row-groups.js";
import { rowsTable } from "../rows.js";
import { detailSections, outcomeSections, type Section } from "../run-sections.js";
import { chainSection, leadOf, startupText } from "../run-summary.js";
import { left, right } from "../table.js";
import { uncertaintyTable } from "../uncertainty.js";
import { figuresOf } from "./figures.js";
import { gridOf, tableHtml } from "./grid.js";
import { type Html, html } from "./html.js";
import { rowsMade } from "./made.js";
import { noteList, type PageContext, paragraphs, type Said } from "./part.js";
import { pricedRuns, sourcesPart } from "./sources.js";
import { wholeRows, wholeUncertainty } from "./whole.js";

type RowsResult = Extract<ResultDocument, { readonly kind: "rows" }>;

/** @throws ResultsError for rows that lack something */
export async function rowsSaid(document: RowsResult, context: PageContext): Promise<Said> {
  const rows = wholeRows(document);
  const [only] = rows;
  const found = wholeUncertainty(document, rows);
  const { conclusion, results } =
    rows.length === 1 ? ofOne(only!, found, document.file) : ofSeveral(rows, found, document.file);
  const { part: pictures, missing } = await figuresOf([document], context);
  const parts = [
    { name: "conclusion", title: "Conclusion", body: conclusion },
    ...(pictures === undefined ? [] : [pictures]),
    { name: "results", title: "Results", body: html`${results}${remarksHtml(rows)}` },
    sourcesPart(pricedRuns(rows), document.file, context),
    rowsMade(rows, document.file, context),
  ];
  return { parts, missing };
}

interface Texts {
  readonly conclusion: Html;
  readonly results: Html;
}

function ofOne(run: CompareRow, found: Uncertainty | undefined, file: string): Texts {
  const lead = run.outcome === "ready" ? [leadOf(run)] : [];
  const failures = failureTexts(run).map((text) => html`<p class="failure">${text}</p>`);
  const conclusion = html`${lead.map((text) => html`<p class="lead">${text}</p>`)}${failures}
<p>${startupText(run)}</p>${sectionsTable([chainSection(run)], "Where the time goes", file)}`;
  const results = sectionsTable([...outcomeSections(run), ...detailSections(run)], "All counters", file);
  return { conclusion, results: html`${rangesHtml(found, file)}${results}${noteList(whatIfNotes([run]))}` };
}

type SectionLine = Section["lines"][number];

function sectionsTable(sections: readonly Section[], what: string, file: string): Html {
  const columns = [
    left<SectionLine>("", ([name]) => name),
    right<SectionLine>("", ([, value]) => value),
    left<SectionLine>("", ([, , remark = ""]) => remark),
  ];
  const groups = sections
    .filter(({ lines }) => lines.length > 0)
    .map(({ title, lines }) => ({ title, rows: lines }));
  return tableHtml(gridOf({ columns, groups }), `${what}, of ${file}`, file);
}

/** Over what is assumed, as it was run. */
function rangesHtml(found: Uncertainty | undefined, file: string): Html | undefined {
  if (found === undefined) return undefined;
  const table = uncertaintyTable(found);
  return html`${tableHtml(gridOf(table), `Ranges, of ${file}`, file)}${noteList(table.notes)}`;
}

function ofSeveral(rows: readonly CompareRow[], found: Uncertainty | undefined, file: string): Texts {
  const table = rowsTable(rows);
  const lead = found === undefined ? table.lead : uncertaintyTable(found).lead;
  const [answer = "", ...failures] = lead ?? [];
  const caption = [table.title ?? "", `of ${file}`].filter((part) => part !== "").join(", ");
  return {
    conclusion: html`<p class="lead">${answer}</p>${failures.map((text) => html`<p class="failure">${text}</p>`)}${bestHtml(rows, file)}`,
    results: html`${rangesHtml(found, file)}${tableHtml(gridOf(table), `Runs, ${caption}`, file)}${noteList(table.notes)}`,
  };
}

/** Inputs of which the conclusion names the best run. */
const MOST_INPUTS = 24;

/** Of each input the best run: where its time goes, and the phase that takes most of it. */
function bestHtml(rows: readonly CompareRow[], file: string): Html | undefined {
  const best = groupedRows(rows, () => []).groups.flatMap(({ title, rows: [first] }) =>
    first !== undefined && isSound(first) ? [{ title, run: first }] : [],
  );
  const [only, ...others] = best;
  if (only === undefined) return undefined;
  if (others.length === 0)
    return html`${paragraphs([`${policyText(only.run)}: ${startupText(only.run)} ${phaseText(only.run)}`])}`;
  const columns = [
    left<(typeof best)[number]>("input", ({ title }) => title),
    left<(typeof best)[number]>("best", ({ run }) => policyText(run)),
    left<(typeof best)[number]>("where its time goes", ({ run }) => startupText(run)),
    left<(typeof best)[number]>("longest phase of its boot", ({ run }) => phaseText(run)),
  ];
  return tableHtml(
    gridOf({ columns, groups: [{ rows: best }] }),
    `The best of each input, of ${file}`,
    file,
    MOST_INPUTS,
  );
}

/** `The longest phase is firmware, 6.71 s, mostly eptViolation4k.` */
function phaseText(run: CompareRow): string {
  const { name, ns, mostly } = longestPhase(run);
  const what = mostly === undefined ? "" : `, mostly ${mostly.event}`;
  return `The longest phase is ${name}, ${formatDuration(ns)}${what}.`;
}

function remarksHtml(rows: readonly CompareRow[]): Html | undefined {
  const remarks = remarkLines(rows);
  return remarks.length === 0 ? undefined : html`<h4>Remarks</h4>${noteList(remarks)}`;
}
