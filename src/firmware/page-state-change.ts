/**
 * How OVMF batches the page state changes of SEV-SNP: an entry for each page goes into a buffer,
 * and a full buffer to the host in as many exits as the shared GHCB page needs (edk2 c5aa7e7
 * OvmfPkg/Library/BaseMemEncryptSevLib/X64/SnpPageStateChangeInternal.c: BuildPageStateBuffer).
 */

import { type AddressRange, MiB, PAGE_SIZE, roundDown, roundUp } from "../units.js";

const HEADER_BYTES = 8;
const ENTRY_BYTES = 8;
const LARGE_PAGE: number = 2 * MiB;

/** Entries that one exit carries: the GHCB's shared buffer of 2032 bytes. */
const ENTRIES_PER_EXIT: number = (2032 - HEADER_BYTES) / ENTRY_BYTES;

/** Entries of a buffer: what fits, and of that whole exits when it is more than one. */
export function pscBufferEntries(bufferBytes: number): number {
  const fit = Math.floor((bufferBytes - HEADER_BYTES) / ENTRY_BYTES);
  return fit < ENTRIES_PER_EXIT ? fit : roundDown(fit, ENTRIES_PER_EXIT);
}

/** Buffer of the first phase (SEC), in the early work area of 1024 bytes. */
export const SEC_BUFFER_ENTRIES: number = pscBufferEntries(1024);
/** Buffer of the later phases (PEI, DXE): a page. */
export const DXE_BUFFER_ENTRIES: number = pscBufferEntries(PAGE_SIZE);

/** The part of a range that goes into one buffer. */
export interface PscBuffer extends AddressRange {
  /** Of 2 MiB where an address is aligned and that much of the range is left, otherwise of 4 KiB. */
  readonly entries: number;
  /** Times the guest exits to the host with it. */
  readonly vmgexits: number;
}

/** Splits a range of whole pages into the buffers it fills. */
export function pscBuffers(range: AddressRange, bufferEntries: number): PscBuffer[] {
  const largeStart = Math.min(roundUp(range.start, LARGE_PAGE), range.end);
  const largeEnd = roundDown(range.end, LARGE_PAGE);
  const buffers: PscBuffer[] = [];
  for (let start = range.start; start < range.end; ) {
    let end = start;
    let room = bufferEntries;
    const fill = (until: number, pageSize: number): void => {
      const entries = Math.min(room, Math.max(0, until - end) / pageSize);
      room -= entries;
      end += entries * pageSize;
    };
    fill(largeStart, PAGE_SIZE);
    fill(largeEnd, LARGE_PAGE);
    fill(range.end, PAGE_SIZE);
    const entries = bufferEntries - room;
    buffers.push({ start, end, entries, vmgexits: Math.ceil(entries / ENTRIES_PER_EXIT) });
    start = end;
  }
  return buffers;
}
