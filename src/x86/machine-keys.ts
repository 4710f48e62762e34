/** The machine of a boot log as keys of a scenario, with which the same kernel boots again exactly as it did. */

import { wordEffect } from "../command-line/catalogue.js";
import { commandLineWords } from "../command-line/words.js";
import { E820Type } from "../efistub/setup-e820.js";
import { EfiMemoryType } from "../firmware/efi-memory-map.js";
import type { SectionBytes } from "../linux/kernel-build.js";
import { type AddressRange, KiB } from "../units.js";
import { e820OfBootLog, machineFromBootLog } from "./boot-log.js";
import { cpuListText } from "./cpu-list.js";
import type { KernelE820Entry } from "./e820-table.js";
import type { AcpiTable, EarlyMachine } from "./early-machine.js";
import { efiOfBootLog, type LoggedDescriptor } from "./efi-boot-log.js";
import { inclusiveRange } from "./log-lines.js";
import type { MemoryMapEntry, MemoryType } from "./memory-map.js";

/** Values as a scenario file has them; addresses and sizes in bytes. */
export interface MachineKeys {
  /** The firmware's map where the log shows it (`efi=debug`), and else the e820 table; then nothing tells what is unaccepted. */
  readonly memoryMap: readonly MemoryMapEntry[];
  /** Empty for a machine without NUMA. */
  readonly numa: readonly (AddressRange & { readonly node: number; readonly cpus?: string })[];
  readonly handOver: HandOverKeys;
  /** For `guest.kernelBuild` of a kernel that was not measured, as far as the log prints sizes. */
  readonly kernelBuild: Readonly<Partial<Record<BuildKey, number>>>;
  /** Possible CPUs: those of `vcpus` and of `guest.hotplugCpus` together. */
  readonly possibleCpus: number;
  /** Without words that a scenario refuses; `handOver.commandLineLength` counts them. */
  readonly commandLine: string;
}

export type BuildKey = keyof SectionBytes | "percpuStatic" | "percpuReserved" | "percpuDynamic" | "nodeData";

export interface HandOverKeys {
  readonly kernelStart: number;
  /** Empty for none. */
  readonly initrd: AddressRange;
  readonly setupData: readonly AddressRange[];
  readonly acpiTables: readonly AcpiTable[];
  readonly ioapics: number;
  readonly fiveLevel: boolean;
  readonly commandLineLength: number;
  readonly unknownOptions: string;
  readonly efi?: {
    readonly memoryMap: AddressRange;
    readonly unacceptedTable?: number;
    readonly keptTables: readonly AddressRange[];
  };
}

/** Words of a map for the types of an e820 table. */
export const OF_E820: ReadonlyMap<KernelE820Entry["type"], MemoryType> = new Map([
  [E820Type.RAM, "usable"],
  [E820Type.RESERVED, "reserved"],
  [E820Type.ACPI, "ACPI data"],
  [E820Type.NVS, "ACPI NVS"],
  [E820Type.UNUSABLE, "unusable"],
  [E820Type.PMEM, "persistent"],
  [E820Type.SOFT_RESERVED, "soft reserved"],
]);

/** What is not in here is reserved. */
const OF_EFI: ReadonlyMap<EfiMemoryType, MemoryType> = new Map([
  [EfiMemoryType.LOADER_CODE, "usable"],
  [EfiMemoryType.LOADER_DATA, "usable"],
  [EfiMemoryType.BOOT_SERVICES_CODE, "boot services"],
  [EfiMemoryType.BOOT_SERVICES_DATA, "boot services"],
  [EfiMemoryType.CONVENTIONAL, "usable"],
  [EfiMemoryType.UNUSABLE, "unusable"],
  [EfiMemoryType.ACPI_RECLAIM, "ACPI data"],
  [EfiMemoryType.ACPI_NVS, "ACPI NVS"],
  [EfiMemoryType.MEMORY_MAPPED_IO, "MMIO"],
  [EfiMemoryType.PERSISTENT, "persistent"],
  [EfiMemoryType.UNACCEPTED, "unaccepted"],
]);

/** Types of which neighbours mean the same as one entry. */
const JOINED: readonly MemoryType[] = ["usable", "reserved"];

/** @returns undefined when the log has no map or no CPUs */
export function machineKeys(log: string): MachineKeys | undefined {
  const machine = machineFromBootLog(log);
  if (machine === undefined) return undefined;
  return {
    memoryMap: memoryMapOf(log),
    numa: numaOf(machine),
    handOver: handOverOf(machine),
    kernelBuild: buildSizesOf(log),
    possibleCpus: machine.cpuNodes.length,
    commandLine: commandLineWords(machine.commandLine)
      .filter(({ name, value }) => wordEffect(name, value)?.does !== "refused")
      .map(({ text }) => text)
      .join(" "),
  };
}

function memoryMapOf(log: string): MemoryMapEntry[] {
  const efi = efiOfBootLog(log);
  const entries =
    efi === undefined
      ? e820OfBootLog(log).map(({ start, end, type }) => ({
          start,
          end,
          type: OF_E820.get(type) ?? "reserved",
        }))
      : efi.descriptors.map((one) => ({ start: one.start, end: one.end, type: typeOf(one) }));
  const joined: MemoryMapEntry[] = [];
  for (const entry of entries) {
    const last = joined.at(-1);
    if (last?.end === entry.start && last.type === entry.type && JOINED.includes(entry.type))
      joined[joined.length - 1] = { ...last, end: entry.end };
    else joined.push(entry);
  }
  return joined;
}

function typeOf({ type, isSpecialPurpose }: LoggedDescriptor): MemoryType {
  const word = OF_EFI.get(type) ?? "reserved";
  return isSpecialPurpose === true && (word === "usable" || word === "boot services")
    ? "soft reserved"
    : word;
}

/** The CPUs of a node with the first of its ranges. */
function numaOf({ numaBlocks, cpuNodes }: EarlyMachine): MachineKeys["numa"] {
  const seen = new Set<number>();
  return numaBlocks.map(({ start, end, nid: node }) => {
    const cpus = seen.has(node) ? [] : cpuNodes.flatMap((of, cpu) => (of === node ? [cpu] : []));
    seen.add(node);
    return { start, end, node, ...(cpus.length === 0 ? {} : { cpus: cpuListText(cpus) }) };
  });
}

function handOverOf(machine: EarlyMachine): HandOverKeys {
  const {
    kernelStart,
    initrd = { start: 0, end: 0 },
    setupData,
    acpiTables,
    ioapicCount,
    fiveLevel,
    efi,
  } = machine;
  return {
    kernelStart,
    initrd,
    setupData,
    acpiTables,
    ioapics: ioapicCount,
    fiveLevel,
    commandLineLength: machine.commandLine.length,
    unknownOptions: machine.unknownOptions.join(" "),
    ...(efi === undefined
      ? {}
      : {
          efi: {
            memoryMap: efi.memoryMap,
            ...(efi.unacceptedTable === undefined ? {} : { unacceptedTable: efi.unacceptedTable.start }),
            keptTables: efi.keptTables,
          },
        }),
  };
}

const SECTIONS = /Memory: .*\((\d+)K kernel code, (\d+)K rwdata, (\d+)K rodata, (\d+)K init, (\d+)K bss,/;

function buildSizesOf(log: string): MachineKeys["kernelBuild"] {
  const sections = SECTIONS.exec(log)
    ?.slice(1)
    .map((kib) => Number(kib) * KiB);
  const percpu = /percpu: Embedded .* s(\d+) r(\d+) d(\d+) /.exec(log)?.slice(1).map(Number);
  const node = /NODE_DATA\(\d+\) allocated \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\]/.exec(log);
  const data = node === null ? undefined : inclusiveRange(node[1], node[2]);
  return {
    ...named(["code", "rwdata", "rodata", "init", "bss"], sections),
    ...named(["percpuStatic", "percpuReserved", "percpuDynamic"], percpu),
    ...(data === undefined ? {} : { nodeData: data.end - data.start }),
  };
}

function named(keys: readonly BuildKey[], values: readonly number[] | undefined): MachineKeys["kernelBuild"] {
  return values === undefined ? {} : Object.fromEntries(keys.map((key, at) => [key, values[at]!]));
}
