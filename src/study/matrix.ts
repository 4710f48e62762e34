/**
 * Every pair that can meet: each firmware with each kind of kernel, under each choice that a VMM, its user
 * or a boot loader can make about who accepts memory, and versions of the firmware with what was broken in them ("[PATCH v7 6/6] x86/efi: Safely enable
 * unaccepted memory in UEFI" and its thread, April 2023). Each cell is a boot of its own.
 */

import type { UnacceptedSupport } from "../efistub/exit-boot-services.js";
import { NEWEST_EDK2 } from "../firmware/edk2.js";
import type { FirmwareModel } from "../firmware/firmware.js";
import { FIRMWARES as EVERY_FIRMWARE } from "../firmware/firmwares.js";
import { USUAL_POLICY } from "../policy/policies.js";
import type { RunResult } from "../results/row.js";
import { parseScenario } from "../scenario/load.js";
import type { Scenario } from "../scenario/scenario.js";
import type { LoadedWorkload } from "../workload/after-boot.js";

export type VmmChoice =
  | "as-is"
  | "accept-all"
  | "leave-to-kernel"
  | "acpi"
  | "acpi-and-map"
  | "acpi-unchecked"
  | "loader-unaware"
  | "loader-aware"
  | "loader-other-version"
  | "loader-exact-map"
  | "generic-image"
  | "no-metadata"
  | "odd-size";

interface Choice {
  readonly firmware?: object;
  readonly guest?: object;
  readonly vcpus?: number;
  /** In place of the memory that is asked for. */
  readonly memory?: string;
}

/** The scenario fields of each choice; with as-is nothing is chosen and the kernel's stub leaves the firmware. */
const CHOICES: Readonly<Record<VmmChoice, Choice>> = {
  "as-is": {},
  /** The VMM picks a firmware that accepts everything, or a switch of the firmware says so. */
  "accept-all": { firmware: { acceptAll: true } },
  /**
   * A switch says that the kernel takes unaccepted memory, so the firmware does not accept for a kernel that
   * does not ask: it behaves as the one without the protocol.
   */
  "leave-to-kernel": { firmware: { preset: "ovmf-snp-no-protocol" } },
  /** The firmware describes the memory above 4 GiB as ACPI memory devices, and not in its map. */
  acpi: { firmware: { highMemory: "acpi" } },
  "acpi-and-map": { firmware: { highMemory: "both" } },
  /** The same for a kernel that does not compare them. */
  "acpi-unchecked": { firmware: { highMemory: "both" }, guest: { checksAcpiMemory: false } },
  /** A boot loader leaves the firmware, and drops memory of type 15. */
  "loader-unaware": { guest: { bootLoader: "unaware" } },
  "loader-aware": { guest: { bootLoader: "aware" } },
  "loader-other-version": { guest: { bootLoader: "other-version" } },
  "loader-exact-map": { guest: { bootLoader: "exact-map" } },
  /** The image that is not the one for TDX. */
  "generic-image": { firmware: { flavour: "generic" } },
  /** Debian's image of 4 MiB, 2022.11. */
  "no-metadata": { firmware: { metadata: false } },
  /** The largest guest whose RAM all lies below 4 GiB: an odd number of MiB. */
  "odd-size": { memory: "2815MiB", vcpus: 2 },
};

const KERNELS: readonly UnacceptedSupport[] = ["drops", "knows", "asks", "zero-page"];
const ACPI: readonly VmmChoice[] = ["acpi", "acpi-and-map", "acpi-unchecked"];
const EVERY_LOADER: readonly VmmChoice[] = ["loader-unaware", "loader-aware", "loader-other-version"];

/** Choices there are with a firmware, in the order in which the matrix shows them. */
const FIRMWARES: readonly (readonly ["tdx" | "snp", FirmwareModel, readonly VmmChoice[]])[] = [
  // What accepts everything anyway leaves nothing to choose.
  ["tdx", "tdvf-2022", ["as-is"]],
  ["tdx", "tdvf", ["as-is", "accept-all", ...ACPI, ...EVERY_LOADER]],
  // It has no boot services that a loader could end.
  ["tdx", "td-shim", ["as-is", "accept-all"]],
  ["snp", "ovmf-snp-2022", ["as-is"]],
  ["snp", "ovmf-snp-no-protocol", ["as-is", "accept-all", "loader-unaware", "loader-aware"]],
  ["snp", "ovmf-snp", ["as-is", "accept-all", "leave-to-kernel", ...ACPI, ...EVERY_LOADER]],
];

/** What broke, or was mended, in which version of edk2, for a kernel that knows unaccepted memory. */
const VERSIONS: readonly (readonly ["tdx" | "snp", FirmwareModel, string, readonly VmmChoice[]])[] = [
  ["tdx", "tdvf", "2022.11", ["as-is", "no-metadata"]],
  ["tdx", "tdvf", "2025.02", ["as-is", "generic-image", "loader-exact-map", "odd-size"]],
  ["tdx", "tdvf", "2025.11", ["generic-image", "loader-exact-map", "odd-size"]],
  ["tdx", "tdvf", "2026.02", ["generic-image"]],
  ["tdx", "tdvf", "2026.05", ["as-is", "generic-image"]],
  ["tdx", "tdvf", NEWEST_EDK2, ["generic-image", "loader-exact-map", "odd-size"]],
  ["snp", "ovmf-snp", "2022.11", ["as-is", "no-metadata"]],
  ["snp", "ovmf-snp", "2025.02", ["as-is", "loader-exact-map"]],
  ["snp", "ovmf-snp", "2025.11", ["as-is", "loader-exact-map"]],
  ["snp", "ovmf-snp", "2026.02", ["as-is"]],
  ["snp", "ovmf-snp", "2026.05", ["as-is"]],
  ["snp", "ovmf-snp", NEWEST_EDK2, ["loader-exact-map"]],
];
const KERNEL_OF_VERSIONS: UnacceptedSupport = "asks";

interface Cell {
  readonly platform: "tdx" | "snp";
  readonly firmware: FirmwareModel;
  /** The tag of edk2; absent for a firmware that is not edk2's. */
  readonly version?: string;
  readonly kernel: UnacceptedSupport;
  readonly vmm: VmmChoice;
}

export interface MatrixCell
  extends Cell,
    Pick<RunResult, "memoryBytes" | "lostBytes" | "bootTimeNs" | "outcome" | "reason"> {
  /** RAM that the kernel knows of, from its map or because it came online. */
  readonly visibleBytes: number;
  readonly acceptedBy: RunResult["memory"]["acceptedBy"];
}

export interface MatrixGuest {
  readonly cell: Cell;
  readonly scenario: Scenario;
}

/**
 * The guests of all cells, kernels innermost.
 *
 * @param memory as in a scenario; what the machine has below 4 GiB is 2 GiB of it
 * @param loaded the boot that all of them replay
 * @throws ScenarioError for a size that no guest can have
 */
export function matrixGuests(memory: string, loaded: LoadedWorkload): MatrixGuest[] {
  const usual = FIRMWARES.flatMap(([platform, firmware, choices]): Cell[] => {
    const { edk2, version = NEWEST_EDK2 } = EVERY_FIRMWARE[firmware];
    const image = edk2 === undefined ? {} : { version };
    return choices.flatMap((vmm) => KERNELS.map((kernel) => ({ platform, firmware, ...image, kernel, vmm })));
  });
  const older = VERSIONS.flatMap(([platform, firmware, version, choices]) =>
    choices.map((vmm): Cell => ({ platform, firmware, version, kernel: KERNEL_OF_VERSIONS, vmm })),
  );
  return [...usual, ...older].map((cell) => ({ cell, scenario: scenarioOf(cell, memory, loaded) }));
}

function scenarioOf(
  { firmware, version, vmm, kernel, platform }: Cell,
  memory: string,
  loaded: LoadedWorkload,
): Scenario {
  const choice = CHOICES[vmm];
  const text = JSON.stringify({
    name: "matrix",
    workload: loaded.recording.name,
    policy: USUAL_POLICY,
    platform,
    ...(choice.vcpus === undefined ? {} : { vcpus: choice.vcpus }),
    firmware: {
      preset: firmware,
      ...(version === undefined || EVERY_FIRMWARE[firmware].version !== undefined ? {} : { version }),
      ...choice.firmware,
    },
    guest: { unacceptedMemory: kernel, ...choice.guest },
  });
  const value = choice.memory ?? memory;
  const flag = { flag: `--memory ${value}`, path: ["memory"], value };
  return parseScenario(text, "matrix", [flag])[0]!;
}

/** @param run of the guest */
export function matrixCell({ cell }: MatrixGuest, run: RunResult): MatrixCell {
  const { visibleBytes, onlineBytes, acceptedBy } = run.memory;
  return {
    ...cell,
    memoryBytes: run.memoryBytes,
    visibleBytes: visibleBytes + onlineBytes,
    lostBytes: run.lostBytes,
    acceptedBy,
    bootTimeNs: run.bootTimeNs,
    outcome: run.outcome,
    ...(run.reason === undefined ? {} : { reason: run.reason }),
  };
}
