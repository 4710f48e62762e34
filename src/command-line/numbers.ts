/** Numbers as the kernel reads them from its command line (lib/cmdline.c, lib/vsprintf.c, Linux 6.12). */

/** A number and what follows it. */
export interface Parsed {
  readonly value: number;
  readonly rest: string;
}

/**
 * A number as C writes it: decimal, hexadecimal, octal (simple_strtoull).
 *
 * @returns undefined where none stands
 */
export function strtoul(text: string): Parsed | undefined {
  const match = /^(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)/i.exec(text);
  if (match === null) return undefined;
  const digits = match[0];
  const octal = /^0[0-7]+$/.test(digits);
  return { value: octal ? Number.parseInt(digits, 8) : Number(digits), rest: text.slice(digits.length) };
}

/** The same with a binary unit behind it: K, M, G, T, P, E (memparse). */
export function memparse(text: string): Parsed | undefined {
  const number = strtoul(text);
  if (number === undefined) return undefined;
  const unit = number.rest.slice(0, 1);
  const exponent = unit === "" ? 0 : "kmgtpe".indexOf(unit.toLowerCase()) + 1;
  return exponent === 0 ? number : { value: number.value * 1024 ** exponent, rest: number.rest.slice(1) };
}

/** A size and nothing else. */
export function wholeSize(text: string): number | undefined {
  const size = memparse(text);
  return size === undefined || size.rest !== "" || !Number.isSafeInteger(size.value) ? undefined : size.value;
}

/** A number and nothing else. */
export function wholeNumber(text: string): number | undefined {
  const number = strtoul(text);
  return number === undefined || number.rest !== "" || !Number.isSafeInteger(number.value)
    ? undefined
    : number.value;
}
