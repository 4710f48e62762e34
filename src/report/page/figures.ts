/** Pictures of a result, each with its words, its caveats and the data behind it; and why it has no others. */

import { printableAll } from "../../printable.js";
import type { ResultDocument } from "../pictures/documents.js";
import { isForOthers } from "../pictures/needs.js";
import type { Drawn, Picture } from "../pictures/picture.js";
import { PICTURES } from "../pictures/pictures.js";
import { renderSvg } from "../pictures/render.js";
import { COLOURS } from "../pictures/theme.js";
import { plainGrid, tableHtml } from "./grid.js";
import { type Html, html, markup } from "./html.js";
import { noteList, type PageContext, type PagePart } from "./part.js";
import { inBothThemes } from "./svg.js";

export interface Figures {
  readonly part: PagePart | undefined;
  /** Names of pictures that this result cannot have, with why. */
  readonly missing: readonly string[];
}

/** @param documents one, or several for what they have together */
export async function figuresOf(
  documents: readonly ResultDocument[],
  context: PageContext,
): Promise<Figures> {
  const shown = printableAll(documents);
  const figures: Html[] = [];
  const missing: string[] = [];
  for (const picture of PICTURES) {
    const light = picture.draw(shown, COLOURS.light);
    if (typeof light === "string") {
      missing.push(`${picture.name}: ${light}`);
    } else {
      figures.push(await figureHtml(picture, light, shown, context));
    }
    await context.onPicture();
  }
  const part = { name: "pictures", title: "Pictures", body: html`${figures}` };
  return { part: figures.length === 0 ? undefined : part, missing: shortened(missing) };
}

/** What needs results of other commands is said in one line for all. */
function shortened(missing: readonly string[]): string[] {
  const reasons = new Map<string, string[]>();
  for (const line of missing) {
    const [name, reason] = [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)];
    reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  }
  const all = [...reasons].map(([reason, names]) => ({ reason, text: `${names.join(", ")}: ${reason}.` }));
  return all
    .toSorted((a, b) => Number(isForOthers(a.reason)) - Number(isForOthers(b.reason)))
    .map(({ text }) => text);
}

async function figureHtml(
  picture: Picture,
  light: Drawn,
  documents: readonly ResultDocument[],
  { prefix, colours }: PageContext,
): Promise<Html> {
  const dark = picture.draw(documents, COLOURS.dark) as Drawn;
  const id = `${prefix}-${picture.name}`;
  const [day, night] = [await renderSvg(light, COLOURS.light), await renderSvg(dark, COLOURS.dark)];
  const { title, description, caveats, table } = light;
  const files = documents.map(({ file }) => file).join(" and ");
  const svg = markup(inBothThemes(day, night, id, colours));
  return html`
<section class="picture" aria-labelledby="${id}"><h4 id="${id}">${title}</h4>
<figure><div class="scroll" role="region" tabindex="0" aria-label="Picture: ${title}, of ${files}">${svg}</div>
<figcaption><p>${description}</p>${noteList(caveats)}</figcaption></figure>
<details><summary>The data of “${title}”</summary>${tableHtml(plainGrid(table), `${title}, of ${files}`, files)}</details>
</section>`;
}
