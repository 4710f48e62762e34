/**
 * ACPI tables as QEMU builds them for a q35 machine without NUMA, one after the other
 * (hw/i386/acpi-build.c). Sizes measured: boot logs of QEMU 7.2 with 1 and 2 CPUs; for more CPUs
 * the growth per CPU is assumed to stay the same.
 */
import type { AcpiTable } from "./early-machine.js";

interface TableSize {
  readonly signature: string;
  readonly bytes: number;
  readonly bytesPerCpu: number;
}

/** In the order they lie in memory, FACS at a page boundary. */
const LAYOUT: readonly TableSize[] = [
  { signature: "FACS", bytes: 64, bytesPerCpu: 0 },
  { signature: "DSDT", bytes: 8166, bytesPerCpu: 83 },
  { signature: "FACP", bytes: 244, bytesPerCpu: 0 },
  { signature: "APIC", bytes: 112, bytesPerCpu: 8 },
  { signature: "HPET", bytes: 56, bytesPerCpu: 0 },
  { signature: "MCFG", bytes: 60, bytesPerCpu: 0 },
  { signature: "WAET", bytes: 40, bytesPerCpu: 0 },
];

/** The order in which the kernel meets them: the FADT first, with the two tables it points to. */
const FADT_TABLES: readonly string[] = ["FACP", "DSDT", "FACS"];

/** How many bytes they take together. */
export function qemuAcpiBytes(cpuCount: number): number {
  return LAYOUT.reduce((sum, { bytes, bytesPerCpu }) => sum + bytes + bytesPerCpu * cpuCount, 0);
}

/** @param start where the firmware put them, page aligned */
export function qemuAcpiTables(start: number, cpuCount: number): AcpiTable[] {
  let next = start;
  const tables = LAYOUT.map(({ signature, bytes, bytesPerCpu }) => {
    const table = { signature, start: next, end: next + bytes + bytesPerCpu * cpuCount };
    next = table.end;
    return table;
  });
  const fromFadt = FADT_TABLES.map((signature) => tables.find((table) => table.signature === signature)!);
  return [...fromFadt, ...tables.filter((table) => !fromFadt.includes(table))];
}
