/**
 * Reads from a boot log with `efi=debug` what the firmware handed over: its memory map after boot services
 * had ended, and the configuration tables that the kernel knows.
 */

import { type EfiMemoryDescriptor, EfiMemoryType } from "../firmware/efi-memory-map.js";
import { hex, inclusiveRange, matches } from "./log-lines.js";

/** Types in `efi: mem` lines (drivers/firmware/efi/efi.c: memory_type_name). */
const TYPE_NAMES: Readonly<Record<string, EfiMemoryType>> = {
  Reserved: EfiMemoryType.RESERVED,
  "Loader Code": EfiMemoryType.LOADER_CODE,
  "Loader Data": EfiMemoryType.LOADER_DATA,
  "Boot Code": EfiMemoryType.BOOT_SERVICES_CODE,
  "Boot Data": EfiMemoryType.BOOT_SERVICES_DATA,
  "Runtime Code": EfiMemoryType.RUNTIME_SERVICES_CODE,
  "Runtime Data": EfiMemoryType.RUNTIME_SERVICES_DATA,
  Conventional: EfiMemoryType.CONVENTIONAL,
  Unusable: EfiMemoryType.UNUSABLE,
  "ACPI Reclaim": EfiMemoryType.ACPI_RECLAIM,
  "ACPI Mem NVS": EfiMemoryType.ACPI_NVS,
  MMIO: EfiMemoryType.MEMORY_MAPPED_IO,
  "MMIO Port": EfiMemoryType.MEMORY_MAPPED_IO_PORT_SPACE,
  "PAL Code": EfiMemoryType.PAL_CODE,
  Persistent: EfiMemoryType.PERSISTENT,
  Unaccepted: EfiMemoryType.UNACCEPTED,
};

/** A descriptor with what the kernel looks at of its attributes. */
export interface LoggedDescriptor extends EfiMemoryDescriptor {
  /** EFI_MEMORY_RUNTIME: the firmware's runtime services need it, or the kernel has marked it as its own. */
  readonly isRuntime: boolean;
}

export interface EfiBootLog {
  /** In the order of the firmware. */
  readonly descriptors: readonly LoggedDescriptor[];
  /** Addresses of configuration tables by the names that the kernel prints: `RNG`, `MEMATTR`, `Unaccepted`. */
  readonly tables: ReadonlyMap<string, number>;
  /** Entries of the table of memory attributes, of which the kernel prints each. */
  readonly memoryAttributes: number;
  /** The map that the kernel maps for the firmware's runtime services: marked descriptors and boot services. */
  readonly runtimeMap: readonly LoggedDescriptor[];
}

const DESCRIPTOR = /efi: mem(\d+): \[([^|\]]+)\|([^\]]*)\] range=\[0x([0-9a-f]+)-0x([0-9a-f]+)\]/g;

/** @returns undefined for a log of another firmware, or without `efi=debug` */
export function efiOfBootLog(log: string): EfiBootLog | undefined {
  const maps: LoggedDescriptor[][] = [];
  for (const [number, name, attributes, first, last] of matches(log, DESCRIPTOR)) {
    const type = TYPE_NAMES[name!.trim()];
    if (type === undefined) return undefined;
    const words = attributes!.split("|").map((word) => word.trim());
    if (Number(number) === 0) maps.push([]);
    maps.at(-1)?.push({
      type,
      ...inclusiveRange(first, last),
      isRuntime: words.includes("RUN"),
      ...(words.includes("SP") ? { isSpecialPurpose: true } : {}),
    });
  }
  const [descriptors, runtimeMap = []] = maps;
  if (descriptors === undefined) return undefined;
  return {
    descriptors,
    tables: tablesOf(log),
    memoryAttributes: matches(log, /(efi: memattr: {2}0x)[0-9a-f]+-0x[0-9a-f]+ \[/g).length,
    runtimeMap,
  };
}

/** `efi: SMBIOS=0x7f918000 ACPI=0x7fb7e000 ACPI 2.0=0x7fb7e014 ...`: the line behind the version of EFI. */
function tablesOf(log: string): Map<string, number> {
  const line = matches(log, /efi: ((?:[A-Za-z][\w. ]*=0x[0-9a-f]+ ?)+)$/gm)[0]?.[0] ?? "";
  return new Map(matches(line, /([A-Za-z][\w. ]*)=0x([0-9a-f]+)/g).map(([name, at]) => [name!, hex(at)]));
}
