/**
 * A bitmap of up to 2^32 bits in which long runs cost nothing. Bits are kept in chunks of
 * 32768 (a page of bitmap, 64 GiB of memory at 2 MiB a bit); only a chunk with both set and
 * clear bits has words of its own. So the bitmap of a guest of 4 PiB, 256 MiB in the kernel,
 * takes half a megabyte here until memory is accepted in pieces, and a search steps over
 * whole chunks and whole words.
 *
 * Bit numbers stay below 2^32, where unsigned shifts are exact.
 */

const CHUNK_SHIFT = 15;
const CHUNK_BITS: number = 2 ** CHUNK_SHIFT;
const CHUNK_WORDS: number = CHUNK_BITS / 32;
const MAX_BITS: number = 2 ** 32;

/** Values of `#slots` for chunks without words. */
const ALL_CLEAR = -1;
const ALL_SET = -2;

function popcount(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return (((bits + (bits >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

export class UnitBitmap {
  readonly unitCount: number;
  /** By chunk: where its words are, in chunks from the start of `#words`, or ALL_CLEAR or ALL_SET. */
  readonly #slots: Int32Array;
  readonly #setBits: Int32Array;
  /** Least significant bit first, as in the kernel. */
  #words: Uint32Array = new Uint32Array(0);
  #freeSlots: number[] = [];

  /** @throws Error unless `unitCount` is from 1 to 2^32 */
  constructor(unitCount: number) {
    if (!Number.isInteger(unitCount) || unitCount < 1 || unitCount > MAX_BITS) {
      throw new Error(`efistub: a bitmap cannot have ${unitCount} bits`);
    }
    const chunks = Math.ceil(unitCount / CHUNK_BITS);
    this.unitCount = unitCount;
    this.#slots = new Int32Array(chunks).fill(ALL_CLEAR);
    this.#setBits = new Int32Array(chunks);
  }

  isSet(unit: number): boolean {
    return this.nextSet(unit, unit + 1) === unit;
  }

  setRange(first: number, end: number): void {
    this.#fill(first, end, true);
  }

  clearRange(first: number, end: number): void {
    this.#fill(first, end, false);
  }

  /** First set bit at or after `from` and before `end`, otherwise `end`. `end` may be at most `unitCount`. */
  nextSet(from: number, end: number): number {
    return this.#next(from, end, ALL_SET, 0);
  }

  nextClear(from: number, end: number): number {
    return this.#next(from, end, ALL_CLEAR, -1);
  }

  countSet(): number {
    let count = 0;
    for (const bits of this.#setBits) count += bits;
    return count;
  }

  #next(from: number, end: number, wanted: number, flip: number): number {
    let unit = from;
    while (unit < end) {
      const chunk = unit >>> CHUNK_SHIFT;
      const slot = this.#slots[chunk]!;
      if (slot === wanted) return unit;
      // No further than asked: who looks at one block would else look through the rest of the chunk each time.
      const stop = Math.min((chunk + 1) * CHUNK_BITS, end);
      unit = slot < 0 ? stop : this.#nextInWords(slot * CHUNK_WORDS, unit, stop, flip);
      if (unit < stop) break;
    }
    return Math.min(unit, end);
  }

  /** First bit from `unit` on that is set (flip 0) or clear (flip -1) in one chunk; `stop` or more if none is before it. */
  #nextInWords(firstWord: number, unit: number, stop: number, flip: number): number {
    const words = this.#words;
    const inChunk = unit & (CHUNK_BITS - 1);
    let word = firstWord + (inChunk >>> 5);
    let base = unit - (inChunk & 31);
    let bits = (words[word]! ^ flip) & (-1 << (inChunk & 31));
    while (bits === 0) {
      base += 32;
      if (base >= stop) return stop;
      bits = words[++word]! ^ flip;
    }
    return base + 31 - Math.clz32(bits & -bits);
  }

  #fill(first: number, end: number, value: boolean): void {
    if (first < 0 || end > this.unitCount) {
      throw new Error(`efistub: bits ${first} to ${end} of a bitmap of ${this.unitCount}`);
    }
    for (let unit = first; unit < end; ) {
      const chunk = unit >>> CHUNK_SHIFT;
      const next = Math.min((chunk + 1) * CHUNK_BITS, end);
      this.#fillInChunk(chunk, unit, next, value);
      unit = next;
    }
  }

  #fillInChunk(chunk: number, first: number, end: number, value: boolean): void {
    const uniform = value ? ALL_SET : ALL_CLEAR;
    const slot = this.#slots[chunk]!;
    if (slot === uniform) return;
    const chunkStart = chunk * CHUNK_BITS;
    const size = Math.min(CHUNK_BITS, this.unitCount - chunkStart);
    if (end - first === size) {
      this.#setBits[chunk] = value ? size : 0;
    } else {
      const words = slot < 0 ? this.#giveWords(chunk, slot === ALL_SET) : slot;
      const changed = this.#fillWords(words * CHUNK_WORDS, first - chunkStart, end - chunkStart, value);
      this.#setBits[chunk]! += value ? changed : -changed;
    }
    if (this.#setBits[chunk] === (value ? size : 0)) this.#makeUniform(chunk, uniform);
  }

  #fillWords(firstWord: number, first: number, end: number, value: boolean): number {
    const words = this.#words;
    let changed = 0;
    for (let bit = first; bit < end; bit = (bit | 31) + 1) {
      const stop = Math.min((bit | 31) + 1, end);
      const mask = (-1 << (bit & 31)) & (-1 >>> (31 - ((stop - 1) & 31)));
      const word = firstWord + (bit >>> 5);
      const before = words[word]!;
      const after = value ? before | mask : before & ~mask;
      words[word] = after;
      changed += popcount(before ^ after);
    }
    return changed;
  }

  #giveWords(chunk: number, value: boolean): number {
    if (this.#freeSlots.length === 0) this.#grow();
    const slot = this.#freeSlots.pop()!;
    this.#slots[chunk] = slot;
    this.#words.fill(value ? 0xffffffff : 0, slot * CHUNK_WORDS, (slot + 1) * CHUNK_WORDS);
    return slot;
  }

  #makeUniform(chunk: number, uniform: number): void {
    const slot = this.#slots[chunk]!;
    if (slot >= 0) this.#freeSlots.push(slot);
    this.#slots[chunk] = uniform;
  }

  #grow(): void {
    const used = this.#words.length / CHUNK_WORDS;
    const words = new Uint32Array(Math.max(4, used * 2) * CHUNK_WORDS);
    words.set(this.#words);
    this.#words = words;
    for (let slot = words.length / CHUNK_WORDS - 1; slot >= used; slot--) this.#freeSlots.push(slot);
  }
}
