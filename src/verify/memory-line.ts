/** What a boot log says of the memory that a kernel manages, and when it gets more. */

import { KiB, PAGE_SIZE } from "../units.js";
import { type Comparison, Tally } from "./tally.js";

/** Freed before the first watermarks are set: code for other numbers of CPUs (alternative_instructions). */
export const FREED_EARLY = "SMP alternatives";

/** Pages that `Freeing ... memory: 40K` lines name. */
export function freedPages(bootLog: string, wanted: (what: string) => boolean): number {
  return Array.from(bootLog.matchAll(/Freeing (.+?) memory: (\d+)K/g))
    .filter(([, what]) => wanted(what!))
    .reduce((pages, [, , kib]) => pages + (Number(kib) * KiB) / PAGE_SIZE, 0);
}

/** `Memory: 1942516K/2096632K available (..., 83648K reserved, ...)`: RAM, and what of it is not managed. */
export function compareMemoryLine(
  bootLog: string,
  zones: readonly { readonly presentPages: number; readonly managedPages: number }[],
  file: string,
): Comparison {
  const [, ram, reserved] = (/Memory: \d+K\/(\d+)K available .* (\d+)K reserved/.exec(bootLog) ?? []).map(
    Number,
  );
  const kib = (pages: number): number => (pages * PAGE_SIZE) / KiB;
  const present = zones.reduce((sum, zone) => sum + kib(zone.presentPages), 0);
  const managed = zones.reduce((sum, zone) => sum + kib(zone.managedPages), 0);
  const tally = new Tally();
  for (const [what, expected, found] of [
    ["KiB of RAM", ram, present],
    ["KiB reserved", reserved, present - managed],
  ] as const)
    tally.same(`${expected}`, `${found}`, `${file}: ${what}`);
  return tally;
}
