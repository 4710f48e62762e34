/**
 * Memory that the firmware does not put into its map but describes as ACPI memory devices that are
 * there from the start. The kernel adds them as if they had been plugged in, block by block, and a
 * method of the firmware (PRM) accepts each block as it goes online; so kernels that never heard of
 * unaccepted memory get all of it. Proposed in place of the protocol between firmware and kernel
 * ("[PATCH v7 6/6] x86/efi: Safely enable unaccepted memory in UEFI" and its thread, April
 * 2023), never built, so two things are assumptions: the call itself costs nothing besides the
 * acceptance, and memory goes online as ZONE_MOVABLE (memhp_default_state=online_movable), so that
 * struct pages and everything else of the kernel stay in memory of the map.
 */

import type { AcceptMeter } from "../accept/accept-meter.js";
import { type E820Entry, E820Type } from "../efistub/setup-e820.js";
import type { GuestMemory } from "../host/guest-memory.js";
import { ZoneType } from "../mm/zones.js";
import { CostEvent } from "../sim/cost-events.js";
import type { GuestClock } from "../sim/guest-clock.js";
import { type AddressRange, PAGE_SIZE, roundDown, roundUp } from "../units.js";
import type { EarlyBoot } from "../x86/early-machine.js";
import {
  mapMemory,
  memmapBytes,
  memoryBlockBytes,
  type OnlineTarget,
  onlinePages,
  populateMemmap,
} from "./online-pages.js";

export interface AcpiMachine {
  readonly clock: GuestClock;
  readonly meter: AcceptMeter;
  readonly host: GuestMemory;
}

/** Bytes. */
export interface AcpiMemory {
  onlineBytes: number;
  /** Memory that the kernel had from its map already, and left alone. */
  knownBytes: number;
  /** Memory that found no room for its struct pages, or is not a whole block. */
  failedBytes: number;
}

/**
 * acpi_init(): looks at each device on the boot CPU. Memory that is RAM in the map is there already, and
 * adding it fails (kernel/resource.c: request_region finds a conflict; drivers/acpi/acpi_memhotplug.c:
 * acpi_memory_enable_device takes that for success); a kernel that does not look before it calls the method
 * has it accepted a second time. A TDX firmware only warns of pages that are accepted, so there the
 * kernel's own accept of the rest, when it comes, is the second one.
 *
 * @param options.checks whether the kernel looks into its map first
 * @param options.blockBytes unit in which memory goes online; absent: as the kernel chooses
 * @throws DoubleAcceptError where the platform finds out
 */
export function enableAcpiMemory(
  { clock, meter, host }: AcpiMachine,
  kernel: OnlineTarget & { readonly early: EarlyBoot },
  devices: readonly AddressRange[],
  map: readonly E820Entry[],
  options: { readonly checks: boolean; readonly blockBytes: number | undefined },
): AcpiMemory {
  const { allocator, early } = kernel;
  const ram = map.filter(({ type }) => type === E820Type.RAM);
  const blockBytes = options.blockBytes ?? memoryBlockBytes(Math.max(...ram.map(({ end }) => end)));
  const result: AcpiMemory = { onlineBytes: 0, knownBytes: 0, failedBytes: 0 };
  for (const device of devices) {
    if (ram.some(({ start, end }) => start < device.end && device.start < end)) {
      if (!options.checks) meter.prmAccept(device.start, device.end);
      result.knownBytes += device.end - device.start;
      continue;
    }
    const first = roundUp(device.start, blockBytes);
    let start = first;
    for (; start + blockBytes <= roundDown(device.end, blockBytes); start += blockBytes) {
      const block = { start, end: start + blockBytes };
      if (populateMemmap(allocator, block) < memmapBytes(block)) break;
      mapMemory(early.earlyMap, block);
      clock.ledger.charge(CostEvent.initStructPage, blockBytes / PAGE_SIZE);
      meter.prmAccept(block.start, block.end);
      onlinePages(kernel, block, ZoneType.MOVABLE);
      clock.settle(0);
    }
    result.onlineBytes += start - first;
    result.failedBytes += device.end - device.start - (start - first);
  }
  host.directMapBytes = early.earlyMap.tables.total * PAGE_SIZE;
  return result;
}
