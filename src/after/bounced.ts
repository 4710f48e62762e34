import { SEGMENT_SLABS, SLAB_BYTES } from "../command-line/swiotlb.js";
import type { Booted } from "../guest/state.js";
import { Gfp, GfpMask, NO_PAGE } from "../page-alloc/index.js";
import { addressOf, formatBytes, MAX_ORDER_BYTES, PAGE_SIZE, physRange, roundUp } from "../units.js";
import { setMemoryShared } from "../x86/set-memory-shared.js";
import { IO_TLB_MIN_BYTES, SLOT_BYTES_PER_BYTE } from "../x86/swiotlb.js";
import type { Feature } from "./feature.js";

/** What devices have mapped through the DMA bounce buffer at once: `guest.bounced`. */
export const bounced: Feature<"bounced", undefined, undefined> = {
  name: "bounced",
  begin: (up) => ({ run: () => bounce(up), result: undefined }),
};

/** Largest further pool: the page allocator gives no more in one piece (6.12 kernel/dma/swiotlb.c: swiotlb_alloc_pool). */
const POOL_MOST_BYTES: number = MAX_ORDER_BYTES;

const SEGMENT_BYTES: number = SEGMENT_SLABS * SLAB_BYTES;
const GFP: number = GfpMask.KERNEL | Gfp.DMA32;

/**
 * The buffer fills from its start, and the host backs what is touched of it. Where a kernel with
 * CONFIG_SWIOTLB_DYNAMIC finds it full, it adds a pool, of default_nslabs or as much as the page allocator has in one
 * piece below 4 GiB, which it makes shared (swiotlb_dyn_alloc); one without it fails the mapping.
 *
 * Left out: the pool for a single mapping, from the atomic pools or of its size, with which the kernel helps itself
 * until the new one is there, and which becomes private again (swiotlb_find_slots).
 */
function bounce(up: Booted): void {
  const { guest, kernel } = up;
  const { bouncedBytes, swiotlb: when } = guest.options.guest;
  const { early } = kernel;
  if (when === "dynamic" && bouncedBytes === 0)
    early.remarks.push(
      "guest.swiotlb dynamic: nothing is bounced (guest.bounced), so the buffer never grows",
    );
  if (bouncedBytes === 0 || !early.machine.memoryEncrypted || early.swiotlb === undefined) return;
  const buffer = early.swiotlb;
  let roomBytes = buffer.end - buffer.start;
  const poolBytes = Math.min(roomBytes, POOL_MOST_BYTES);
  while (when === "dynamic" && roomBytes < bouncedBytes) {
    const added = addPool(up, poolBytes);
    if (added === 0) break;
    roomBytes += added;
  }
  if (roomBytes < bouncedBytes) {
    const missing = formatBytes(bouncedBytes - roomBytes);
    early.remarks.push(`swiotlb buffer is full: ${missing} of guest.bounced find no room`);
  }
  guest.host.touch(Math.min(bouncedBytes, roomBytes));
  guest.clock.settle(0);
}

/** Adds a pool, halved as long as the page allocator has no such piece. @returns its bytes, 0 without one of 1 MiB */
function addPool({ guest, kernel }: Booted, wantedBytes: number): number {
  const { allocator, early, cpuNodes } = kernel;
  const orderOf = (bytes: number): number => Math.ceil(Math.log2(Math.max(bytes / PAGE_SIZE, 1)));
  let bytes = wantedBytes;
  let page = allocator.allocPages(GFP, orderOf(bytes), 0, 0);
  while (page === NO_PAGE && bytes > IO_TLB_MIN_BYTES) {
    bytes = roundUp(bytes / 2, SEGMENT_BYTES);
    page = allocator.allocPages(GFP, orderOf(bytes), 0, 0);
  }
  if (page === NO_PAGE) return 0;
  setMemoryShared(
    physRange(addressOf(allocator.frames.pfnOf(page)), bytes),
    guest,
    early.earlyMap,
    cpuNodes.length,
  );
  const slots = allocator.allocPages(GfpMask.KERNEL, orderOf(bytes * SLOT_BYTES_PER_BYTE), 0, 0);
  guest.clock.settle(0);
  return slots === NO_PAGE ? 0 : bytes;
}
