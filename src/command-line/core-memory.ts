/** `kernelcore=` and `movablecore=` (mm/mm_init.c: cmdline_parse_core, Linux 6.12). */
import { PAGE_SIZE } from "../units.js";
import { memparse, strtoul, valuesOf, type Word, wholeSize } from "./words.js";

/** An amount of memory: pages, or a part of all of it. A percentage that is not 0 comes first. */
export interface CoreAmount {
  readonly pages: number;
  readonly percent: number;
}

/** How memory is shared out between the kernel's own zones and ZONE_MOVABLE. */
export interface CoreMemory {
  readonly kernelcore: CoreAmount;
  readonly movablecore: CoreAmount;
  /** `kernelcore=mirror`: what is not mirrored becomes movable. */
  readonly mirror: boolean;
}

const NONE: CoreAmount = { pages: 0, percent: 0 };

function amount(before: CoreAmount, value: string): CoreAmount {
  const percent = strtoul(value);
  if (percent?.rest.startsWith("%") === true) return { ...before, percent: percent.value };
  const bytes = memparse(value);
  return bytes === undefined ? before : { pages: Math.floor(bytes.value / PAGE_SIZE), percent: 0 };
}

export function isCoreAmount(value: string): boolean {
  const percent = /^(\d{1,3})%$/.exec(value);
  if (percent !== null) return Number(percent[1]) <= 100;
  return wholeSize(value) !== undefined;
}

export function coreMemory(words: readonly Word[]): CoreMemory {
  const cores = valuesOf(words, "kernelcore");
  return {
    kernelcore: cores.filter((value) => value !== "mirror").reduce(amount, NONE),
    movablecore: valuesOf(words, "movablecore").reduce(amount, NONE),
    mirror: cores.includes("mirror"),
  };
}
