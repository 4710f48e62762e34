/** Everything that a kernel found at its start, by its log: the map and what lies in it, as a scenario repeats it. */

import { E820Type } from "../efistub/setup-e820.js";
import type { AddressRange } from "../units.js";
import { machineFromBootLog, stubOfBootLog } from "../x86/boot-log.js";
import type { EarlyMachine } from "../x86/early-machine.js";
import type { GuestLog, Said } from "./guest-log.js";
import type { TypedRange } from "./ram.js";
import type { Statement } from "./statement.js";

/** Words of `memoryMap` for the types of an e820 table. */
const E820_WORDS: ReadonlyMap<number, string> = new Map([
  [E820Type.RAM, "usable"],
  [E820Type.RESERVED, "reserved"],
  [E820Type.ACPI, "ACPI data"],
  [E820Type.NVS, "ACPI NVS"],
  [E820Type.UNUSABLE, "unusable"],
  [E820Type.SOFT_RESERVED, "soft reserved"],
  [E820Type.PMEM, "persistent"],
]);

/** The same for a map of UEFI (drivers/firmware/efi/libstub/x86-stub.c: setup_e820). */
const EFI_WORDS: Readonly<Record<string, string>> = {
  Conventional: "usable",
  "Loader Code": "usable",
  "Loader Data": "usable",
  "Boot Code": "boot services",
  "Boot Data": "boot services",
  Unaccepted: "unaccepted",
  "ACPI Reclaim": "ACPI data",
  "ACPI Mem NVS": "ACPI NVS",
  MMIO: "MMIO",
  Unusable: "unusable",
  Persistent: "persistent",
};

interface MapEntry {
  readonly start: string;
  readonly end: string;
  readonly type: string;
}

function entry({ start, end }: AddressRange, type: string): MapEntry {
  return { ...rangeOf({ start, end }), type };
}

function rangeOf({ start, end }: AddressRange): { readonly start: string; readonly end: string } {
  return { start: hex(start), end: hex(end) };
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}

/** The map as a firmware gave it: that of UEFI where the log shows it, else the e820 table. */
export function mapStatement({ efiMap, e820 }: GuestLog): Statement[] {
  const ascending = efiMap.toSorted((a, b) => a.value.start - b.value.start);
  return ascending.length > 0
    ? said(ascending, ({ value }) => entry(value, EFI_WORDS[value.type] ?? "reserved"))
    : e820Statement(e820);
}

export function e820Statement(map: readonly Said<TypedRange>[]): Statement[] {
  return said(map, ({ value }) => entry(value, E820_WORDS.get(value.type) ?? "reserved"));
}

function said<Value>(lines: readonly Said<Value>[], value: (one: Said<Value>) => MapEntry): Statement[] {
  const [first] = lines;
  if (first === undefined) return [];
  const { line, says } = first;
  const derived = `lines ${line} to ${lines.at(-1)!.line}, one entry each`;
  return [{ key: "memoryMap", value: lines.map(value), line, says, derived }];
}

/**
 * What else decides where early boot puts things.
 *
 * @returns nothing for a log that ends before its per-CPU areas
 */
export function handOverStatements({ plain }: GuestLog): Statement[] {
  const machine = machineFromBootLog(plain);
  if (machine === undefined) return [];
  const lineOf = lineFinder(plain);
  const state = (key: string, value: unknown, pattern: RegExp, derived: string): Statement[] => {
    const found = lineOf(pattern);
    return value === undefined ? [] : [{ key, value, ...found, derived }];
  };
  const { initrd, setupData, acpiTables, ioapicCount, unknownOptions, efi, kernelStart } = machine;
  const stub = stubOfBootLog(plain);
  return [
    ...state(
      "handOver.kernelStart",
      hex(kernelStart),
      /^/,
      stub === undefined
        ? "where a kernel lies that is not moved"
        : "the largest range of type Loader Code that holds the image",
    ),
    ...state("handOver.initrd", initrd && rangeOf(initrd), /^RAMDISK: /, "the range of this line"),
    ...state(
      "handOver.setupData",
      some(setupData.map(rangeOf)),
      /setup_data|^efi: mem/,
      "what the boot loader has left",
    ),
    ...state(
      "handOver.acpiTables",
      some(acpiTables.map((table) => ({ ...rangeOf(table), signature: table.signature }))),
      /^ACPI: Reserving /,
      "the lines ACPI: Reserving, one entry each",
    ),
    ...state("handOver.ioapics", ioapicCount, /^IOAPIC\[/, "lines of IOAPICs"),
    ...state("handOver.fiveLevel", machine.fiveLevel, /max_arch_pfn/, "by max_arch_pfn"),
    ...state(
      "handOver.unknownOptions",
      unknownOptions.join(" ") || undefined,
      /^Unknown kernel command line/,
      "the words of this line",
    ),
    ...efiStatements(efi, state),
    ...numaStatements(machine, state),
  ];
}

type State = (key: string, value: unknown, pattern: RegExp, derived: string) => Statement[];

function efiStatements(efi: EarlyMachine["efi"], state: State): Statement[] {
  if (efi === undefined) return [];
  const { memoryMap, unacceptedTable, keptTables } = efi;
  return [
    ...state(
      "handOver.efi.memoryMap",
      rangeOf(memoryMap),
      /^efi: mem00: /,
      "where the stub finds room for its copy of the map",
    ),
    ...state(
      "handOver.efi.unacceptedTable",
      unacceptedTable && hex(unacceptedTable.start),
      /Unaccepted=/,
      "the address in this line",
    ),
    ...state(
      "handOver.efi.keptTables",
      some(keptTables.map(rangeOf)),
      /^efi: .*=0x/,
      "the tables of this line that the kernel keeps",
    ),
  ];
}

/** Nodes with their CPUs; nothing where the log has no SRAT. */
function numaStatements({ numaBlocks, cpuNodes }: EarlyMachine, state: State): Statement[] {
  const cpusOf = (node: number): string =>
    cpuNodes.flatMap((own, cpu) => (own === node ? [cpu] : [])).join(",");
  const blocks = numaBlocks.map(({ nid, start, end }, at) => {
    const cpus = numaBlocks.findIndex((one) => one.nid === nid) === at ? cpusOf(nid) : "";
    return { ...rangeOf({ start, end }), node: nid, ...(cpus === "" ? {} : { cpus }) };
  });
  return state(
    "numa",
    some(blocks),
    /^(ACPI: )?SRAT: Node /,
    "the lines of SRAT, with the CPUs of pcpu-alloc",
  );
}

function some<Value>(list: readonly Value[]): readonly Value[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** @returns finds the first line with a pattern; the first line at all where none has it */
function lineFinder(plain: string): (pattern: RegExp) => { readonly line: number; readonly says: string } {
  const lines = plain.split("\n").map((line) => line.replace(/^\[ *[\d.]+\] /, ""));
  return (pattern) => {
    const at = Math.max(
      0,
      lines.findIndex((line) => line !== "" && pattern.test(line)),
    );
    return { line: at + 1, says: lines[at]!.slice(0, 100).trim() };
  };
}
