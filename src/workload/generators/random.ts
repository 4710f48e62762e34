import { chanceAt } from "../../sim/prng.js";

/** A sequence of random numbers that depends on nothing but its seed. */
export class Random {
  readonly #seed: number;
  #index = 0;

  /** @param seed 0 to 2^32 - 1 */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** From 0 to below 1. */
  next(): number {
    return chanceAt(this.#seed, this.#index++);
  }

  /** An integer from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** A positive number of this mean; how large it will be does not depend on how large it is already. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  /** Puts a list into a random order, in place (Fisher and Yates). */
  shuffle<T>(list: T[]): T[] {
    for (let i = list.length - 1; i > 0; i--) {
      const other = this.below(i + 1);
      [list[i], list[other]] = [list[other]!, list[i]!];
    }
    return list;
  }
}
