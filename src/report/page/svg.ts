/** One SVG for light and dark pages: what differs between the two becomes a colour that the page's style sets. */

import type { Theme } from "../pictures/theme.js";

/** Colours of pictures that the style declares for each theme, each pair once. */
export class PictureColours {
  readonly #names = new Map<string, string>();

  /** @returns the value of an attribute */
  use(light: string, dark: string): string {
    const key = `${light} ${dark}`;
    const name = this.#names.get(key) ?? `--p${this.#names.size}`;
    this.#names.set(key, name);
    return `var(${name})`;
  }

  /** Declarations of one theme. */
  declarations(theme: Theme): string {
    return Array.from(this.#names, ([pair, name]) => {
      const [light, dark] = pair.split(" ");
      return `${name}:${theme === "light" ? light : dark};`;
    }).join("");
  }
}

const COLOUR = /^(?:#[\da-f]{3,8}|rgba?\([\d.,%\s]+\)|[a-z]+)$/i;

/**
 * Two drawings of one picture as one, for within a page.
 *
 * @param light and `dark` as the renderer wrote them
 * @param prefix of its ids, which no other picture of the page has
 * @returns both drawings, to be switched by the style, where they differ in more than colours
 */
export function inBothThemes(light: string, dark: string, prefix: string, colours: PictureColours): string {
  const [own, other] = [light, dark].map((svg) => piecesOf(embedded(svg, prefix))) as [string[], string[]];
  const isSame =
    own.length === other.length && own.every((text, at) => isLike(text, other[at]!, isValue(at)));
  if (!isSame) {
    const [day, night] = [embedded(light, `${prefix}l`), embedded(dark, `${prefix}d`)];
    return `<div class="by-day">${day}</div><div class="by-night">${night}</div>`;
  }
  return own
    .map((text, at) => {
      if (text === other[at]) return isValue(at) ? `"${text}"` : text;
      const [day, night] = [text, other[at]!].map((colour) => colour.replaceAll(/\s/g, ""));
      return `"${colours.use(day!, night!)}"`;
    })
    .join("");
}

/** What is between quotes, and what is around that, in turn. */
function piecesOf(svg: string): string[] {
  return svg.split('"');
}

function isValue(at: number): boolean {
  return at % 2 === 1;
}

/** Whether two pieces are the same, or two values of an attribute are colours. */
function isLike(a: string, b: string, isAttribute: boolean): boolean {
  return a === b || (isAttribute && COLOUR.test(a) && COLOUR.test(b));
}

/** What only a file needs, what `style.ts` says once for all, and what is so anyway. */
const SPARE = / (?:xmlns(?::\w+)?|version|class|pointer-events|font-family)="[^"]*"| opacity="1"/g;
/** Within a picture, which has one description as a whole, and no names for its marks. */
const NAMES = / (?:role|aria-[a-z]+)="[^"]*"/g;
/** Of what draws nothing, as Vega's groups have it. */
const NOTHING = /<path d="M0,0h0v0h0Z"\/>/g;
/** What is wider is not shown narrower than this, for its text to be read: it is scrolled. As `style.ts` has it. */
const NARROW_PIXELS = 720;
const PLACES = / (?:d|transform|x1?|x2|y1?|y2|cx|cy|r|width|height)="[^"]*"/g;

/** As a part of a page: with ids of its own, to a hundredth of a pixel, and without what only files need. */
function embedded(svg: string, prefix: string): string {
  const ids = new Map<string, string>();
  const own = (id: string): string => {
    const known = ids.get(id) ?? `${prefix}-${ids.size}`;
    ids.set(id, known);
    return known;
  };
  const isWide = Number(/^<svg [^>]*?\bwidth="([\d.]+)"/.exec(svg)?.[1]) > NARROW_PIXELS;
  const drawn = inTags(svg.trim(), (tag) =>
    (tag.startsWith("<svg") ? tag : tag.replaceAll(NAMES, ""))
      .replaceAll(SPARE, "")
      .replaceAll(PLACES, (place) =>
        place.replaceAll(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2)))),
      )
      .replaceAll(NOTHING, "")
      .replaceAll(/ id="([^"]*)"/g, (_all, id: string) => ` id="${own(id)}"`)
      .replaceAll(/url\(#([^)]*)\)/g, (_all, id: string) => `url(#${own(id)})`)
      .replaceAll(/ (?:xlink:)?href="#([^"]*)"/g, (_all, id: string) => ` href="#${own(id)}"`),
  );
  return isWide ? drawn.replace("<svg ", '<svg class="wide" ') : drawn;
}

/** Changes tags, and no text between them, in which renderers escape what begins one. */
function inTags(svg: string, change: (tag: string) => string): string {
  return svg.replaceAll(/<[^>]*>/g, change);
}
