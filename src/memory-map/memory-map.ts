/**
 * A guest's physical memory over time, as the file of `run --map` has it: which bytes were in which layer from when
 * until when, and every accept. Addresses and sizes are bytes, times whole nanoseconds since power-on.
 */

import { PAGE_SIZE } from "../units.js";

export const MEMORY_MAP_SCHEMA_VERSION = 1;
export const MEMORY_MAP_KIND = "memory map";

export interface MapPhase {
  readonly name: string;
  readonly startNs: number;
  readonly endNs: number;
}

/** Something that memory can be; layers may overlap, as memory that the host backs may be free. */
export interface MapLayer {
  readonly name: string;
  /** What it means and how it is known, in one sentence. */
  readonly what: string;
  /** To what multiple of bytes and of time the layer's areas are widened; 4096 and 0 where they are exact. */
  readonly grainBytes: number;
  readonly grainNs: number;
  /** Most bytes that were in it at once, and those when the run ended: exact, whatever the grain. */
  readonly peakBytes: number;
  readonly endBytes: number;
}

/** Bytes [start, end) were in a layer of that index in [fromNs, untilNs). */
export type MapArea = readonly [layer: number, start: number, end: number, fromNs: number, untilNs: number];

export interface MapAccept {
  /** Counted from 1, in the order in which they were simulated; CPUs run ahead of one another, so times may step back. */
  readonly n: number;
  /** When it was done. */
  readonly atNs: number;
  readonly cpu: number;
  readonly start: number;
  readonly bytes: number;
  /** Name of the layer that the memory went to. */
  readonly by: string;
}

export interface MemoryMapFile {
  readonly schemaVersion: number;
  readonly kind: typeof MEMORY_MAP_KIND;
  /** "tdx lazy 16 GiB". */
  readonly name: string;
  /** Identity of the row: scenario, platform, policy, kernel, memoryBytes, vcpus, workload; and how the run ended. */
  readonly run: Readonly<Record<string, unknown>>;
  readonly endNs: number;
  /** End of the guest-physical memory that is drawn. */
  readonly spanBytes: number;
  /** The coarsest of all layers. */
  readonly grainBytes: number;
  readonly grainNs: number;
  readonly phases: readonly MapPhase[];
  readonly layers: readonly MapLayer[];
  /** By layer, address and time. */
  readonly areas: readonly MapArea[];
  /** How many accepts there were; `accepts` has each `acceptsEvery`-th of them, and the last. */
  readonly acceptsTotal: number;
  readonly acceptsEvery: number;
  readonly accepts: readonly MapAccept[];
}

/** Blocks on the free lists of a zone, of one migratetype, by order. */
export interface FreeList {
  readonly node: number;
  readonly zone: string;
  readonly migratetype: string;
  readonly blocks: readonly number[];
}

export type ByteRange = readonly [start: number, end: number];

/** What memory looks like after the n-th accept: when the next one begins, or the run has ended. */
export interface MemoryState {
  /** 0: before the first. */
  readonly n: number;
  readonly atNs: number;
  /** Empty before the page allocator has memory. */
  readonly freeLists: readonly FreeList[];
  /** Blocks that the page allocator keeps until somebody accepts them. */
  readonly unaccepted: readonly ByteRange[];
  /** Units that the kernel's record still calls unaccepted. */
  readonly bitmap: readonly ByteRange[];
  /** Private memory that the host has given; a plain guest's has no known addresses. */
  readonly host: readonly ByteRange[];
}

/** Whether areas are as they were, to the page and the nanosecond. */
export function isExact({ grainBytes, grainNs }: Pick<MemoryMapFile, "grainBytes" | "grainNs">): boolean {
  return grainBytes <= PAGE_SIZE && grainNs === 0;
}
