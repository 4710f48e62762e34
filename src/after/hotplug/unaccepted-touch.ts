import type { CocoPlatform } from "../../coco/platform.js";
import type { MemoryAcceptor } from "../../page-alloc/index.js";
import { GuestEnded } from "../../sim/guest-ended.js";
import { type AddressRange, PAGE_SIZE, type PhysAddr } from "../../units.js";

/**
 * What the allocator hands out while the kernel takes some memory for accepted that is not: the first
 * touch of a page there, which is its first use, is the end. Linux panics at a #VE for private memory
 * (6.12 arch/x86/coco/tdx/tdx.c: virt_exception_kernel) and has no answer to #VC for a page that was not
 * validated (arch/x86/coco/sev/core.c: vc_handle_exitcode).
 */
export class TouchesUnaccepted implements MemoryAcceptor {
  readonly #inner: MemoryAcceptor;
  readonly #range: AddressRange;
  readonly #platform: CocoPlatform;

  /** @param inner what accepts and is told of touches elsewhere */
  constructor(inner: MemoryAcceptor, range: AddressRange, platform: CocoPlatform) {
    this.#inner = inner;
    this.#range = range;
    this.#platform = platform;
  }

  acceptMemory(start: PhysAddr, sizeBytes: number): void {
    this.#inner.acceptMemory(start, sizeBytes);
  }

  /** @throws GuestEnded */
  touch(start: PhysAddr, sizeBytes: number): void {
    const { start: first, end } = this.#range;
    if (start < first || start >= end) {
      this.#inner.touch?.(start, sizeBytes);
      return;
    }
    const outcome = this.#platform.access(start, start + PAGE_SIZE);
    if (outcome === "ok") return;
    const what =
      outcome === "td-exit"
        ? "the TD is left for good"
        : "the exception is one that the kernel has no answer to";
    throw new GuestEnded(
      "terminated",
      `page 0x${start.toString(16)} was plugged in and taken for accepted, but is not: at its first touch ${what}`,
    );
  }
}
