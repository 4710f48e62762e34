import { E820Type } from "../efistub/setup-e820.js";
import { panicIfNull, SMP_CACHE_BYTES } from "../memblock/memblock.js";
import { NUMA_NO_NODE } from "../memblock/regions.js";
import { type AddressRange, KiB, MiB, PAGE_SIZE, pfnDown, pfnUp, roundUp, TiB } from "../units.js";
import { isMemblockMemory, KernelE820Type, retypeRange } from "./e820-table.js";
import type { EarlyBoot, NumaBlock } from "./early-machine.js";
import { brkArea } from "./init-mem-mapping.js";

/**
 * setup_arch(): what firmware and kernel image occupy, and the small tables made while the
 * machine is looked at (arch/x86/kernel/setup.c and the files named below; Linux 6.12 and 7.3).
 */

/** Where the BIOS area starts if nothing better is known (arch/x86/kernel/ebda.c: BIOS_START_MAX). */
const BIOS_START = 0x9f000;
const BIOS_BEGIN = 0xa0000;
const BIOS_END = MiB;
const RESOURCE_BYTES = 64; // sizeof(struct resource)
const FIRMWARE_MAP_ENTRY_BYTES = 104; // sizeof(struct firmware_map_entry)
const NOSAVE_REGION_BYTES = 32; // sizeof(struct nosave_region)
const HPET_RESOURCE_NAME_BYTES = 9; // "HPET %u" and its end
const IOAPIC_RESOURCE_NAME_BYTES = 11; // "IOAPIC %u" and its end

function reserveKern(boot: EarlyBoot, { start, end }: AddressRange): void {
  boot.memblock.reserveKern(start, end - start);
}

function reserve(boot: EarlyBoot, { start, end }: AddressRange): void {
  boot.memblock.reserve(start, end - start);
}

/** early_reserve_memory(): kernel image, first 64 KiB, initrd, setup_data, BIOS area. */
export function earlyReserveMemory(boot: EarlyBoot): void {
  const { memblock, machine, build } = boot;
  memblock.reserveKern(machine.kernelStart, build.imageBytes);
  memblock.reserve(0, 64 * KiB);
  if (machine.initrd !== undefined) {
    reserveKern(boot, { start: machine.initrd.start, end: roundUp(machine.initrd.end, PAGE_SIZE) });
  }
  for (const data of machine.setupData) reserveKern(boot, data);
  memblock.reserve(BIOS_START, BIOS_END - BIOS_START);
}

/** e820__reserve_setup_data() and trim_bios_range(): the last changes to the e820 table. */
export function trimBiosRange(boot: EarlyBoot): void {
  const { RAM, RESERVED } = E820Type;
  const { RESERVED_KERN } = KernelE820Type;
  if (boot.bootRules.reservedKernType) {
    for (const data of boot.machine.setupData) boot.e820 = retypeRange(boot.e820, data, RAM, RESERVED_KERN);
  }
  boot.e820 = retypeRange(boot.e820, { start: 0, end: PAGE_SIZE }, RAM, RESERVED);
  boot.e820 = retypeRange(boot.e820, { start: BIOS_BEGIN, end: BIOS_END }, RAM, undefined);
  const mostPfn = (boot.machine.fiveLevel ? 4096 * TiB : 64 * TiB) / PAGE_SIZE; // MAXMEM
  const ends = boot.e820.filter((entry) => entry.type === RAM).map((entry) => pfnDown(entry.end));
  boot.maxPfn = Math.min(Math.max(...ends), mostPfn);
}

/** reserve_brk(): the part of the brk area that the kernel has used. */
export function reserveBrk(boot: EarlyBoot): void {
  reserveKern(boot, brkArea(boot));
}

/** e820__memblock_setup(): memory becomes known, in whole pages. */
export function e820MemblockSetup(boot: EarlyBoot): void {
  const { memblock } = boot;
  memblock.currentLimit = MiB;
  memblock.allowResize();
  for (const { start, end, type } of boot.e820) {
    if (type === E820Type.SOFT_RESERVED) memblock.reserve(start, end - start);
    if (isMemblockMemory(type)) memblock.add(start, end - start);
  }
  memblock.markScratch(0, MiB);
  memblock.trimMemory(PAGE_SIZE);
}

/** reserve_real_mode(): the trampoline for other CPUs, then all of the first MiB. */
export function reserveRealMode(boot: EarlyBoot): void {
  const { memblock, build } = boot;
  memblock.physAllocRange(build.realModeBytes, PAGE_SIZE, 0, MiB);
  memblock.reserve(0, MiB);
  memblock.clearScratch(0, MiB);
}

/**
 * reserve_initrd(): an initrd outside of what is mapped, because the user cut memory off, is copied
 * to free memory (relocate_initrd).
 *
 * @throws Error where the kernel panics for want of memory
 */
export function reserveInitrd(boot: EarlyBoot): void {
  const { memblock, machine } = boot;
  if (machine.initrd === undefined) return;
  const { start, end } = machine.initrd;
  const mapped = memblock.memory.regions.some(
    ({ base, size }) =>
      base <= start && roundUp(end, PAGE_SIZE) <= Math.min(base + size, boot.maxPfn * PAGE_SIZE),
  );
  if (mapped) return;
  const copy = memblock.physAllocRange(roundUp(end - start, PAGE_SIZE), PAGE_SIZE, 0, memblock.currentLimit);
  panicIfNull(copy, "a copy of the initrd");
  boot.initrd = { start: copy, end: copy + (end - start) };
  memblock.free(start, roundUp(end, PAGE_SIZE) - start);
}

/** acpi_reserve_initial_tables() (drivers/acpi/tables.c). */
export function acpiReserveInitialTables(boot: EarlyBoot): void {
  for (const table of boot.machine.acpiTables) reserve(boot, table);
}

/** acpi_parse_hpet(): one resource with its name (arch/x86/kernel/acpi/boot.c). */
export function acpiParseHpet(boot: EarlyBoot): void {
  if (!boot.machine.acpiTables.some((table) => table.signature === "HPET")) return;
  boot.memblock.alloc(RESOURCE_BYTES + HPET_RESOURCE_NAME_BYTES, SMP_CACHE_BYTES);
}

/** io_apic_init_mappings(): resources of all IOAPICs with their names (arch/x86/kernel/apic/io_apic.c). */
export function ioApicInitMappings(boot: EarlyBoot): void {
  const count = boot.machine.ioapicCount;
  if (count === 0) return;
  boot.memblock.alloc(count * (RESOURCE_BYTES + IOAPIC_RESOURCE_NAME_BYTES), SMP_CACHE_BYTES);
}

/**
 * e820__reserve_resources(): a resource for each entry of the kernel's table, an entry in sysfs
 * for each of the firmware's (drivers/firmware/memmap.c: firmware_map_add_early).
 */
export function e820ReserveResources(boot: EarlyBoot): void {
  const { memblock, machine, build } = boot;
  memblock.alloc(boot.e820.length * RESOURCE_BYTES, SMP_CACHE_BYTES);
  if (!build.firmwareMemmap) return;
  for (const _entry of machine.e820) memblock.alloc(FIRMWARE_MAP_ENTRY_BYTES, SMP_CACHE_BYTES);
}

/**
 * e820__register_nosave_regions(): what is no RAM, up to the end of RAM, with the pages that are so in part (since
 * 6.12.24 and 6.15; before, data of the boot loader that ends inside a page cost a region more on each side). A
 * range that continues the one before only extends it (kernel/power/snapshot.c: register_nosave_region).
 */
export function registerNosaveRegions(boot: EarlyBoot): void {
  if (!boot.build.hibernation) return;
  let lastEndPfn = -1;
  const register = (startPfn: number, endPfn: number): void => {
    if (startPfn >= endPfn) return;
    if (lastEndPfn !== startPfn) boot.memblock.alloc(NOSAVE_REGION_BYTES, SMP_CACHE_BYTES);
    lastEndPfn = endPfn;
  };
  let lastEnd = 0;
  for (const { start, end, type } of boot.e820) {
    if (!isMemblockMemory(type)) continue;
    if (lastEnd < start) register(pfnDown(lastEnd), pfnUp(start));
    lastEnd = end;
  }
  register(pfnDown(lastEnd), boot.maxPfn);
}

/**
 * Which memory belongs to which node, and where the nodes' own data goes (mm/numa_memblks.c:
 * numa_memblks_init, numa_cleanup_meminfo, numa_register_meminfo; mm/numa.c: alloc_node_data;
 * Linux 6.12).
 */

/** Nodes with less memory get no data (NODE_MIN_SIZE). */
const NODE_MIN_SIZE = 4 * MiB;

/** Blocks cut to what is memory, and joined where no other node lies between two of a node. */
export function cleanupMeminfo(blocks: readonly NumaBlock[], low: number, high: number): NumaBlock[] {
  const cleaned: NumaBlock[] = [];
  for (const block of blocks) {
    const start = Math.max(block.start, low);
    const end = Math.min(block.end, high);
    if (start >= end) continue;
    const last = cleaned.at(-1);
    if (last?.nid === block.nid) cleaned[cleaned.length - 1] = { ...last, end };
    else cleaned.push({ start, end, nid: block.nid });
  }
  return cleaned;
}

/** initmem_init(): nodes for both arrays, then each node's pglist_data, on that node if possible. */
export function initmemInit(boot: EarlyBoot): void {
  const { memblock, machine, build } = boot;
  memblock.setNode(0, Infinity, memblock.memory, NUMA_NO_NODE);
  memblock.setNode(0, Infinity, memblock.reserved, NUMA_NO_NODE);
  memblock.clearHotplug(0, Infinity);
  const fakeNode = { start: 0, end: boot.maxPfn * PAGE_SIZE, nid: 0 };
  const found = machine.numaBlocks.length > 0 ? machine.numaBlocks : [fakeNode];
  const blocks = cleanupMeminfo(found, memblock.startOfDram(), memblock.endOfDram());
  for (const type of [memblock.memory, memblock.reserved]) {
    for (const { start, end, nid } of blocks) memblock.setNode(start, end - start, type, nid);
  }
  memblock.bottomUp = false;
  const nodeIds = [...new Set(blocks.map((block) => block.nid))].sort((a, b) => a - b);
  for (const nid of nodeIds) {
    const own = blocks.filter((block) => block.nid === nid);
    if (own.at(-1)!.end - own[0]!.start < NODE_MIN_SIZE) continue;
    const address = memblock.physAllocTryNid(build.pglistDataBytes, SMP_CACHE_BYTES, nid);
    boot.nodeData.set(nid, panicIfNull(address, `the data of node ${nid}`));
  }
}
