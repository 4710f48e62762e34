/** What a page says of checks: against recordings of real kernels, and against published numbers. */

import { TARGETS } from "../../validate/targets.js";
import type { ValidatedClaim, ValidatedTarget } from "../../validate/validate.js";
import type { ResultDocument } from "../pictures/documents.js";
import type { Table } from "../table.js";
import { validationTable } from "../validate.js";
import { verifyTable } from "../verify.js";
import { figuresOf } from "./figures.js";
import { gridOf, tableHtml } from "./grid.js";
import { type Html, html } from "./html.js";
import { commandsHtml, listed, madePart } from "./made.js";
import { noteList, type PageContext, type PagePart, type Said } from "./part.js";
import { commandText } from "./reproduce.js";
import { wholeClaims, wholeRecordings } from "./whole.js";

type Of<Kind extends ResultDocument["kind"]> = Extract<ResultDocument, { readonly kind: Kind }>;

/** @throws ResultsError for recordings that lack something */
export async function verifySaid(document: Of<"verify">, context: PageContext): Promise<Said> {
  const { file } = document;
  const recordings = wholeRecordings(document);
  const names = recordings.map(({ name }) => name);
  const sources: PagePart = {
    name: "sources",
    title: "What is measured, derived and assumed",
    body: html`<p>The left side of each comparison is a recording of a real kernel. No price has a part in it: what is compared is which pages are allocated, accepted and free, and not how long that takes.</p>`,
  };
  const known = names.every((name) => context.recordings.includes(name));
  const commands = known && commandText(["verify", ...names.map((name) => `workloads/recorded/${name}`)]);
  const made = madePart(
    [
      ["recordings", listed(names)],
      [
        "kernels",
        listed(recordings.flatMap(({ kernel }) => (kernel === undefined ? [] : [`Linux ${kernel}`]))) ||
          "not said",
      ],
    ],
    html`${commands !== false && html`<p>Again, in the directory of the program:</p>${commandsHtml([commands], `Command line, of ${file}`)}`}`,
    context,
  );
  return checked(document, verifyTable(recordings), "Comparisons", [sources, made], context);
}

/** @throws ResultsError for rows that lack something */
export async function validateSaid(document: Of<"validate">, context: PageContext): Promise<Said> {
  const { file } = document;
  const targets = targetsOf(wholeClaims(document));
  const ids = targets.map(({ id }) => id);
  const only = ids.length === TARGETS.length ? [] : ["--only", ids.join(",")];
  const sources: PagePart = {
    name: "sources",
    title: "What is measured, derived and assumed",
    body: html`<p>Below the rows of each target stand its source and the conditions of its publication. What stands in [ ] was not published, and is assumed here.</p>`,
  };
  const known = ids.every((id) => TARGETS.some((target) => target.id === id));
  const made = madePart(
    [["targets", listed(ids)]],
    html`${known && html`<p>Again:</p>${commandsHtml([commandText(["validate", ...only])], `Command line, of ${file}`)}`}`,
    context,
  );
  return checked(
    document,
    validationTable(targets),
    "Published and simulated numbers",
    [sources, made],
    context,
  );
}

async function checked<Row>(
  document: ResultDocument,
  table: Table<Row>,
  what: string,
  further: readonly PagePart[],
  context: PageContext,
): Promise<Said> {
  const { file } = document;
  const { part: pictures, missing } = await figuresOf([document], context);
  const lead: Html[] = (table.lead ?? []).map((text) => html`<p class="lead">${text}</p>`);
  const parts = [
    { name: "conclusion", title: "Conclusion", body: html`${lead}` },
    ...(pictures === undefined ? [] : [pictures]),
    {
      name: "results",
      title: "Results",
      body: html`${tableHtml(gridOf(table), `${what}, of ${file}`, file)}${noteList(table.notes)}`,
    },
    ...further,
  ];
  return { parts, missing };
}

/** Rows of a file by their target, whose title only the program has. */
function targetsOf(claims: readonly ValidatedClaim[]): ValidatedTarget[] {
  const groups = new Map<string, ValidatedClaim[]>();
  for (const claim of claims) {
    const id = claim.id.split(".")[0]!;
    groups.set(id, [...(groups.get(id) ?? []), claim]);
  }
  return Array.from(groups, ([id, own]) => {
    const title = TARGETS.find((target) => target.id === id)?.title ?? "";
    return { id, title, claims: own };
  });
}
