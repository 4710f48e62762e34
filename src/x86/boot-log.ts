/**
 * Reads from a kernel's boot log what machine it ran on, so that a recorded boot can be repeated.
 * The memblock lines of the log are not looked at: those are what the model has to find itself.
 */
import { E820Type } from "../efistub/setup-e820.js";
import type { AddressRange } from "../units.js";
import type { KernelE820Entry } from "./e820-table.js";
import type { AcpiTable, EarlyMachine, NumaBlock } from "./early-machine.js";
import { efiOfBootLog } from "./efi-boot-log.js";
import { repeatStub, romCopies, type StubReplay } from "./efi-replay.js";
import { hex, inclusiveRange, matches } from "./log-lines.js";

/** Names of e820 types in `BIOS-e820:` lines (arch/x86/kernel/e820.c: e820_print_type). */
const E820_NAMES: ReadonlyMap<string, KernelE820Entry["type"]> = new Map([
  ["usable", E820Type.RAM],
  // From 7.2 on at the latest.
  ["System RAM", E820Type.RAM],
  ["reserved", E820Type.RESERVED],
  ["device reserved", E820Type.RESERVED],
  ["ACPI data", E820Type.ACPI],
  ["ACPI NVS", E820Type.NVS],
  ["unusable", E820Type.UNUSABLE],
  ["soft reserved", E820Type.SOFT_RESERVED],
]);

/** Where an unrandomised kernel is loaded without EFI (CONFIG_PHYSICAL_START). */
const PHYSICAL_START = 0x100_0000;

/** The map that the kernel was started with, as it prints it. */
export function e820OfBootLog(log: string): KernelE820Entry[] {
  const lines = matches(log, /BIOS-e820: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\] +(.+)/g);
  return lines.map(([first, last, name]) => {
    const type =
      E820_NAMES.get(name!) ?? (name!.startsWith("persistent") ? E820Type.PMEM : E820Type.RESERVED);
    return { ...inclusiveRange(first, last), type };
  });
}

function acpiTablesOf(log: string): AcpiTable[] {
  const lines = matches(log, /ACPI: Reserving (\w{4}) table memory at \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\]/g);
  return lines.map(([signature, first, last]) => ({ signature: signature!, ...inclusiveRange(first, last) }));
}

/** All ACPI tables, also those that the kernel finds others by and does not reserve. */
function acpiPlacesOf(log: string): AddressRange[] {
  return matches(log, /ACPI: \w{4} 0x([0-9A-F]{16}) ([0-9A-F]{6}) /g).map(([address, size]) => ({
    start: hex(address),
    end: hex(address) + hex(size),
  }));
}

/** What the EFI stub made of the firmware's map; undefined where the log does not show that (`efi=debug`). */
export function stubOfBootLog(log: string): StubReplay | undefined {
  const efi = efiOfBootLog(log);
  return efi && repeatStub(efi, acpiPlacesOf(log));
}

/**
 * What the boot loader has handed over, of kernels that mark it in their table: of RAM that is printed in pieces
 * every second one (arch/x86/kernel/e820.c: e820__reserve_setup_data, up to 7.1).
 *
 * @returns undefined where no such table is printed
 */
function setupDataOf(log: string): AddressRange[] | undefined {
  const pieces = matches(log, /reserve setup_data: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\] usable/g);
  if (pieces.length === 0) return undefined;
  const data: AddressRange[] = [];
  let previous: AddressRange | undefined;
  for (const piece of pieces.map(([first, last]) => inclusiveRange(first, last))) {
    const isData = previous?.end === piece.start && data.at(-1) !== previous;
    if (isData) data.push(piece);
    previous = piece;
  }
  return data;
}

function numaBlocksOf(log: string): NumaBlock[] {
  const lines = matches(log, /SRAT: Node (\d+) PXM \d+ \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\]/g);
  return lines.map(([nid, first, last]) => ({ nid: Number(nid), ...inclusiveRange(first, last) }));
}

/** Nodes of CPUs, from `pcpu-alloc: [0] 0 1 [1] 2 3`: each group is a node, in the order of CPUs. */
function cpuNodesOf(log: string): number[] {
  const nodes: number[] = [];
  for (const [line] of matches(log, /pcpu-alloc: (\[.*)/g)) {
    for (const [group, cpus] of matches(line!, /\[(\d+)\] ([\d ]*)/g)) {
      for (const cpu of cpus!.trim().split(/\s+/)) nodes[Number(cpu)] = Number(group);
    }
  }
  return nodes;
}

/** End of physical memory with five levels of page tables, in frames (MAX_PHYSMEM_BITS 52). */
const MAX_ARCH_PFN_5LEVEL = 2 ** 40;

/**
 * The machine of a boot log. Where that shows the firmware's map, the e820 map is the one that the stub makes
 * of it, and else the one that the kernel prints.
 *
 * @returns undefined when the log has no map or no CPUs
 */
export function machineFromBootLog(log: string): EarlyMachine | undefined {
  const stub = stubOfBootLog(log);
  const e820 = stub?.e820 ?? e820OfBootLog(log);
  const cpuNodes = cpuNodesOf(log);
  if (e820.length === 0 || cpuNodes.length === 0) return undefined;
  const ramdisk = matches(log, /RAMDISK: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\]/g)[0];
  const initrd = ramdisk && inclusiveRange(ramdisk[0], ramdisk[1]);
  const efi = efiOfBootLog(log);
  const unknown = matches(log, /Unknown kernel command line parameters "(.*)", will be/g)[0]?.[0];
  return {
    e820,
    kernelStart: stub?.kernelStart ?? PHYSICAL_START,
    ...(initrd ? { initrd } : {}),
    setupData: setupDataOf(log) ?? (efi === undefined ? [] : romCopies(efi, initrd)),
    ...(stub === undefined ? {} : { efi: stub.handover }),
    acpiTables: acpiTablesOf(log),
    ioapicCount: matches(log, /(IOAPIC)\[\d+\]: apic_id/g).length,
    commandLine: matches(log, /Command line: (.*)/g)[0]?.[0] ?? "",
    unknownOptions: unknown === undefined ? [] : unknown.split(" "),
    cpuNodes,
    numaBlocks: numaBlocksOf(log),
    fiveLevel: hex(matches(log, /max_arch_pfn = 0x([0-9a-f]+)/g)[0]?.[0]) === MAX_ARCH_PFN_5LEVEL,
    memoryEncrypted: /Memory Encryption Features active: .*(TDX|SEV)/.test(log),
  };
}
