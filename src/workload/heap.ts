import { growColumns, newColumns } from "../columns.js";

const FIRST_ROWS = 64;
const HEAP_COLUMNS = { key: "f64", place: "f64", what: "f64" } as const;

/** Numbers by a key, the lowest first; of equal keys the one with the lower place. */
export class Heap {
  size = 0;
  readonly #rows = newColumns(HEAP_COLUMNS, FIRST_ROWS);

  /** The first entry; the heap must not be empty. */
  get first(): number {
    return this.#rows.what[0]!;
  }

  /** Infinity where there is nothing. */
  get firstKey(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.#rows.key[0]!;
  }

  push(what: number, key: number, place = 0): void {
    if (this.size === this.#rows.what.length) growColumns(HEAP_COLUMNS, this.#rows);
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isAfter(parent, key, place)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, what, key, place);
  }

  replaceFirst(key: number, place: number): void {
    this.#sink(this.first, key, place);
  }

  pop(): number {
    const { what, key, place } = this.#rows;
    const { first } = this;
    this.size--;
    this.#sink(what[this.size]!, key[this.size]!, place[this.size]!);
    return first;
  }

  #sink(what: number, key: number, place: number): void {
    const rows = this.#rows;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      const other = child + 1;
      if (other < this.size && this.#isAfter(child, rows.key[other]!, rows.place[other]!)) child = other;
      if (!this.#isBefore(child, key, place)) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, what, key, place);
  }

  #isAfter(at: number, key: number, place: number): boolean {
    return this.#rows.key[at]! > key || (this.#rows.key[at] === key && this.#rows.place[at]! > place);
  }

  #isBefore(at: number, key: number, place: number): boolean {
    return this.#rows.key[at]! < key || (this.#rows.key[at] === key && this.#rows.place[at]! < place);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#rows.what[from]!, this.#rows.key[from]!, this.#rows.place[from]!);
  }

  #put(at: number, what: number, key: number, place: number): void {
    this.#rows.what[at] = what;
    this.#rows.key[at] = key;
    this.#rows.place[at] = place;
  }
}
