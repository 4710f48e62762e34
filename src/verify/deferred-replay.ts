import type { DeferredArea, Kernel } from "../guest/kernel.js";
import { deferredInitChunk, deferredJobs, padataChunks } from "../mm/deferred-init.js";
import { asPfn } from "../units.js";

/** What the model frees in one go: blocks of order 10 one by one, a run of single pages whole. */
interface Piece {
  readonly startPfn: number;
  readonly pages: number;
  readonly single: boolean;
}

/** A chunk of a node's work that one thread does in order. */
interface Chunk {
  readonly pieces: readonly Piece[];
  next: number;
}

/**
 * Deferred initialisation at the pace of a log. What is freed and in which order within a chunk
 * comes from the model; that threads of several nodes and other kernel threads take turns, and
 * when, is taken from the log.
 */
export class DeferredReplay {
  /** Times the log goes on with another chunk than the one before it left unfinished. */
  interleavings = 0;
  readonly #kernel: Kernel;
  readonly #chunks: readonly Chunk[];
  #current: Chunk | undefined = undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#chunks = kernel.deferredAreas.flatMap((area) => chunksOf(area, kernel.cpuNodes));
    kernel.allocator.growZone = undefined;
  }

  /** Frees the piece that starts at a frame, if it is next in its chunk. Pages inside a run do nothing. */
  step(pfn: number): void {
    const due = (chunk: Chunk | undefined): boolean => chunk?.pieces[chunk.next]?.startPfn === pfn;
    const chunk = due(this.#current) ? this.#current : this.#chunks.find(due);
    if (chunk === undefined) return;
    if (this.#current !== undefined && chunk !== this.#current) {
      if (this.#current.next < this.#current.pieces.length) this.interleavings++;
    }
    this.#current = chunk;
    this.#release(chunk.pieces[chunk.next++]!);
  }

  /** Frees what the log did not mention, so that the model is complete. */
  finish(): void {
    for (const chunk of this.#chunks) {
      while (chunk.next < chunk.pieces.length) this.#release(chunk.pieces[chunk.next++]!);
    }
  }

  #release({ startPfn, pages, single }: Piece): void {
    if (single) this.#kernel.release.singlePages(asPfn(startPfn), pages);
    else this.#kernel.release.maxOrderRun(asPfn(startPfn), 1);
  }
}

function chunksOf(area: DeferredArea, cpuNodes: readonly number[]): Chunk[] {
  const threads = cpuNodes.filter((nodeId) => nodeId === area.nodeId).length;
  return deferredJobs(area.free, area.firstDeferredPfn)
    .flatMap((job) => padataChunks(job, threads).chunks)
    .map((span) => {
      const pieces: Piece[] = [];
      deferredInitChunk(area.free, span, {
        maxOrderBlocks: (startPfn, blocks) => {
          for (let block = 0; block < blocks; block++) {
            pieces.push({ startPfn: startPfn + block * 1024, pages: 1024, single: false });
          }
        },
        singlePages: (startPfn, pages) => pieces.push({ startPfn, pages, single: true }),
      });
      return { pieces, next: 0 };
    });
}
