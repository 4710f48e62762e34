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

interface ZonePages {
  readonly presentPages: number;
  readonly managedPages: number;
}

/** `Memory: 1942516K/2096632K available (..., 83648K reserved, ...)`: RAM, and what of it is not managed; in KiB. */
function memoryLine(bootLog: string): { readonly ram: number; readonly reserved: number } {
  const [, ram, reserved] = /Memory: \d+K\/(\d+)K available .* (\d+)K reserved/.exec(bootLog) ?? [];
  return { ram: Number(ram), reserved: Number(reserved) };
}

function kibOf(zones: readonly ZonePages[], pages: (zone: ZonePages) => number): number {
  return (zones.reduce((sum, zone) => sum + pages(zone), 0) * PAGE_SIZE) / KiB;
}

function reservedPages({ presentPages, managedPages }: ZonePages): number {
  return presentPages - managedPages;
}

/** Pages that a kernel had reserved beyond those of the model. */
export function reservedBeyond(bootLog: string, zones: readonly ZonePages[]): number {
  return ((memoryLine(bootLog).reserved - kibOf(zones, reservedPages)) * KiB) / PAGE_SIZE;
}

/** @param untoldPages reserved by the kernel in an amount that nothing but this line tells */
export function compareMemoryLine(
  bootLog: string,
  zones: readonly ZonePages[],
  file: string,
  untoldPages = 0,
): Comparison {
  const { ram, reserved } = memoryLine(bootLog);
  const tally = new Tally();
  for (const [what, expected, model] of [
    ["KiB of RAM", ram, kibOf(zones, ({ presentPages }) => presentPages)],
    ["KiB reserved", reserved, kibOf(zones, reservedPages) + (untoldPages * PAGE_SIZE) / KiB],
  ] as const)
    tally.same(`${expected}`, `${model}`, `${file}: ${what}`);
  return tally;
}
