/** Pieces that the readers of a kernel's log share. */

import type { AddressRange } from "../units.js";

/** The groups of each match. */
export function matches(log: string, pattern: RegExp): string[][] {
  return Array.from(log.matchAll(pattern), (match) => match.slice(1));
}

export function hex(text: string | undefined): number {
  return Number.parseInt(text ?? "", 16);
}

/** A range that the log prints with its last byte. */
export function inclusiveRange(first: string | undefined, last: string | undefined): AddressRange {
  return { start: hex(first), end: hex(last) + 1 };
}
