/**
 * Reading ASCII text from bytes without making strings. Every function stops at a newline,
 * so a caller that starts within a complete line never leaves it.
 */

export const NEWLINE = 0x0a;
export const SPACE = 0x20;

/** The bytes of an ASCII text. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function isDigit(byte: number | undefined): boolean {
  return byte! >= 0x30 && byte! <= 0x39;
}

/** Whether `text` stands at a position; it must hold no newline. */
export function standsAt(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}

/** The first position from `at` on that is no space. */
export function skipSpaces(bytes: Uint8Array, at: number): number {
  while (bytes[at] === SPACE) at++;
  return at;
}

/** The end of the word that starts at `at`: the next space, line end or other control character. */
export function endOfWord(bytes: Uint8Array, at: number): number {
  while (bytes[at]! > SPACE) at++;
  return at;
}

/** The end of the decimal number that starts at `at`; `at` itself where there is none. */
export function endOfDigits(bytes: Uint8Array, at: number): number {
  while (isDigit(bytes[at])) at++;
  return at;
}

/** The value of decimal digits; exact below 2^53. */
export function decimal(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  while (at < end) value = value * 10 + bytes[at++]! - 0x30;
  return value;
}

/** Value of every byte as a hex digit in lower case; 16 for bytes that are none. */
const HEX_DIGIT: Uint8Array = new Uint8Array(256).fill(16);
for (let digit = 0; digit < 16; digit++) HEX_DIGIT[digit.toString(16).charCodeAt(0)] = digit;

/** The value of lower-case hex digits, exact below 2^53, or -1 where there are none or others. */
export function hex(bytes: Uint8Array, at: number, end: number): number {
  let value = at === end ? -1 : 0;
  while (at < end) {
    const digit = HEX_DIGIT[bytes[at++]!]!;
    if (digit === 16) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/** The start of the line after the one that `at` is in, or the end of the bytes. */
export function nextLine(bytes: Uint8Array, at: number): number {
  const newline = bytes.indexOf(NEWLINE, at);
  return newline === -1 ? bytes.length : newline + 1;
}
