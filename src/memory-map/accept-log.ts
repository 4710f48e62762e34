import type { MapAccept } from "./memory-map.js";

/** Accepts of a run in bounded memory: where there are too many, every second one stays, and again. */
export class AcceptLog {
  readonly #max: number;
  #kept: MapAccept[] = [];
  #last: MapAccept | undefined = undefined;
  #every = 1;
  #total = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get total(): number {
    return this.#total;
  }

  get every(): number {
    return this.#every;
  }

  /** Each kept one that has a number divisible by `every`, and the last. */
  get accepts(): readonly MapAccept[] {
    const isKept = this.#last === undefined || this.#kept.at(-1) === this.#last;
    return isKept ? this.#kept : [...this.#kept, this.#last!];
  }

  add(accept: Omit<MapAccept, "n">): void {
    this.#total++;
    this.#last = { n: this.#total, ...accept };
    if (this.#total % this.#every !== 0) return;
    this.#kept.push(this.#last);
    // The last one may come on top.
    if (this.#kept.length < this.#max) return;
    this.#every *= 2;
    this.#kept = this.#kept.filter(({ n }) => n % this.#every === 0);
  }
}
