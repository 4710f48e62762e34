/** How the kernel cuts its command line into words (lib/cmdline.c: next_arg, Linux 6.12). */

export interface Word {
  readonly text: string;
  /** The text before `=`, with underscores for dashes, which the kernel does not tell apart (parameq). */
  readonly name: string;
  /** The text after `=` without its quotes; undefined for a word without one. */
  readonly value: string | undefined;
}

/** The words up to `--`, where those of init begin. Blanks between quotes belong to a word. */
export function commandLineWords(line: string): Word[] {
  const words: Word[] = [];
  for (const [text] of line.matchAll(/(?:"[^"]*"?|[^\s"])+/g)) {
    if (text === "--") break;
    const bare = text.replaceAll('"', "");
    const equals = bare.indexOf("=");
    const name = equals < 0 ? bare : bare.slice(0, equals);
    words.push({
      text,
      name: name.replaceAll("-", "_"),
      value: equals < 0 ? undefined : bare.slice(equals + 1),
    });
  }
  return words;
}

export function valuesOf(words: readonly Word[], name: string): string[] {
  return words.filter((word) => word.name === name).map(({ value }) => value ?? "");
}

/** Numbers as the kernel reads them from its command line (lib/cmdline.c, lib/vsprintf.c, Linux 6.12). */

export interface Parsed {
  readonly value: number;
  readonly rest: string;
}

/** A number as C writes it: decimal, hexadecimal, octal (simple_strtoull); undefined where none stands. */
export function strtoul(text: string): Parsed | undefined {
  const match = /^(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)/i.exec(text);
  if (match === null) return undefined;
  const digits = match[0];
  const octal = /^0[0-7]+$/.test(digits);
  return { value: octal ? Number.parseInt(digits, 8) : Number(digits), rest: text.slice(digits.length) };
}

/** The same followed by a binary unit: K, M, G, T, P, E (memparse). */
export function memparse(text: string): Parsed | undefined {
  const number = strtoul(text);
  if (number === undefined) return undefined;
  const unit = number.rest.slice(0, 1);
  const exponent = unit === "" ? 0 : "kmgtpe".indexOf(unit.toLowerCase()) + 1;
  return exponent === 0 ? number : { value: number.value * 1024 ** exponent, rest: number.rest.slice(1) };
}

export function wholeSize(text: string): number | undefined {
  return whole(memparse(text));
}

export function wholeNumber(text: string): number | undefined {
  return whole(strtoul(text));
}

function whole(parsed: Parsed | undefined): number | undefined {
  return parsed?.rest === "" && Number.isSafeInteger(parsed.value) ? parsed.value : undefined;
}
