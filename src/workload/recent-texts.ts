/** The texts of a trace that came last, each with a number of 32 bits, to tell them again eight bytes at a time. */

import { NEWLINE } from "./bytes.js";

const WORD_BYTES = 8;
const WORDS = 16;
/** Shorter ones have no word, and longer ones are rare. */
const SHORTEST_BYTES = WORD_BYTES;
export const LONGEST_RECENT_BYTES: number = WORD_BYTES * WORDS;
const FIRST_PRINTABLE = 0x20;
const LAST_PRINTABLE = 0x7e;

/**
 * Words are compared as doubles, the only numbers of eight bytes without an object for each. Those of printable
 * ASCII are neither NaN nor zero, so that only the same bytes are equal to them.
 */
export class RecentTexts {
  readonly #slots: number;
  /** Of a slot: its words from the start on, of which the last one kept is that of the last eight bytes. */
  readonly #words: Float64Array;
  /** 0 for a slot that is empty. */
  readonly #bytes: Int32Array;
  readonly #values: Int32Array;
  /** Slot that was found last, and the one that is to be used next. */
  #found = 0;
  #next = 0;

  /** @param slots a power of two */
  constructor(slots: number) {
    this.#slots = slots;
    this.#words = new Float64Array(slots * WORDS);
    this.#bytes = new Int32Array(slots);
    this.#values = new Int32Array(slots);
  }

  /**
   * The slot of the text that begins at `start` and goes up to a newline; -1 where it is none of these.
   *
   * @param bytes of `view`, with at least `LONGEST_RECENT_BYTES` and one more from `start` on
   */
  slotOfLine(bytes: Uint8Array, view: DataView, start: number): number {
    const mask = this.#slots - 1;
    const lengths = this.#bytes;
    for (let tried = 0; tried <= mask; tried++) {
      const slot = (this.#found + tried) & mask;
      if (bytes[start + lengths[slot]!] !== NEWLINE || !this.standsAt(slot, view, start)) continue;
      this.#found = slot;
      return slot;
    }
    return -1;
  }

  /** The slot of the text that stands at `start`, whatever follows; -1 where it is none of these. */
  slotAt(view: DataView, start: number): number {
    const mask = this.#slots - 1;
    for (let tried = 0; tried <= mask; tried++) {
      const slot = (this.#found + tried) & mask;
      if (!this.standsAt(slot, view, start)) continue;
      this.#found = slot;
      return slot;
    }
    return -1;
  }

  /** Length in bytes of the text of a slot; 0 if it has none. */
  length(slot: number): number {
    return this.#bytes[slot]!;
  }

  /** Number of the text of a slot, as the integer with a sign that has its bits. */
  number(slot: number): number {
    return this.#values[slot]!;
  }

  /** Whether the text of a slot, if it has one, stands at `start`, whatever follows. */
  standsAt(slot: number, view: DataView, start: number): boolean {
    const words = this.#words;
    const length = this.#bytes[slot]!;
    const last = start + length - WORD_BYTES;
    let word = slot * WORDS;
    let at = start;
    for (; at < last; at += WORD_BYTES, word++) if (view.getFloat64(at, true) !== words[word]) return false;
    return length > 0 && view.getFloat64(last, true) === words[word];
  }

  /** Keeps a text in the slot whose turn it is. */
  keep(view: DataView, start: number, end: number, value: number): void {
    if (this.keepIn(this.#next, view, start, end, value)) this.#next = (this.#next + 1) & (this.#slots - 1);
  }

  /** Keeps a text in place of the one of a slot. @returns false for one that is not printable ASCII, too short or too long */
  keepIn(slot: number, view: DataView, start: number, end: number, value: number): boolean {
    const length = end - start;
    if (length < SHORTEST_BYTES || length > LONGEST_RECENT_BYTES) return false;
    for (let at = start; at < end; at++) {
      const byte = view.getUint8(at);
      if (byte < FIRST_PRINTABLE || byte > LAST_PRINTABLE) return false;
    }
    const last = end - WORD_BYTES;
    let word = slot * WORDS;
    for (let at = start; at < last; at += WORD_BYTES) this.#words[word++] = view.getFloat64(at, true);
    this.#words[word] = view.getFloat64(last, true);
    this.#bytes[slot] = length;
    this.#values[slot] = value;
    return true;
  }
}
