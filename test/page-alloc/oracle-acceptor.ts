import type { BootAcceptor } from "../../src/page-alloc/release.js";

const UNIT = 2 ** 21;

/** The acceptance bitmap as an array of booleans (drivers/firmware/efi/unaccepted_memory.c, 6.12). */
export class NaiveAcceptor implements BootAcceptor {
  readonly #base: number;
  readonly #unaccepted: boolean[];
  /** Every call, start and size in turn. */
  readonly calls: number[] = [];

  constructor(startPfn: number, endPfn: number) {
    this.#base = Math.ceil((startPfn * 4096) / UNIT) * UNIT;
    const units = Math.max(0, Math.floor((endPfn * 4096 - this.#base) / UNIT));
    this.#unaccepted = Array.from({ length: units }, () => true);
  }

  acceptMemory(start: number, sizeBytes: number): void {
    this.calls.push(start, sizeBytes);
    for (const unit of this.#units(start, sizeBytes)) this.#unaccepted[unit] = false;
  }

  acceptBlocks(): number {
    return 0;
  }

  rangeContainsUnaccepted(start: number, sizeBytes: number): boolean {
    return this.#units(start, sizeBytes).some((unit) => this.#unaccepted[unit]);
  }

  unacceptedRunLength(startPfn: number, blocks: number): number {
    const blockBytes = 4 * 2 ** 20;
    const answer = this.rangeContainsUnaccepted(startPfn * 4096, blockBytes);
    for (let run = 1; run < blocks; run++) {
      if (this.rangeContainsUnaccepted(startPfn * 4096 + run * blockBytes, blockBytes) !== answer) return run;
    }
    return blocks;
  }

  /** Units of a range, and one more where it ends on a border of units: the guard. */
  #units(start: number, sizeBytes: number): number[] {
    let end = start + sizeBytes;
    if (end < this.#base) return [];
    const from = Math.max(start, this.#base) - this.#base;
    end -= this.#base;
    if (end % UNIT === 0) end += UNIT;
    const units: number[] = [];
    for (
      let unit = Math.floor(from / UNIT);
      unit < Math.ceil(end / UNIT) && unit < this.#unaccepted.length;
      unit++
    ) {
      units.push(unit);
    }
    return units;
  }
}
