import { MigrateType } from "../src/page-alloc/index.js";
import { chanceAt } from "../src/sim/prng.js";

/**
 * A made-up boot: 6 million requests as a guest of 64 GiB may make them. Processes start in bursts of single
 * pages with page tables and a stack, and give all back when they exit; files fill the page cache, of which little
 * is dropped; slab takes and gives back blocks of order 0 to 3; now and then a huge page comes or goes.
 *
 * An operation is a word: bits 0 to 23 the slot of the page, 24 to 27 the order, 28 and 29 the migrate type, 31 set
 * for a free.
 */
export interface BootOperations {
  readonly words: Uint32Array;
  /** Slots in use at once, at most. */
  readonly slots: number;
  /** Share of requests of order 0, 0 to 1. */
  readonly singlePages: number;
}

export const SLOT_MASK = 0xffffff;
export const ORDER_SHIFT = 24;
export const TYPE_SHIFT = 28;
export const FREE = 0x80000000;

const { MOVABLE, UNMOVABLE, RECLAIMABLE } = MigrateType;
const PROCESSES_MAX = 64;
const STACK_ORDER = 2;
const HUGE_ORDER = 9;
const HUGE_PAGES_MAX = 256;
const SLAB_MAX = 40_000;

/** @param seed 0 to 2^32 - 1 */
export function bootOperations(count: number, seed: number): BootOperations {
  const words = new Uint32Array(count);
  const free: number[] = [];
  const processes: number[][] = [];
  const cache: number[][] = [];
  const slab: number[] = [];
  const huge: number[] = [];
  let slots = 0;
  let at = 0;
  let single = 0;
  let draws = 0;
  const below = (end: number): number => Math.floor(chanceAt(seed, draws++) * end);

  function note(word: number): void {
    if (at === count) return;
    words[at++] = word;
    if (((word >>> ORDER_SHIFT) & 15) === 0) single++;
  }
  /** Slot, order and type of a page that is held are the word that took it. */
  function take(order: number, type: number): number {
    const word = (free.pop() ?? slots++) | (order << ORDER_SHIFT) | (type << TYPE_SHIFT);
    note(word);
    return word;
  }
  function give(word: number): void {
    note((word | FREE) >>> 0);
    free.push(word & SLOT_MASK);
  }
  function giveRandom(held: number[]): void {
    const index = below(held.length);
    give(held[index]!);
    held[index] = held[held.length - 1]!;
    held.pop();
  }
  function fork(): void {
    const pages = [take(STACK_ORDER, UNMOVABLE)];
    for (let left = 100 + below(1400); left > 0; left--) {
      pages.push(take(0, left % 32 === 0 ? UNMOVABLE : MOVABLE));
    }
    processes.push(pages);
    if (processes.length <= PROCESSES_MAX) return;
    const [gone] = processes.splice(below(processes.length), 1);
    for (const page of gone!) give(page);
  }
  function readFile(): void {
    const pages = Array.from({ length: 16 + below(240) }, () => take(0, MOVABLE));
    cache.push(pages);
    if (below(4) > 0) return;
    const [dropped] = cache.splice(below(cache.length), 1);
    for (const page of dropped!) give(page);
  }
  function useSlab(): void {
    for (let left = 64 + below(192); left > 0; left--) {
      if (slab.length > SLAB_MAX || (slab.length > 0 && below(5) < 2)) giveRandom(slab);
      else slab.push(take(below(4), below(2) === 0 ? UNMOVABLE : RECLAIMABLE));
    }
  }
  function useHugePage(): void {
    if (huge.length > HUGE_PAGES_MAX) giveRandom(huge);
    else huge.push(take(HUGE_ORDER, MOVABLE));
  }

  while (at < count) {
    const event = below(100);
    if (event < 22) fork();
    else if (event < 75) readFile();
    else if (event < 97) useSlab();
    else useHugePage();
  }
  return { words, slots, singlePages: single / count };
}
