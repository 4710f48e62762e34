/** Text as bytes, to read and write it without making strings. */

export const NEWLINE = 0x0a;
export const SPACE = 0x20;

/** The bytes of an ASCII text. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Arguments that a function can be called with are few. */
const CHARACTERS_AT_ONCE = 4096;
const utf8 = new TextDecoder();

/**
 * One character from U+0000 to U+00FF for each byte. No label of TextDecoder says that: "latin1" is
 * windows-1252 (WHATWG Encoding, section 4.2), which has other characters for 0x80 to 0x9f.
 */
export function byteText(bytes: Uint8Array): string {
  if (isAscii(bytes)) return utf8.decode(bytes);
  let text = "";
  for (let at = 0; at < bytes.length; at += CHARACTERS_AT_ONCE) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHARACTERS_AT_ONCE));
  }
  return text;
}

function isAscii(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (bytes[at]! >= 0x80) return false;
  return true;
}

/** The start of the line after the one that `at` is in, or the end of the bytes. */
export function nextLine(bytes: Uint8Array, at: number): number {
  const newline = bytes.indexOf(NEWLINE, at);
  return newline === -1 ? bytes.length : newline + 1;
}
