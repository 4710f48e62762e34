import type { CocoPlatform } from "../../coco/platform.js";
import { TABLE_HEADER_BYTES, UnacceptedTable } from "../../efistub/unaccepted-table.js";
import { HIGH_RAM_START } from "../../firmware/q35.js";
import type { Booted } from "../../guest/state.js";
import { kernelTable } from "../../guest/strategy.js";
import {
  mapMemory,
  memmapBytes,
  memoryBlockBytes,
  onlinePages,
  populateMemmap,
} from "../../memory-hotplug/online-pages.js";
import { ZoneType } from "../../mm/zones.js";
import { GfpMask, type MemoryAcceptor, NO_PAGE, withTouch } from "../../page-alloc/index.js";
import { CostEvent } from "../../sim/cost-events.js";
import { GuestEnded } from "../../sim/guest-ended.js";
import {
  type AddressRange,
  asPhys,
  formatBytes,
  GiB,
  MiB,
  PAGE_SIZE,
  PHYSICAL_ADDRESS_END,
  roundUp,
  UNIT_SIZE,
} from "../../units.js";
import type { Feature } from "../feature.js";
import type { HotplugPlan, HotplugResult } from "./result.js";

/** A bit of the bitmap for each unit. */
const BYTES_PER_BITMAP_BYTE: number = 8 * UNIT_SIZE;

/** What virtio-mem plugs in at a time: a huge page of the host by default (QEMU hw/virtio/virtio-mem.c: virtio_mem_default_block_size). */
const SUB_BLOCK_BYTES: number = 2 * MiB;

/** A memory device that is plugged in after the boot, and before the workload that follows. */
export const hotplug: Feature<"hotplug", HotplugPlan, HotplugResult> = {
  name: "hotplug",
  begin: (up, plan) => (plan === undefined ? undefined : new Hotplug(plan, up)),
};

/**
 * A memory device is plugged into the guest while it runs, and all of it goes online at once on the boot
 * CPU (6.12 drivers/acpi/acpi_memhotplug.c, mm/memory_hotplug.c: add_memory_resource with
 * memhp_default_state=online, into ZONE_NORMAL unless the command line says `online_movable`). The VMM
 * puts it after the guest's RAM, at the next multiple of 1 GiB (QEMU hw/i386/pc.c:
 * pc_get_device_memory_range).
 */
class Hotplug {
  readonly #plan: HotplugPlan;
  readonly #target: Booted;
  readonly #range: AddressRange;
  readonly #blockBytes: number;
  #reason: string | undefined = undefined;
  #refused = false;
  #done = false;
  #memmapBytes = 0;
  #acceptedOnlineBytes = 0;
  #timeNs = 0;

  constructor(plan: HotplugPlan, target: Booted) {
    const { hotplugWindow: window, ram } = target.guest;
    const start = window?.start ?? roundUp(Math.max(HIGH_RAM_START, ram.at(-1)!.end), GiB);
    this.#plan = plan;
    this.#target = target;
    this.#range = { start, end: start + plan.memoryBytes };
    this.#blockBytes = memoryBlockBytes(target.kernel.early.maxPfn * PAGE_SIZE);
  }

  get result(): HotplugResult {
    const { start } = this.#range;
    const addedBytes = this.#target.kernel.pluggedBytes;
    const end = start + addedBytes;
    const usable = this.#target.guest.platform.usableBytesIn(start, end);
    const reason = this.#done ? this.#reason : "the guest ended on the way";
    return {
      acceptance: this.#plan.acceptance,
      outcome: this.#refused ? "refused" : reason === undefined ? "online" : "failed",
      ...(reason === undefined ? {} : { reason }),
      blockBytes: this.#blockBytes,
      addedBytes,
      memmapBytes: this.#memmapBytes,
      acceptedOnlineBytes: this.#acceptedOnlineBytes,
      unacceptedBytes: end - start - usable,
      timeNs: Math.round(this.#timeNs),
    };
  }

  /** @throws GuestEnded when no page is left for the direct map */
  run(): void {
    const { clock } = this.#target.guest;
    this.#reason = this.#refusal();
    this.#refused = this.#reason !== undefined;
    this.#done = this.#refused;
    if (this.#refused) return;
    clock.joinAll();
    const startNs = clock.bootCpuNs;
    this.#reason = this.#add();
    if (this.#reason === undefined) this.#online();
    clock.settle(0);
    this.#timeNs = clock.bootCpuNs - startNs;
    this.#done = true;
  }

  /**
   * The VMM has the slots and the room that it was started with (QEMU hw/mem/pc-dimm.c: pc_dimm_get_free_slot,
   * hw/mem/memory-device.c: memory_device_check_addable). Nothing has an address of more than 52 bits. A host gives guests only memory that it has; where it does
   * not look, also such that is no TDX memory.
   */
  #refusal(): string | undefined {
    const { guest, tdxModule } = this.#target;
    const { room } = guest;
    if (room !== undefined) {
      const roomBytes = room.maxMemoryBytes - room.memoryBytes;
      if (roomBytes === 0)
        return "The VMM has no room for memory devices: vmm.maxMemory is what the guest has.";
      // A device of virtio-mem takes no slot.
      if (room.slots === 0 && this.#plan.acceptance !== "sub-block")
        return "The VMM has no slot for a memory device: vmm.slots is 0.";
      if (this.#plan.memoryBytes > roomBytes) {
        return `The VMM has room for ${formatBytes(roomBytes)} of memory devices, by vmm.maxMemory.`;
      }
    }
    if (this.#range.end > PHYSICAL_ADDRESS_END) {
      return `It would end at 0x${this.#range.end.toString(16)}, and addresses have 52 bits.`;
    }
    const hasBytes = guest.host.limitBytes;
    const wantedBytes = guest.options.memoryBytes + this.#plan.memoryBytes;
    if (wantedBytes <= hasBytes) return undefined;
    const refused = tdxModule?.hotplug.find(({ accepted }) => !accepted)?.reason;
    const why = refused === undefined ? "" : ` ${refused}`;
    const guests = `${guest.platform.type.title} guests`;
    const more = formatBytes(wantedBytes - hasBytes);
    return `The host has ${formatBytes(hasBytes)} for ${guests}.${why} With this memory the guest would have ${more} more.`;
  }

  /** Everything that needs memory of the guest's own; the reason why there is too little. */
  #add(): string | undefined {
    const { guest, kernel } = this.#target;
    const { start, end } = this.#range;
    if ((end - start) % this.#blockBytes !== 0) {
      return `the kernel adds memory in blocks of ${formatBytes(this.#blockBytes)}, and ${formatBytes(end - start)} is no multiple`;
    }
    this.#memmapBytes = populateMemmap(kernel.allocator, this.#range);
    if (this.#memmapBytes < memmapBytes(this.#range)) {
      const wanted = formatBytes(memmapBytes(this.#range));
      return `struct pages take ${wanted}, of which the guest had ${formatBytes(this.#memmapBytes)}`;
    }
    const { earlyMap } = kernel.early;
    mapMemory(earlyMap, this.#range);
    guest.host.plugIn(end - start);
    if (this.#plan.acceptance === "lazy" && guest.platform.type.isConfidential && !this.#growBitmap()) {
      return "no page is left for a longer bitmap";
    }
    if (this.#plan.acceptance === "assumed") {
      kernel.assumesAccepted = true;
      kernel.allocator.acceptor = endingAtTouch(kernel.allocator.acceptor, this.#range, guest.platform);
    }
    if (guest.behaviour.flagsPages !== true) {
      guest.host.bitmapBytes = this.#target.acceptance.table?.bitmapBytes ?? 0;
    }
    guest.host.directMapBytes = earlyMap.tables.total * PAGE_SIZE;
    return undefined;
  }

  /**
   * The kernel's record of unaccepted memory from now on: the table, where it has room for a reported window;
   * else a longer copy, while the firmware's stays where it is.
   */
  #growBitmap(): boolean {
    const { guest, kernel, acceptance, faults } = this.#target;
    const { start, end } = this.#range;
    if (acceptance.table?.covers(start, end) === true) {
      acceptance.table.setMemory(start, end);
      return true;
    }
    const empty = (): UnacceptedTable =>
      new UnacceptedTable(start, Math.ceil((end - start) / BYTES_PER_BITMAP_BYTE));
    const table = (acceptance.table ?? kernelTable(guest.behaviour, empty())!).withMemory(start, end);
    const bitmapBytes = guest.behaviour.flagsPages === true ? 0 : TABLE_HEADER_BYTES + table.bitmapBytes;
    const pages = Math.ceil(bitmapBytes / PAGE_SIZE);
    for (let page = 0; page < pages; page++) {
      if (kernel.allocator.allocPages(GfpMask.KERNEL, 0, 0, 0) === NO_PAGE) return false;
    }
    acceptance.table = table;
    if (faults !== undefined) faults.table = table;
    return true;
  }

  /**
   * Each plugged sub-block of a block, before its pages are free: set_memory_encrypted() asks the host for private
   * memory and accepts it.
   */
  #encrypt(block: AddressRange): void {
    const { guest, kernel } = this.#target;
    const { clock, kernelAccept, platform } = guest;
    const { earlyMap } = kernel.early;
    for (let { start } = block; start < block.end; start += SUB_BLOCK_BYTES) {
      const end = start + SUB_BLOCK_BYTES;
      platform.askForPrivate(start, end);
      kernelAccept.acceptMemory(asPhys(start), asPhys(end));
      earlyMap.setPrivateAgain(platform.type.statusChange === "prepare", kernel.cpuNodes.length);
      earlyMap.charge(clock.ledger);
      this.#acceptedOnlineBytes += SUB_BLOCK_BYTES;
    }
  }

  /** Block by block (walk_memory_blocks, memory_block_online). */
  #online(): void {
    const { guest, kernel } = this.#target;
    const { clock, kernelAccept } = guest;
    const { onlineMovable } = kernel.early.options;
    const zone = onlineMovable ? ZoneType.MOVABLE : ZoneType.NORMAL;
    for (let { start } = this.#range; start < this.#range.end; start += this.#blockBytes) {
      const block = { start, end: start + this.#blockBytes };
      clock.begin(0);
      if (this.#plan.acceptance === "online") {
        kernelAccept.acceptMemory(asPhys(block.start), asPhys(block.end));
        this.#acceptedOnlineBytes += this.#blockBytes;
      }
      if (this.#plan.acceptance === "sub-block") this.#encrypt(block);
      clock.ledger.charge(CostEvent.initStructPage, this.#blockBytes / PAGE_SIZE);
      onlinePages(kernel, block, zone);
      kernel.pluggedBytes += this.#blockBytes;
      clock.settle(0);
    }
  }
}

/**
 * Allocations while the kernel takes some memory for accepted that is not: the first touch of a page
 * there, which is its first use, ends the guest. Linux panics at a #VE for private memory
 * (6.12 arch/x86/coco/tdx/tdx.c: virt_exception_kernel) and has no answer to #VC for a page that was not
 * validated (arch/x86/coco/sev/core.c: vc_handle_exitcode).
 */
function endingAtTouch(
  acceptor: MemoryAcceptor,
  range: AddressRange,
  platform: CocoPlatform,
): MemoryAcceptor {
  return withTouch(acceptor, (start, sizeBytes) => {
    if (start < range.start || start >= range.end) {
      acceptor.touch?.(start, sizeBytes);
      return;
    }
    const outcome = platform.access(start, start + PAGE_SIZE);
    if (outcome === "ok") return;
    const what =
      outcome === "td-exit"
        ? "the TD is left for good"
        : "the exception is one that the kernel has no answer to";
    throw new GuestEnded(
      "terminated",
      `page 0x${start.toString(16)} was plugged in and taken for accepted, but is not: at its first touch ${what}`,
    );
  });
}
