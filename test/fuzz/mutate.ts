/** Inputs that are nearly right: real ones with a few changes, each the same for the same seed and number. */

import { chanceAt } from "../../src/sim/prng.js";

/** Draws for one input. */
const DRAWS = 4096;

/** A row of choices. */
export class Choices {
  readonly #seed: number;
  #index: number;

  constructor(seed: number, input: number) {
    this.#seed = seed;
    this.#index = input * DRAWS;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(chanceAt(this.#seed, this.#index++) * end);
  }

  oneOf<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** What stands in traces and means something to some reader. */
const WORDS: readonly Buffer[] = [
  ..."CPU:0 [LOST 9 EVENTS]|#|[000]|[001].....|-1 |=>|<stack trace>|0.97:|1.5: |9007199.254740993: |kmem:|mm_page_alloc: ".split(
    "|",
  ),
  ..."mm_page_free: |mm_page_pcpu_drain: |page= (null) |page=a b|pfn=|pfn=0x|order=11|order=-1|migratetype=|gfp_flags=|GFP_|".split(
    "|",
  ),
  ..."__GFP_X|0x14080c0|percpu_refill=|cpus=4\n|\n|\r\n|\t|\0|\u001b[31m|\u00e9|\u0089UATRC|99999999999999999999|[FAILED TO PARSE]".split(
    "|",
  ),
].map((word) => Buffer.from(word));

/** Changes some bytes, words or lines of an input. */
export function mutated(input: Uint8Array, others: readonly Uint8Array[], choices: Choices): Uint8Array {
  let bytes: Buffer = Buffer.from(input);
  for (let change = 1 + choices.below(3); change > 0; change--) {
    bytes = choices.oneOf(CHANGES)(bytes, others, choices);
  }
  return new Uint8Array(bytes);
}

type Change = (bytes: Buffer, others: readonly Uint8Array[], choices: Choices) => Buffer;

const replaced = (bytes: Buffer, start: number, end: number, by: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(end)]);

/** Start and end of a line. */
function lineAt(bytes: Buffer, at: number): readonly [start: number, end: number] {
  const end = bytes.indexOf(0x0a, at) + 1;
  return [bytes.lastIndexOf(0x0a, at - 1) + 1, end === 0 ? bytes.length : end];
}

const CHANGES: readonly Change[] = [
  // A bit, a byte, a small piece.
  (bytes, _others, choices) => {
    const at = choices.below(bytes.length + 1);
    return replaced(bytes, at, at + 1, Uint8Array.of((bytes[at] ?? 0) ^ (1 << choices.below(8))));
  },
  (bytes, _others, choices) => {
    const at = choices.below(bytes.length + 1);
    return replaced(bytes, at, at + 1, Uint8Array.of(choices.below(256)));
  },
  (bytes, _others, choices) => {
    const at = choices.below(bytes.length + 1);
    return replaced(bytes, at, at + choices.below(40), new Uint8Array(0));
  },
  // A word, in place of as much or in between.
  (bytes, _others, choices) => {
    const at = choices.below(bytes.length + 1);
    const word = choices.oneOf(WORDS);
    return replaced(bytes, at, at + choices.below(2) * word.length, word);
  },
  // A digit.
  (bytes, _others, choices) => {
    const from = choices.below(bytes.length + 1);
    const at = bytes.findIndex((byte, index) => index >= from && byte >= 0x30 && byte <= 0x39);
    return at === -1
      ? bytes
      : replaced(bytes, at, at + 1, Uint8Array.of(choices.oneOf([0x30, 0x39, 0x61, 0x2d, 0x2e, 0x20])));
  },
  // A line away, twice, or from another input.
  (bytes, _others, choices) =>
    replaced(bytes, ...lineAt(bytes, choices.below(bytes.length + 1)), new Uint8Array(0)),
  (bytes, _others, choices) => {
    const [start, end] = lineAt(bytes, choices.below(bytes.length + 1));
    return replaced(bytes, end, end, bytes.subarray(start, end));
  },
  (bytes, others, choices) => {
    const other = Buffer.from(choices.oneOf(others));
    const [start] = lineAt(bytes, choices.below(bytes.length + 1));
    const [from, to] = lineAt(other, choices.below(other.length + 1));
    return replaced(bytes, start, start, other.subarray(from, to));
  },
  // The end.
  (bytes, _others, choices) => bytes.subarray(0, choices.below(bytes.length + 1)),
];
