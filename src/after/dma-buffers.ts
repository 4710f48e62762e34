import type { Booted } from "../guest/state.js";
import { GfpMask, NO_PAGE } from "../page-alloc/index.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { addressOf, PAGE_SIZE, physRange } from "../units.js";
import { setMemoryShared } from "../x86/set-memory-shared.js";
import type { Feature } from "./feature.js";

/** Buffers that drivers share with the host, `guest.dmaBuffers` of them. */
export const dmaBuffers: Feature<"dmaBuffers", undefined, undefined> = {
  name: "dmaBuffers",
  begin: (up) => ({ run: () => allocDmaBuffers(up), result: undefined }),
};

/**
 * Drivers that are loaded once init runs allocate memory for their devices, a page each, which the
 * kernel shares with the host at once (6.12 kernel/dma/direct.c: dma_direct_alloc ->
 * dma_set_decrypted). All CPUs are online, and the kernel's init memory is gone.
 *
 * @throws GuestEnded when no page is left, or when the kernel asks memblock for a table
 */
function allocDmaBuffers({ guest, kernel }: Booted): void {
  const { clock, host, options } = guest;
  const { allocator, early, cpuNodes } = kernel;
  for (let at = 0; at < options.guest.dmaBuffers; at++) {
    const page = allocator.allocPages(GfpMask.KERNEL, 0, 0, 0);
    if (page === NO_PAGE) throw new GuestEnded("oom", "no page is left for a driver's DMA buffer");
    if (early.machine.memoryEncrypted) {
      const buffer = physRange(addressOf(allocator.frames.pfnOf(page)), PAGE_SIZE);
      setMemoryShared(buffer, guest, early.earlyMap, cpuNodes.length);
      host.touch(PAGE_SIZE);
    }
    clock.settle(0);
  }
}
