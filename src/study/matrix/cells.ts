/**
 * Who can meet whom: each firmware with each kind of kernel, under each choice that a VMM, its user
 * or a boot loader can make about who accepts memory ("[PATCH v7 6/6] x86/efi: Safely enable
 * unaccepted memory in UEFI" and its thread, April 2023).
 */

import type { BootLoader, UnacceptedSupport } from "../../efistub/exit-boot-services.js";
import type { FirmwareModel } from "../../firmware/firmware.js";
import type { HighMemory } from "../../firmware/start.js";

/**
 * A choice:
 * - "as-is": nobody chooses anything, the kernel's stub leaves the firmware
 * - "accept-all": the VMM picks a firmware that accepts everything, or a switch of the firmware says so
 * - "leave-to-kernel": a switch says that the kernel takes unaccepted memory, so the firmware does not
 *   accept for a kernel that does not ask
 * - "acpi": the firmware describes the memory above 4 GiB as ACPI memory devices, and not in its map
 * - "acpi-and-map": in both ways; "acpi-unchecked": the same for a kernel that does not compare them
 * - "loader-...": a boot loader leaves the firmware; it drops memory of type 15, makes the table, or
 *   makes one of another version
 */
export type VmmChoice =
  | "as-is"
  | "accept-all"
  | "leave-to-kernel"
  | "acpi"
  | "acpi-and-map"
  | "acpi-unchecked"
  | "loader-unaware"
  | "loader-aware"
  | "loader-other-version";

/** One cell, as it is run. */
export interface Cell {
  readonly platform: "tdx" | "snp";
  /** As it is called; a switch can make another one run. */
  readonly firmware: FirmwareModel;
  readonly kernel: UnacceptedSupport;
  readonly vmm: VmmChoice;
  /** What a scenario says to be this cell. */
  readonly runs: {
    readonly firmware: FirmwareModel;
    readonly acceptAll: boolean;
    readonly bootLoader: BootLoader;
    readonly highMemory: HighMemory;
    readonly checksAcpiMemory: boolean;
  };
}

const KERNELS: readonly UnacceptedSupport[] = ["drops", "knows", "asks", "zero-page"];

const LOADERS: Readonly<Record<Extract<VmmChoice, `loader-${string}`>, BootLoader>> = {
  "loader-unaware": "unaware",
  "loader-aware": "aware",
  "loader-other-version": "other-version",
};

const HIGH_MEMORY: Readonly<Record<Extract<VmmChoice, `acpi${string}`>, HighMemory>> = {
  acpi: "acpi",
  "acpi-and-map": "both",
  "acpi-unchecked": "both",
};

const ACPI: readonly VmmChoice[] = ["acpi", "acpi-and-map", "acpi-unchecked"];
const EVERY_LOADER: readonly VmmChoice[] = ["loader-unaware", "loader-aware", "loader-other-version"];

/** Choices there are with a firmware, in the order in which the matrix shows them. */
const FIRMWARES: readonly (readonly [Cell["platform"], FirmwareModel, readonly VmmChoice[]])[] = [
  // What accepts everything anyway leaves nothing to choose.
  ["tdx", "tdvf-2022", ["as-is"]],
  ["tdx", "tdvf", ["as-is", "accept-all", ...ACPI, ...EVERY_LOADER]],
  // It has no boot services that a loader could end.
  ["tdx", "td-shim", ["as-is", "accept-all"]],
  ["snp", "ovmf-snp-2022", ["as-is"]],
  ["snp", "ovmf-snp-no-protocol", ["as-is", "accept-all", "loader-unaware", "loader-aware"]],
  ["snp", "ovmf-snp", ["as-is", "accept-all", "leave-to-kernel", ...ACPI, ...EVERY_LOADER]],
];

/** All cells, kernels innermost. */
export function matrixCells(): Cell[] {
  return FIRMWARES.flatMap(([platform, firmware, choices]) =>
    choices.flatMap((vmm) => KERNELS.map((kernel) => cell(platform, firmware, kernel, vmm))),
  );
}

function cell(
  platform: Cell["platform"],
  firmware: FirmwareModel,
  kernel: UnacceptedSupport,
  vmm: VmmChoice,
): Cell {
  return {
    platform,
    firmware,
    kernel,
    vmm,
    runs: {
      // Without its protocol this firmware behaves as the switch makes it.
      firmware: vmm === "leave-to-kernel" ? "ovmf-snp-no-protocol" : firmware,
      acceptAll: vmm === "accept-all",
      bootLoader: vmm in LOADERS ? LOADERS[vmm as keyof typeof LOADERS] : "stub",
      highMemory: vmm in HIGH_MEMORY ? HIGH_MEMORY[vmm as keyof typeof HIGH_MEMORY] : "type-15",
      checksAcpiMemory: vmm !== "acpi-unchecked",
    },
  };
}
