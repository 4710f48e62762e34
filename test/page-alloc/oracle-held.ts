import type { Random } from "./oracle-random.js";

export interface HeldBlock {
  readonly pfn: number;
  readonly order: number;
}

/** The blocks that are handed out, to pick one at random or the one that begins at a frame. */
export class HeldBlocks {
  readonly #blocks: HeldBlock[] = [];
  readonly #position = new Map<number, number>();

  add(pfn: number, order: number): void {
    this.#position.set(pfn, this.#blocks.length);
    this.#blocks.push({ pfn, order });
  }

  takeAny(random: Random): HeldBlock | undefined {
    return this.#blocks.length === 0 ? undefined : this.#take(random.below(this.#blocks.length));
  }

  takeFrom(pfn: number): HeldBlock | undefined {
    const position = this.#position.get(pfn);
    return position === undefined ? undefined : this.#take(position);
  }

  #take(position: number): HeldBlock {
    const taken = this.#blocks[position]!;
    const last = this.#blocks.pop()!;
    this.#position.delete(taken.pfn);
    if (last !== taken) {
      this.#blocks[position] = last;
      this.#position.set(last.pfn, position);
    }
    return taken;
  }
}
