/**
 * Memory that the firmware does not put into its map but describes as ACPI memory devices that are
 * there from the start. The kernel adds them as if they had been plugged in, block by block, and a
 * method of the firmware (PRM) accepts each block as it goes online; so kernels that never heard of
 * unaccepted memory get all of it. Proposed in place of the protocol between firmware and kernel
 * ("[PATCH v7 6/6] x86/efi: Safely enable unaccepted memory in UEFI" and its thread, April
 * 2023), never built, so two things are assumptions: the call itself costs nothing beside the
 * acceptance, and memory goes online as ZONE_MOVABLE (memhp_default_state=online_movable), so that
 * struct pages and everything else of the kernel stay in memory of the map. That user pages could
 * use it is left out.
 */

import { type E820Entry, E820Type } from "../efistub/setup-e820.js";
import { Gfp, GfpMask } from "../page-alloc/gfp.js";
import { NO_PAGE } from "../page-alloc/page-frames.js";
import { CostEvent } from "../sim/cost-events.js";
import { type AddressRange, GiB, MiB, PAGE_SIZE, roundDown, roundUp } from "../units.js";
import type { Guest } from "./guest.js";
import type { Kernel } from "./kernel.js";

const PAGE_STRUCT_BYTES = 64;
/** vmemmap is made of pages of 2 MiB (arch/x86/mm/init_64.c: vmemmap_populate). */
const VMEMMAP_ORDER = 9;
const VMEMMAP_PAGE: number = 2 ** VMEMMAP_ORDER * PAGE_SIZE;
/** mm/sparse-vmemmap.c: vmemmap_alloc_block. */
const VMEMMAP_GFP: number = GfpMask.KERNEL | Gfp.RETRY_MAYFAIL | Gfp.NOWARN | Gfp.ZERO;

/** What came of the devices; bytes. */
export interface AcpiMemory {
  /** Memory that went online. */
  onlineBytes: number;
  /** Memory that the kernel had from its map already, and left alone. */
  knownBytes: number;
  /** Memory that found no room for its struct pages, or is no whole block. */
  failedBytes: number;
}

/**
 * The unit in which memory is added and goes online: 128 MiB, in guests with 64 GiB or more at boot
 * the largest up to 2 GiB that the end of memory is a multiple of (arch/x86/mm/init_64.c:
 * probe_memory_block_size).
 *
 * @param bootEnd end of the memory that the kernel knows at boot
 */
export function memoryBlockBytes(bootEnd: number): number {
  if (bootEnd < 64 * GiB) return 128 * MiB;
  let block = 2 * GiB;
  while (block > 128 * MiB && bootEnd % block !== 0) block /= 2;
  return block;
}

/**
 * acpi_init(): looks at each device on the boot CPU. Memory that is RAM in the map is there already, and
 * adding it fails (kernel/resource.c: request_region finds a conflict; drivers/acpi/acpi_memhotplug.c:
 * acpi_memory_enable_device takes that for success); a kernel that does not look accepts it a second
 * time.
 *
 * @param checks whether the kernel looks into its map first
 * @throws DoubleAcceptError where the platform finds out
 */
export function enableAcpiMemory(
  guest: Guest,
  { allocator }: Kernel,
  devices: readonly AddressRange[],
  map: readonly E820Entry[],
  checks: boolean,
): AcpiMemory {
  const { clock, meter } = guest;
  const ram = map.filter(({ type }) => type === E820Type.RAM);
  const blockBytes = memoryBlockBytes(Math.max(...ram.map(({ end }) => end)));
  const result: AcpiMemory = { onlineBytes: 0, knownBytes: 0, failedBytes: 0 };
  for (const device of devices) {
    if (checks && ram.some(({ start, end }) => start < device.end && device.start < end)) {
      result.knownBytes += device.end - device.start;
      continue;
    }
    const first = roundUp(device.start, blockBytes);
    let start = first;
    for (; start + blockBytes <= roundDown(device.end, blockBytes); start += blockBytes) {
      const pages = blockBytes / PAGE_SIZE;
      if (!allocateStructPages((pages * PAGE_STRUCT_BYTES) / VMEMMAP_PAGE)) break;
      clock.ledger.charge(CostEvent.initStructPage, pages);
      meter.prmAccept(start, start + blockBytes);
      clock.settle(0);
    }
    result.onlineBytes += start - first;
    result.failedBytes += device.end - device.start - (start - first);
  }
  return result;

  function allocateStructPages(largePages: number): boolean {
    for (let page = 0; page < largePages; page++) {
      if (allocator.allocPages(VMEMMAP_GFP, VMEMMAP_ORDER, 0, 0) === NO_PAGE) return false;
    }
    return true;
  }
}
