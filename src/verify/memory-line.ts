/** What a boot log says of the memory that a kernel manages, and when it gets more. */

import { KiB, PAGE_SIZE } from "../units.js";
import { type Comparison, Tally } from "./tally.js";

/** Pages that `Freeing ... memory: 40K` lines name. */
export interface FreedPages {
  /** When `Memory:` is printed. */
  readonly beforeMemoryLine: number;
  /** By an arch initcall, between the first watermarks and those of hugepage_init(). */
  readonly betweenWatermarks: number;
  readonly later: number;
}

/** Code for other numbers of CPUs: freed when these are known, from 7.1 on by an initcall (alternative.c: free_smp_locks). */
const SMP_ALTERNATIVES = "SMP alternatives";

export function freedPages(bootLog: string): FreedPages {
  const memoryLine = bootLog.indexOf("] Memory: ");
  const pages = (wanted: (at: number, what: string) => boolean): number =>
    Array.from(bootLog.matchAll(/Freeing (.+?) memory: (\d+)K/g))
      .filter(({ index, 1: what }) => wanted(index, what!))
      .reduce((sum, [, , kib]) => sum + (Number(kib) * KiB) / PAGE_SIZE, 0);
  return {
    beforeMemoryLine: pages((at) => at < memoryLine),
    betweenWatermarks: pages((at, what) => at > memoryLine && what === SMP_ALTERNATIVES),
    later: pages((at, what) => at > memoryLine && what !== SMP_ALTERNATIVES),
  };
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
