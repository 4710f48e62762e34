/**
 * Reads from a kernel's boot log what machine it ran on, so that a recorded boot can be repeated.
 * The memblock lines of the log are not looked at: those are what the model has to find itself.
 */
import { E820Type } from "../efistub/setup-e820.js";
import { type KernelE820Entry, KernelE820Type } from "./e820-table.js";
import type { AcpiTable, EarlyMachine, NumaBlock } from "./early-machine.js";

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
  ["soft reserved", KernelE820Type.SOFT_RESERVED],
]);

/** Where an unrandomised kernel is loaded (CONFIG_PHYSICAL_START). */
const PHYSICAL_START = 0x100_0000;

function matches(log: string, pattern: RegExp): string[][] {
  return Array.from(log.matchAll(pattern), (match) => match.slice(1));
}

function hex(text: string | undefined): number {
  return Number.parseInt(text ?? "", 16);
}

/** A range that the log prints with its last byte. */
function inclusiveRange(first: string | undefined, last: string | undefined): { start: number; end: number } {
  return { start: hex(first), end: hex(last) + 1 };
}

function e820Of(log: string): KernelE820Entry[] {
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

/** Of a kernel booted without EFI and KASLR. @returns undefined when its log has no e820 map or no CPUs */
export function machineFromBootLog(log: string): EarlyMachine | undefined {
  const e820 = e820Of(log);
  const cpuNodes = cpuNodesOf(log);
  if (e820.length === 0 || cpuNodes.length === 0) return undefined;
  const ramdisk = matches(log, /RAMDISK: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\]/g)[0];
  const unknown = matches(log, /Unknown kernel command line parameters "(.*)", will be/g)[0]?.[0];
  return {
    e820,
    kernelStart: PHYSICAL_START,
    ...(ramdisk ? { initrd: inclusiveRange(ramdisk[0], ramdisk[1]) } : {}),
    setupData: [],
    acpiTables: acpiTablesOf(log),
    ioapicCount: matches(log, /(IOAPIC)\[\d+\]: apic_id/g).length,
    commandLine: matches(log, /Command line: (.*)/g)[0]?.[0] ?? "",
    unknownOptions: unknown === undefined ? [] : unknown.split(" "),
    cpuNodes,
    numaBlocks: numaBlocksOf(log),
    fiveLevel: false,
    memoryEncrypted: false,
  };
}
