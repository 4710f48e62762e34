/** Text from inputs, such as a comm or a name, as it may be shown: nothing in it steers a terminal. */

/** Control characters, line separators and what turns the direction of writing (Unicode general categories). */
const STEERING = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** One line, with an escape such as `\u001b` for each character that steers a terminal. */
export function printable(text: string): string {
  return text.replaceAll(STEERING, escaped);
}

/** Plain data with every text in it, names of properties apart, made printable. */
export function printableAll<T>(data: T): T {
  return changed(data) as T;
}

/**
 * Text of several lines, such as a whole report. JSON still says the same.
 *
 * @param hasStyles whether colours, as of `Paint`, may stay
 */
export function printableLines(text: string, hasStyles: boolean): string {
  return text.replaceAll(STEERING, (character, offset: number) => {
    const isLineEnd = character === "\n" || (character === "\r" && text[offset + 1] === "\n");
    const isStyle =
      hasStyles && character === "\u001b" && STYLE.test(text.slice(offset, offset + STYLE_CHARACTERS));
    return isLineEnd || isStyle || character === "\t" ? character : escaped(character);
  });
}

/** ECMA-48, 8.3.117: SELECT GRAPHIC RENDITION, after the escape character. */
const STYLE = /^.\[\d{1,2}m/;
const STYLE_CHARACTERS = 5;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function changed(data: unknown): unknown {
  if (typeof data === "string") return printable(data);
  if (Array.isArray(data)) return data.map(changed);
  if (typeof data !== "object" || data === null || Object.getPrototypeOf(data) !== Object.prototype)
    return data;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, changed(value)]));
}
