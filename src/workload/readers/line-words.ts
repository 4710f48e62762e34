/** Characters of a line, four or eight at a time. */

import { SPACE } from "../bytes.js";

function viewOf(text: string): DataView {
  return new DataView(new TextEncoder().encode(text).buffer);
}

/** Fours of characters as `getInt32` reads them. */
export function fours<const Texts extends readonly string[]>(
  ...texts: Texts
): { [at in keyof Texts]: number } {
  return texts.map((text) => viewOf(text).getInt32(0, true)) as { [at in keyof Texts]: number };
}

/** Eights of characters as `getFloat64` reads them; no other characters are the same double (recent-texts.ts). */
export function eights<const Texts extends readonly string[]>(
  ...texts: Texts
): { [at in keyof Texts]: number } {
  return texts.map((text) => viewOf(text).getFloat64(0, true)) as { [at in keyof Texts]: number };
}

const [SPACES] = fours("    ");

/** Not 0 if one of sixteen bytes is a space, a control character or none of ASCII. */
export function othersIn(a: number, b: number, c: number, d: number): number {
  // Bytes below 0x21 get bit 7 when that is subtracted; those above 0x7f have it.
  const below = (a - 0x21212121) | (b - 0x21212121) | (c - 0x21212121) | (d - 0x21212121);
  return (below | a | b | c | d) & 0x80808080;
}

/** Whether four bytes are decimal digits. */
export function areDigits(four: number): boolean {
  // Of a digit the high half is 3, also when 6 is added.
  return (four & 0xf0f0f0f0) === 0x30303030 && ((four + 0x06060606) & 0xf0f0f0f0) === 0x30303030;
}

/** The number that four digits write. */
export function numberOf(four: number): number {
  const digits = four & 0x0f0f0f0f;
  const pairs = (Math.imul(digits, 10) + (digits >>> 8)) & 0x00ff00ff;
  return (pairs & 0xff) * 100 + (pairs >>> 16);
}

export function isDigit(digit: number): boolean {
  return digit >= 0 && digit <= 9;
}

/** Whether the same eight or more bytes of printable ASCII stand at `known` and at `start`. */
export function isSame(view: DataView, start: number, known: number, length: number): boolean {
  const last = length - 8;
  for (let at = 0; at < last; at += 8)
    if (view.getFloat64(start + at, true) !== view.getFloat64(known + at, true)) return false;
  return view.getFloat64(start + last, true) === view.getFloat64(known + last, true);
}

/** The first byte that is none of the spaces from `at` on, which are looked through up to `limit`. */
export function pastSpaces(bytes: Uint8Array, view: DataView, at: number, limit: number): number {
  let past = at;
  while (past < limit && view.getInt32(past, true) === SPACES) past += 4;
  while (bytes[past] === SPACE) past++;
  return past;
}
