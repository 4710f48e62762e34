/** Text as bytes, to read and write it without making strings. */

export const NEWLINE = 0x0a;
export const SPACE = 0x20;

/** The bytes of an ASCII text. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The start of the line after the one that `at` is in, or the end of the bytes. */
export function nextLine(bytes: Uint8Array, at: number): number {
  const newline = bytes.indexOf(NEWLINE, at);
  return newline === -1 ? bytes.length : newline + 1;
}
