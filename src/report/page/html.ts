/** HTML that is escaped by how it is made: what stands in a template is text, unless it was made here, too. */

import { printable } from "../../printable.js";
import { escapeMarkup } from "../escape-markup.js";

/** Markup. Only `html` and `markup` make it, so that no value that was read can pass for it. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Html | string | number | undefined | false | readonly Part[];

/**
 * A template whose values are escaped, for between tags as well as within the quotes of an attribute; lists are joined,
 * and what is absent is empty. Characters that steer a terminal or turn text are shown as escapes.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, at) => text + textOf(parts[at])).join(""));
}

/** Text that is markup already: style, and pictures of a renderer that escapes. */
export function markup(text: string): Html {
  return new Html(text);
}

function textOf(part: Part): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(textOf).join("");
  return escaped(String(part));
}

/** Templates may have single quotes, too. */
function escaped(text: string): string {
  return escapeMarkup(printable(text)).replaceAll("'", "&#39;");
}
