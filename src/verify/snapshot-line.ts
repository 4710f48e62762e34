import { MIGRATE_TYPES } from "../page-alloc/migratetype.js";
import { EvidenceError, shown } from "./recording-files.js";

/** Frames that x86 can address (52 bits). */
export const PFN_MAX: number = 2 ** 40;
/** Largest value of a counter: pages of all the memory that there can be. */
const COUNT_MAX: number = PFN_MAX;

/** What the recorder prints for the type of a pageblock in a hole, which has no struct pages. */
const HOLE_TYPE = 9;

/** A line of a snapshot: `keyword name=value ...: value ...`. */
export class SnapshotLine {
  readonly keyword: string;
  readonly #text: string;
  readonly #at: number;
  readonly #fields: ReadonlyMap<string, string>;
  /** Behind the colon, with the column of each. */
  readonly #values: readonly { readonly text: string; readonly column: number }[];

  /** @param at number of the line, from 1 */
  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
    const colon = text.indexOf(":");
    const words = (colon < 0 ? text : text.slice(0, colon)).split(" ");
    this.keyword = words[0]!;
    const fields = new Map<string, string>();
    for (const word of words.slice(1)) {
      const [name, value] = word.split("=", 2);
      if (value === undefined || fields.has(name!)) throw this.error("name=value, each name once");
      fields.set(name!, value);
    }
    this.#fields = fields;
    this.#values =
      colon < 0
        ? []
        : Array.from(text.slice(colon + 1).matchAll(/\S+/g), ({ 0: value, index }) => ({
            text: value,
            column: colon + 2 + index,
          }));
  }

  /** An error at this line, to be thrown. */
  error(expected: string, found: string = shown(this.#text), column = 1): EvidenceError {
    return new EvidenceError({ line: this.#at, column }, expected, found);
  }

  /** A whole number. */
  number(name: string, max: number = COUNT_MAX): number {
    return this.#number(name, this.word(name), /^\d+$/, 10, max);
  }

  /** The same in hexadecimal. */
  hex(name: string): number {
    return this.#number(name, this.word(name), /^[0-9a-f]+$/, 16, COUNT_MAX);
  }

  /** Numbers with commas between. */
  numbers(name: string): number[] {
    return this.word(name)
      .split(",")
      .map((word) => this.#number(name, word, /^\d+$/, 10, COUNT_MAX));
  }

  word(name: string): string {
    const value = this.#fields.get(name);
    if (value === undefined || value === "") throw this.error(`${name}=`);
    return value;
  }

  /** Frame numbers of blocks of an order, in the zone. */
  frames({ startPfn, endPfn }: { startPfn: number; endPfn: number }, order: number): number[] {
    return this.#values.map(({ text, column }) => {
      const pfn = /^[0-9a-f]{1,10}$/.test(text) ? Number.parseInt(text, 16) : -1;
      if (pfn < 0) throw this.error("a frame number", shown(text), column);
      if (pfn % 2 ** order !== 0)
        throw this.error(`a multiple of 0x${(2 ** order).toString(16)}`, text, column);
      if (pfn < startPfn || pfn + 2 ** order > endPfn) throw this.error("a block of this zone", text, column);
      return pfn;
    });
  }

  /** `type*count` of pageblocks in a row. */
  runs(): [number, number][] {
    return this.#values.map(({ text, column }) => {
      const [, type, count] = /^(\d+)\*(\d+)$/.exec(text) ?? [];
      if (type === undefined || !isBlockType(Number(type)) || Number(count) > COUNT_MAX) {
        throw this.error("type*count of pageblocks", shown(text), column);
      }
      return [Number(type), Number(count)];
    });
  }

  #number(name: string, word: string, pattern: RegExp, radix: number, max: number): number {
    const value = pattern.test(word) ? Number.parseInt(word, radix) : Number.NaN;
    if (value <= max) return value;
    const column = this.#text.indexOf(` ${name}=`) + name.length + 3;
    throw this.error(`${name}= a whole number up to ${max}`, shown(word), column);
  }
}

function isBlockType(type: number): boolean {
  return type < MIGRATE_TYPES || type === HOLE_TYPE;
}
