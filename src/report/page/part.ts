/** What a page is put together from. */

import type { PriceSet } from "../../coco/price-set.js";
import { type Html, html } from "./html.js";
import type { PictureColours } from "./svg.js";

/** A part of what a page says about one result. */
export interface PagePart {
  /** For its place in the page's address. */
  readonly name: string;
  readonly title: string;
  readonly body: Html;
}

/** All that a page says of one result. */
export interface Said {
  readonly parts: readonly PagePart[];
  /** Pictures that the result cannot have, each with why. */
  readonly missing: readonly string[];
}

/** What the program knows besides the results, which the caller looks up. */
export interface Surroundings {
  /** Of the program that makes the page. */
  readonly version: string;
  /** Names that command lines can have, of what comes with the program. */
  readonly scenarios: readonly string[];
  readonly workloads: readonly string[];
  readonly recordings: readonly string[];
  /** The prices of a machine by the name that rows have; undefined where they did not come with the program. */
  readonly pricesNamed: (name: string) => PriceSet | undefined;
}

export interface PageContext extends Surroundings {
  /** Before every id of a result, so that no two are the same. */
  readonly prefix: string;
  readonly colours: PictureColours;
  /** Called after each picture; may throw to end the work. */
  readonly onPicture: () => Promise<void>;
}

export function paragraphs(texts: readonly string[]): Html[] {
  return texts.map((text) => html`<p>${text}</p>`);
}

/** Nothing for none. */
export function noteList(notes: readonly string[]): Html | undefined {
  if (notes.length === 0) return undefined;
  return html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`;
}
