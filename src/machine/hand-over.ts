/** Everything that a kernel found at its start, by its log: the map and what lies in it, as a scenario repeats it. */

import { BUILD_NAMES } from "../linux/kernel-build.js";
import { stubOfBootLog } from "../x86/boot-log.js";
import { type MachineKeys, machineKeys, OF_E820 } from "../x86/machine-keys.js";
import type { Findings } from "./findings.js";
import { type GuestLog, type Said, wholeBootLog } from "./guest-log.js";
import type { TypedRange } from "./ram.js";

/** States a map of e820 types, an entry for each of its lines. */
export function stateE820(findings: Findings, map: readonly Said<TypedRange>[]): void {
  const entries = map.map(({ value: { start, end, type } }) => ({
    start,
    end,
    type: OF_E820.get(type as never) ?? "reserved",
  }));
  stateMap(findings, map, entries);
}

function stateMap(findings: Findings, lines: readonly Said<unknown>[], entries: readonly object[]): void {
  const [first] = lines;
  if (first === undefined || entries.length === 0) return;
  const last = Math.max(...lines.map(({ line }) => line));
  findings.says("memoryMap", entries, first.line, first.says, `lines ${first.line} to ${last}`);
}

/**
 * States the map as the firmware gave it, that of UEFI where the log shows it, and what else decides where early boot
 * puts things; of a log that ends before its CPUs the map alone.
 */
export function stateHandOver(findings: Findings, log: GuestLog): void {
  const mapLines = log.efiMap.length > 0 ? log.efiMap : log.e820;
  const keys = machineKeys(wholeBootLog(log));
  if (keys === undefined) {
    // Of a log that ends before its CPUs only the map is wanted, for which any will do.
    stateMap(findings, mapLines, machineKeys(`${log.plain}\npcpu-alloc: [0] 0`)?.memoryMap ?? []);
    return;
  }
  stateMap(findings, mapLines, keys.memoryMap);
  const lines = log.plain.split("\n").map((line) => line.replace(/^\[ *[\d.]+\] /, ""));
  const says = (key: string, value: unknown, pattern: RegExp, derived: string): void => {
    if (value === undefined) return;
    const found = lines.findIndex((line) => line !== "" && pattern.test(line));
    const at = Math.max(0, found);
    findings.says(key, value, at + 1, lines[at]!, derived);
  };
  const { handOver, numa } = keys;
  says("handOver.kernelStart", handOver.kernelStart, /^Linux version/, kernelPlace(log.plain));
  if (handOver.initrd.end > handOver.initrd.start)
    says("handOver.initrd", handOver.initrd, /^RAMDISK: /, "the range of this line");
  else says("handOver.initrd", handOver.initrd, /^Memory: |pcpu-alloc: /, "no line RAMDISK before this one");
  says(
    "handOver.setupData",
    some(handOver.setupData),
    /setup_data|^efi: mem/,
    "what the boot loader has left",
  );
  says("handOver.acpiTables", some(handOver.acpiTables), /^ACPI: Reserving /, "the lines ACPI: Reserving");
  says("handOver.ioapics", handOver.ioapics, /^IOAPIC\[/, "lines of IOAPICs");
  says("handOver.fiveLevel", handOver.fiveLevel, /max_arch_pfn/, "by max_arch_pfn");
  const { commandLineLength, unknownOptions } = handOver;
  says("handOver.commandLineLength", commandLineLength, /[Cc]ommand line: /, "with words that are left out");
  const unknown = unknownOptions === "" ? undefined : unknownOptions;
  says("handOver.unknownOptions", unknown, /^Unknown kernel command line/, "the words of this line");
  const efi = handOver.efi ?? tableAlone(log);
  says("handOver.efi.memoryMap", efi?.memoryMap, /^efi: mem00: /, "where the stub had room for its copy");
  says("handOver.efi.unacceptedTable", efi?.unacceptedTable, /Unaccepted=/, "the address in this line");
  says(
    "handOver.efi.keptTables",
    some(efi?.keptTables ?? []),
    /^efi: .*=0x/,
    "tables of this line that are kept",
  );
  if (!BUILD_NAMES.includes(log.kernel?.value ?? "")) {
    const sizes = Object.keys(keys.kernelBuild).length === 0 ? undefined : keys.kernelBuild;
    says("guest.kernelBuild", sizes, /^Memory: /, "sizes of this line, of percpu: and of NODE_DATA");
  }
  says("numa", some(numa), /^(ACPI: )?SRAT: Node /, "the lines of SRAT, with the CPUs of pcpu-alloc");
}

/** Of the stub's places a log without efi=debug shows but that of the table of unaccepted memory. */
function tableAlone({
  unacceptedTable,
}: GuestLog): Partial<NonNullable<MachineKeys["handOver"]["efi"]>> | undefined {
  return unacceptedTable === undefined ? undefined : { unacceptedTable: unacceptedTable.value };
}

function kernelPlace(plain: string): string {
  return stubOfBootLog(plain)?.kernelStart === undefined
    ? "16 MiB, where a kernel lies that is not moved"
    : "by the map of UEFI: the range of type Loader Code that holds the kernel";
}

function some<Value>(list: readonly Value[]): readonly Value[] | undefined {
  return list.length === 0 ? undefined : list;
}
