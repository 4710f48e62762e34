const SLOTS = 4096;
const NO_TEXT: Uint8Array = new Uint8Array(0);
const decoder = new TextDecoder();

/**
 * A function from text to a number that is asked for the same few texts millions of times,
 * without making a string each time. A fixed number of answers is kept.
 */
export class ByteMemo {
  readonly #compute: (text: string) => number;
  readonly #bytes: Uint8Array[] = Array.from({ length: SLOTS }, () => NO_TEXT);
  readonly #value: Float64Array = new Float64Array(SLOTS);

  /** @param compute the number for a text that is not empty; below 0 is not kept */
  constructor(compute: (text: string) => number) {
    this.#compute = compute;
  }

  /**
   * @param start first byte of the text, UTF-8
   * @param end past the last one, above `start`
   * @param hash any number that is the same for the same text; the better it is spread, the faster
   */
  valueOf(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const slot = (hash ^ (hash >>> 12)) & (SLOTS - 1);
    const known = this.#bytes[slot]!;
    const length = end - start;
    if (known.length !== length) return this.#learn(bytes, start, end, slot);
    for (let i = 0; i < length; i++) {
      if (known[i] !== bytes[start + i]) return this.#learn(bytes, start, end, slot);
    }
    return this.#value[slot]!;
  }

  #learn(bytes: Uint8Array, start: number, end: number, slot: number): number {
    const text = bytes.slice(start, end);
    const value = this.#compute(decoder.decode(text));
    if (value >= 0) {
      this.#bytes[slot] = text;
      this.#value[slot] = value;
    }
    return value;
  }
}
