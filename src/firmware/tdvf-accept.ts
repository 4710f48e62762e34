/**
 * How TDVF, edk2's firmware for TDX, shares the acceptance of a region among its CPUs (edk2
 * c5aa7e7 OvmfPkg/IntelTdx/TdxHelperLib/SecTdxHelper.c). Which page sizes a CPU then asks for is
 * the platform's part.
 */

import { type AddressRange, MiB, roundDown, roundUp } from "../units.js";
import type { FirmwareAccept } from "./firmware.js";

/** Stretch that one CPU takes at a time (ACCEPT_CHUNK_SIZE). */
export const ACCEPT_CHUNK_SIZE: number = 32 * MiB;
/** Chunks are made of whole pages of this size (PcdTdxAcceptPageSize, its default). */
const ACCEPT_PAGE_SIZE: number = 2 * MiB;

/** What one CPU accepts of a region in chunks. */
export interface CpuChunks {
  readonly cpu: number;
  /** Chunks it takes: those with number cpu, cpu + cpus, cpu + 2 * cpus, ... from the start of the region. */
  readonly chunks: number;
  /** Bytes in them, a multiple of 2 MiB. */
  readonly sizeBytes: number;
}

/**
 * Deals a region out to all CPUs, chunk by chunk (BspApAcceptMemoryResourceRange). What is left
 * over behind the last multiple of 2 MiB is not part of it.
 */
export function acceptChunks(range: AddressRange, cpus: number): CpuChunks[] {
  const sizeBytes = roundDown(range.end - range.start, ACCEPT_PAGE_SIZE);
  const total = Math.ceil(sizeBytes / ACCEPT_CHUNK_SIZE);
  return Array.from({ length: cpus }, (_, cpu) => {
    const chunks = Math.max(0, Math.ceil((total - cpu) / cpus));
    const takesLast = total > 0 && (total - 1) % cpus === cpu;
    const missing = takesLast ? total * ACCEPT_CHUNK_SIZE - sizeBytes : 0;
    return { cpu, chunks, sizeBytes: chunks * ACCEPT_CHUNK_SIZE - missing };
  });
}

/** Accepts a region on CPU 0 (BspAcceptMemoryResourceRange); an empty one is none. */
export function bspAccept(start: number, end: number, sink: FirmwareAccept): void {
  if (start < end) sink.firmwareAccept(start, end, 0);
}

/**
 * Accepts a region on all CPUs (MpAcceptMemoryResourceRange). CPU 0 does what is not aligned,
 * and everything of a region that is not longer than a chunk.
 */
export function mpAccept(range: AddressRange, cpus: number, sink: FirmwareAccept): void {
  const start = Math.min(roundUp(range.start, ACCEPT_PAGE_SIZE), range.end);
  bspAccept(range.start, start, sink);
  if (range.end - start <= ACCEPT_CHUNK_SIZE) {
    bspAccept(start, range.end, sink);
    return;
  }
  const end = roundDown(range.end, ACCEPT_PAGE_SIZE);
  // CPU 0 last: the others start when it wakes them, before it does its own share.
  for (const { cpu, chunks } of acceptChunks({ start, end }, cpus).toReversed()) {
    for (let k = 0; k < chunks; k++) {
      const chunk = start + ACCEPT_CHUNK_SIZE * (cpu + k * cpus);
      sink.firmwareAccept(chunk, Math.min(chunk + ACCEPT_CHUNK_SIZE, end), cpu);
    }
  }
  bspAccept(end, range.end, sink);
  sink.firmwareBarrier?.();
}
