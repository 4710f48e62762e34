/** Everything that a kernel found at its start, by its log: the map and what lies in it, as a scenario repeats it. */

import { E820Type } from "../efistub/setup-e820.js";
import type { AddressRange } from "../units.js";
import { machineFromBootLog, stubOfBootLog } from "../x86/boot-log.js";
import type { EarlyMachine } from "../x86/early-machine.js";
import type { Findings } from "./findings.js";
import { type GuestLog, type Said, wholeBootLog } from "./guest-log.js";
import type { TypedRange } from "./ram.js";

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
  readonly start: number;
  readonly end: number;
  readonly type: string;
}

function entry({ start, end }: AddressRange, type: string): MapEntry {
  return { ...rangeOf({ start, end }), type };
}

function rangeOf({ start, end }: AddressRange): AddressRange {
  return { start, end };
}

/** States the map as a firmware gave it: that of UEFI where the log shows it, else the e820 table. */
export function stateLoggedMap(findings: Findings, { efiMap, e820 }: GuestLog): void {
  const ascending = efiMap.toSorted((a, b) => a.value.start - b.value.start);
  if (efiMap.length === 0) stateE820(findings, e820);
  else state(findings, ascending, ({ value }) => entry(value, EFI_WORDS[value.type] ?? "reserved"));
}

export function stateE820(findings: Findings, map: readonly Said<TypedRange>[]): void {
  state(findings, map, ({ value }) => entry(value, E820_WORDS.get(value.type) ?? "reserved"));
}

function state<Value>(
  findings: Findings,
  lines: readonly Said<Value>[],
  value: (one: Said<Value>) => MapEntry,
): void {
  const [first] = lines;
  if (first === undefined) return;
  const last = Math.max(...lines.map(({ line }) => line));
  findings.says(
    "memoryMap",
    lines.map(value),
    first.line,
    first.says,
    `lines ${first.line} to ${last}, an entry each`,
  );
}

/** States what else decides where early boot puts things; nothing for a log that ends before its per-CPU areas. */
export function stateHandOver(findings: Findings, log: GuestLog): void {
  const { plain } = log;
  const machine = machineFromBootLog(wholeBootLog(log));
  if (machine === undefined) return;
  const lines = plain.split("\n").map((line) => line.replace(/^\[ *[\d.]+\] /, ""));
  const says: Says = (key, value, pattern, derived) => {
    if (value === undefined) return;
    const at = Math.max(
      0,
      lines.findIndex((line) => line !== "" && pattern.test(line)),
    );
    findings.says(key, value, at + 1, lines[at]!, derived);
  };
  const { initrd, setupData, acpiTables, ioapicCount, unknownOptions, kernelStart } = machine;
  says("handOver.kernelStart", kernelStart, /^Linux version/, kernelPlace(plain));
  if (initrd !== undefined) says("handOver.initrd", rangeOf(initrd), /^RAMDISK: /, "the range of this line");
  else
    says(
      "handOver.initrd",
      { start: 0, end: 0 },
      /^Memory: |pcpu-alloc: /,
      "no line RAMDISK before this one",
    );
  says(
    "handOver.setupData",
    some(setupData.map(rangeOf)),
    /setup_data|^efi: mem/,
    "what the boot loader has left",
  );
  const tables = acpiTables.map((table) => ({ ...rangeOf(table), signature: table.signature }));
  says("handOver.acpiTables", some(tables), /^ACPI: Reserving /, "the lines ACPI: Reserving, an entry each");
  says("handOver.ioapics", ioapicCount, /^IOAPIC\[/, "lines of IOAPICs");
  says("handOver.fiveLevel", machine.fiveLevel, /max_arch_pfn/, "by max_arch_pfn");
  const unknown = unknownOptions.join(" ");
  says(
    "handOver.unknownOptions",
    unknown || undefined,
    /^Unknown kernel command line/,
    "the words of this line",
  );
  sayEfi(machine, says);
  if (machine.efi === undefined && log.unacceptedTable !== undefined)
    says(
      "handOver.efi.unacceptedTable",
      log.unacceptedTable.value,
      /Unaccepted=/,
      "the address in this line",
    );
  sayNuma(machine, says);
}

type Says = (key: string, value: unknown, pattern: RegExp, derived: string) => void;

function kernelPlace(plain: string): string {
  return stubOfBootLog(plain)?.kernelStart === undefined
    ? "16 MiB, where a kernel lies that is not moved"
    : "by the map of UEFI: the range of type Loader Code that holds the kernel";
}

function sayEfi({ efi }: EarlyMachine, says: Says): void {
  if (efi === undefined) return;
  const { memoryMap, unacceptedTable, keptTables } = efi;
  says("handOver.efi.memoryMap", rangeOf(memoryMap), /^efi: mem00: /, "where the stub had room for its copy");
  const table = unacceptedTable?.start;
  says("handOver.efi.unacceptedTable", table, /Unaccepted=/, "the address in this line");
  says(
    "handOver.efi.keptTables",
    some(keptTables.map(rangeOf)),
    /^efi: .*=0x/,
    "tables of this line that are kept",
  );
}

/** Nodes with their CPUs; nothing where the log has no SRAT. */
function sayNuma({ numaBlocks, cpuNodes }: EarlyMachine, says: Says): void {
  const cpusOf = (node: number): string =>
    cpuNodes.flatMap((own, cpu) => (own === node ? [cpu] : [])).join(",");
  const blocks = numaBlocks.map(({ nid, start, end }, at) => {
    const cpus = numaBlocks.findIndex((one) => one.nid === nid) === at ? cpusOf(nid) : "";
    return { ...rangeOf({ start, end }), node: nid, ...(cpus === "" ? {} : { cpus }) };
  });
  says("numa", some(blocks), /^(ACPI: )?SRAT: Node /, "the lines of SRAT, with the CPUs of pcpu-alloc");
}

function some<Value>(list: readonly Value[]): readonly Value[] | undefined {
  return list.length === 0 ? undefined : list;
}
