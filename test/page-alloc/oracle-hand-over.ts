import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import type { BootRelease } from "../../src/page-alloc/release.js";
import { asPfn } from "../../src/units.js";
import type { Oracle } from "./oracle.js";
import type { Piece } from "./oracle-machines.js";

/** Gives both sides the same memory: early pieces at once, late ones later or when a zone grows. */
export class HandOver {
  readonly #pieces: readonly Piece[];
  readonly #allocator: PageAllocator;
  readonly #release: BootRelease;
  readonly #oracle: Oracle;
  /** What each side has been given. */
  readonly actual = new Set<Piece>();
  readonly expected = new Set<Piece>();
  /** A zone has grown on demand. */
  grown = false;

  constructor(pieces: readonly Piece[], allocator: PageAllocator, release: BootRelease, oracle: Oracle) {
    this.#pieces = pieces;
    this.#allocator = allocator;
    this.#release = release;
    this.#oracle = oracle;
    for (const piece of pieces) if (!piece.late) this.give(piece);
  }

  nextLate(): Piece | undefined {
    return this.#pieces.find((piece) => !this.expected.has(piece));
  }

  give(piece: Piece): void {
    this.#giveExpected(piece);
    this.#giveActual(piece);
  }

  /** Lets zones grow by their next late piece (deferred_grow_zone), or not. */
  growZones(on: boolean): void {
    const { zones } = this.#oracle;
    this.#oracle.growZone = on
      ? (zone) => {
          const piece = this.#nextOf(zones.indexOf(zone), this.expected);
          if (piece === undefined) return false;
          this.#giveExpected(piece);
          this.grown = true;
          return true;
        }
      : undefined;
    this.#allocator.growZone = on
      ? (zone) => {
          const piece = this.#nextOf(zone.index, this.actual);
          if (piece === undefined) return false;
          this.#giveActual(piece);
          return true;
        }
      : undefined;
  }

  #nextOf(zone: number, given: ReadonlySet<Piece>): Piece | undefined {
    return this.#pieces.find((piece) => piece.zone === zone && !given.has(piece));
  }

  #giveActual(piece: Piece): void {
    this.actual.add(piece);
    if (piece.how === "run") this.#release.maxOrderRun(asPfn(piece.pfn), piece.size);
    else if (piece.how === "block") this.#release.block(asPfn(piece.pfn), piece.size);
    else this.#release.singlePages(asPfn(piece.pfn), piece.size);
  }

  #giveExpected(piece: Piece): void {
    this.expected.add(piece);
    if (piece.how === "block") this.#oracle.releaseBlock(piece.pfn, piece.size, 0);
    else if (piece.how === "single pages") this.#oracle.releaseSinglePages(piece.pfn, piece.size, 0);
    else for (let i = 0; i < piece.size; i++) this.#oracle.releaseBlock(piece.pfn + i * 1024, 10, 0);
  }
}
