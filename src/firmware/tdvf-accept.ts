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

/** Accepts a region on CPU 0 (BspAcceptMemoryResourceRange); an empty one is none. */
export function bspAccept(start: number, end: number, sink: FirmwareAccept): void {
  if (start < end) sink.firmwareAccept(start, end, 0);
}

/**
 * Accepts a region on all CPUs (MpAcceptMemoryResourceRange). CPU 0 does what is not aligned,
 * and everything of a region that is not longer than a chunk. Of the chunks a CPU takes those with
 * number cpu, cpu + cpus, cpu + 2 * cpus, ... from the start of the region.
 */
export function mpAccept(range: AddressRange, cpus: number, sink: FirmwareAccept): void {
  const start = Math.min(roundUp(range.start, ACCEPT_PAGE_SIZE), range.end);
  bspAccept(range.start, start, sink);
  if (range.end - start <= ACCEPT_CHUNK_SIZE) {
    bspAccept(start, range.end, sink);
    return;
  }
  const end = roundDown(range.end, ACCEPT_PAGE_SIZE);
  // Round by round, as time goes. CPU 0 last in each: the others start when it wakes them, before
  // it does its own share.
  const chunks = Math.ceil((end - start) / ACCEPT_CHUNK_SIZE);
  for (let round = 0; round * cpus < chunks; round++) {
    for (let turn = 1; turn <= cpus; turn++) {
      const cpu = turn % cpus;
      const chunk = start + ACCEPT_CHUNK_SIZE * (round * cpus + cpu);
      if (chunk < end) sink.firmwareAccept(chunk, Math.min(chunk + ACCEPT_CHUNK_SIZE, end), cpu);
    }
  }
  bspAccept(end, range.end, sink);
  sink.firmwareBarrier?.();
}
