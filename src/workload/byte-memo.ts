const SLOTS = 4096;
/** To be copied, which is much faster than filling. */
const NO_TEXTS: readonly Uint8Array[] = Array.from({ length: SLOTS }, () => new Uint8Array(0));
const NO_WORDS: readonly Int32Array[] = Array.from({ length: SLOTS }, () => new Int32Array(0));
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * A function from text to a number that is asked for the same few texts millions of times,
 * without making a string each time. A fixed number of answers is kept.
 */
export class ByteMemo {
  readonly #compute: (text: string) => number;
  readonly #bytes: Uint8Array[] = NO_TEXTS.slice();
  /** The whole 32-bit words of each text, which are faster to compare than its bytes. */
  readonly #words: Int32Array[] = NO_WORDS.slice();
  readonly #value: Float64Array = new Float64Array(SLOTS);

  /** @param compute the number for a text that is not empty; below 0 is not kept */
  constructor(compute: (text: string) => number) {
    this.#compute = compute;
  }

  /**
   * The number for the UTF-8 from `start` up to `end`, which is above it.
   *
   * @param hash any number that is the same for the same text; the better it is spread, the faster
   */
  valueOf(view: DataView, start: number, end: number, hash: number): number {
    const slot = (hash ^ (hash >>> 12)) & (SLOTS - 1);
    const known = this.#bytes[slot]!;
    const length = end - start;
    if (known.length !== length) return this.#learn(view, start, end, slot);
    const words = this.#words[slot]!;
    let at = start;
    for (let i = 0; i < words.length; i++, at += 4) {
      if (words[i] !== view.getInt32(at, true)) return this.#learn(view, start, end, slot);
    }
    for (; at < end; at++) {
      if (known[at - start] !== view.getUint8(at)) return this.#learn(view, start, end, slot);
    }
    return this.#value[slot]!;
  }

  #learn(view: DataView, start: number, end: number, slot: number): number {
    const text = new Uint8Array(view.buffer, view.byteOffset + start, end - start).slice();
    const value = this.#compute(decoder.decode(text));
    if (value >= 0) {
      const words = new Int32Array(text.length >> 2);
      for (let i = 0; i < words.length; i++) words[i] = view.getInt32(start + 4 * i, true);
      this.#bytes[slot] = text;
      this.#words[slot] = words;
      this.#value[slot] = value;
    }
    return value;
  }
}

export function hashOf(view: DataView, start: number, end: number): number {
  let hash = end - start;
  let at = start;
  for (; at + 4 <= end; at += 4) hash = Math.imul(hash, 31) + view.getInt32(at, true);
  for (; at < end; at++) hash = Math.imul(hash, 31) + view.getUint8(at);
  return Math.imul(hash, 0x9e3779b1);
}
