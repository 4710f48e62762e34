/** Results as one page: what they say in words, their pictures, their numbers, and where all that comes from. */

import { formatBytes } from "../../units.js";
import { countOf, formatVcpus } from "../cells.js";
import type { ResultDocument } from "../pictures/documents.js";
import { PICTURES } from "../pictures/pictures.js";
import { validateSaid, verifySaid } from "./check-sections.js";
import { documentText } from "./frame.js";
import { type Html, html } from "./html.js";
import { listed } from "./made.js";
import { mapSaid, mapsSaid } from "./map-section.js";
import { noteList, type PageContext, type Said, type Surroundings } from "./part.js";
import { rowsSaid } from "./rows-section.js";
import { largestSaid, tuneSaid } from "./search-sections.js";
import { pageStyle } from "./style.js";
import { PictureColours } from "./svg.js";

/** How often `onPicture` is called for each result. */
export const PICTURES_EACH: number = PICTURES.length;

/**
 * @param documents at least one
 * @param onPicture is called after each picture of each result, drawn or not; what it throws ends the work
 * @returns HTML in one file, the same bytes for the same results
 * @throws ResultsError for a result that lacks something that the page tells
 */
export async function reportPage(
  documents: readonly ResultDocument[],
  around: Surroundings,
  onPicture: () => Promise<void> = async () => {},
): Promise<string> {
  const colours = new PictureColours();
  const sections: PageSection[] = [];
  const contextOf = (prefix: string): PageContext => ({ ...around, prefix, colours, onPicture });
  for (const [at, document] of documents.entries()) {
    const prefix = `r${at + 1}`;
    const name = documents.length > 1 ? `${document.file}: ` : "";
    const title = `${name}${subjectOf(document)}`;
    sections.push({ title, prefix, said: await saidOf(document, contextOf(prefix)) });
  }
  const maps = documents.filter(({ kind }) => kind === "map");
  if (maps.length === 2) {
    const said = await mapsSaid(maps, contextOf("maps"));
    if (said.parts.length > 0) sections.push({ title: "Both memory maps", prefix: "maps", said });
  }
  const [only] = documents as [ResultDocument, ...ResultDocument[]];
  const title = documents.length === 1 ? `Report on ${only.file}` : `Report on ${documents.length} results`;
  const body = html`<a class="skip" href="#content">Skip to content</a>
<header><h1>${title}</h1>${contentsHtml(sections)}</header>
<main id="content" tabindex="-1">${sections.map(sectionHtml)}</main>
<footer><p>Simulated by unaccepted; not measured on a machine. The page asks for nothing from anywhere and runs no script.</p></footer>`;
  return documentText(title, pageStyle(colours), body);
}

interface PageSection {
  readonly title: string;
  readonly prefix: string;
  readonly said: Said;
}

function saidOf(document: ResultDocument, context: PageContext): Promise<Said> {
  switch (document.kind) {
    case "rows":
      return rowsSaid(document, context);
    case "tune":
      return tuneSaid(document, context);
    case "largest":
      return largestSaid(document, context);
    case "verify":
      return verifySaid(document, context);
    case "validate":
      return validateSaid(document, context);
    case "map":
      return mapSaid(document, context);
  }
}

function contentsHtml(sections: readonly PageSection[]): Html {
  const partsOf = ({ prefix, said }: PageSection): Html =>
    html`<ul>${said.parts.map(({ name, title }) => html`<li><a href="#${prefix}-${name}">${title}</a></li>`)}</ul>`;
  if (sections.length === 1) return html`<nav aria-label="Contents">${partsOf(sections[0]!)}</nav>`;
  const files = sections.map(
    (section) => html`<li><a href="#${section.prefix}">${section.title}</a>${partsOf(section)}</li>`,
  );
  return html`<nav aria-label="Contents"><ul class="files">${files}</ul></nav>`;
}

function sectionHtml({ title, prefix, said: { parts, missing } }: PageSection): Html {
  const without =
    missing.length > 0 &&
    html`<section aria-labelledby="${prefix}-without"><h3 id="${prefix}-without">Pictures that are not here</h3>${noteList(missing)}</section>`;
  return html`
<section aria-labelledby="${prefix}"><h2 id="${prefix}">${title}</h2>${parts.map(
    (part) =>
      html`
<section aria-labelledby="${prefix}-${part.name}"><h3 id="${prefix}-${part.name}">${part.title}</h3>${part.body}</section>`,
  )}${without}
</section>`;
}

/** What a result is of, in a line. */
function subjectOf(document: ResultDocument): string {
  switch (document.kind) {
    case "rows": {
      const { rows } = document;
      const policies = new Set(rows.map(({ policy }) => policy));
      const who = policies.size > 3 ? `${policies.size} policies` : [...policies].join(", ");
      const platforms = listed(rows.map(({ platform }) => platform));
      const sizes = spanOf(
        rows.map(({ memoryBytes }) => memoryBytes),
        formatBytes,
      );
      const cpus = spanOf(
        rows.map(({ vcpus }) => vcpus),
        formatVcpus,
      );
      return `${countOf(rows.length, "run")}: ${who} on ${platforms}, ${sizes}, ${cpus}`;
    }
    case "tune":
      return `Tuning of ${countOf(document.guests.length, "guest")}`;
    case "largest":
      return `Largest of ${countOf(document.rows.length, "guest")}`;
    case "verify":
      return `Model and kernel on ${countOf(document.recordings.length, "recording")}`;
    case "validate":
      return `${countOf(document.claims.length, "published number")} and the simulated ones`;
    case "map":
      return `Memory map of ${document.map.name}`;
  }
}

function spanOf(values: readonly number[], textOf: (value: number) => string): string {
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  return low === high ? textOf(low) : `${textOf(low)} to ${textOf(high)}`;
}
