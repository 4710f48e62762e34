/** What keys of a scenario need of the rest of it to change anything. */

import { PLATFORM_KINDS, PLATFORMS, type PlatformKind } from "../coco/platforms.js";
import { commandLineWords } from "../command-line/words.js";
import type { Met, Need } from "../fields/field.js";
import { type Edk2Build, edk2Build, type Flavour } from "../firmware/edk2.js";
import type { Firmware, FirmwareName } from "../firmware/firmware.js";
import { FIRMWARES } from "../firmware/firmwares.js";
import type { HotplugWindowReport } from "../firmware/hotplug-window.js";
import type { HighMemory } from "../firmware/start.js";
import { takesLowMemory, takesMoreMemory, VMM_KINDS, type VmmKind } from "../firmware/vmm-ram.js";
import type { AssignedDevice } from "../host/assigned-device.js";
import { kernelRules } from "../linux/kernel-rules.js";
import { hugePagesStayOn } from "../mm/watermarks.js";
import { BEHAVIOURS, type Behaviour } from "../policy/behaviour.js";
import { policyNamed } from "../policy/policies.js";
import type { Strategy } from "../policy/policy.js";
import { PAGE_SIZE } from "../units.js";

/** The keys of a run that decide it. */
interface Run {
  readonly kexec?: { readonly kind: "kexec" | "kdump" };
  readonly platform: { readonly kind: PlatformKind };
  readonly policy: string;
  readonly strategy: Strategy;
  readonly memoryBytes: number;
  readonly vcpus: number;
  readonly kernel: string;
  readonly host: { readonly assignedDevice: AssignedDevice; readonly pageSizeBytes: number };
  readonly vmm: { readonly kind: VmmKind; readonly maxMemoryBytes?: number };
  readonly memoryMap: readonly unknown[];
  readonly firmware: {
    readonly preset: FirmwareName;
    readonly version: string;
    readonly flavour?: Flavour;
    readonly acceptAll: boolean;
    readonly highMemory: HighMemory;
    readonly hotplugWindow: HotplugWindowReport;
  };
  readonly guest: { readonly commandLine: string; readonly dmaBuffers: number };
}

function need(what: string, reads: readonly string[], met: (run: Run) => boolean): Need {
  return { what, reads, met: met as Met };
}

/** Protected memory, which somebody has to accept: all platforms but the plain one have it. */
export const CONFIDENTIAL: Need = need(
  `platform ${PLATFORM_KINDS.filter((kind) => PLATFORMS[kind].isConfidential).join(" or ")}`,
  ["platform.kind"],
  ({ platform }) => PLATFORMS[platform.kind].isConfidential,
);

/** What makes the map has nothing to make. */
export const NO_MAP: Need = need(
  "a map that follows from the machine, without memoryMap",
  ["memoryMap"],
  ({ memoryMap }) => memoryMap.length === 0,
);

export const EXPLICIT_MAP: Need = need("memoryMap", ["memoryMap"], ({ memoryMap }) => memoryMap.length > 0);

export const LOW_MEMORY_OPTION: Need = need(
  `vmm.kind ${VMM_KINDS.filter(takesLowMemory).join(", ")}, and no memoryMap`,
  ["vmm.kind", "memoryMap"],
  ({ vmm, memoryMap }) => takesLowMemory(vmm.kind) && memoryMap.length === 0,
);

export const MORE_MEMORY_OPTION: Need = need(
  `vmm.kind ${VMM_KINDS.filter(takesMoreMemory).join(", ")}, and no memoryMap`,
  ["vmm.kind", "memoryMap"],
  ({ vmm, memoryMap }) => takesMoreMemory(vmm.kind) && memoryMap.length === 0,
);

export const LARGE_PAGES: Need = need(
  "a host.pageSize above 4KiB",
  ["host.pageSize"],
  ({ host }) => host.pageSizeBytes > PAGE_SIZE,
);

export const HOST_KERNEL_ACTS: Need = need(
  "platform tdx, or snp with a host.pageSize above 4KiB",
  ["platform.kind", "host.pageSize"],
  ({ platform, host }) => {
    const { isConfidential, needsTdxModule } = PLATFORMS[platform.kind];
    return isConfidential && (needsTdxModule || host.pageSizeBytes > PAGE_SIZE);
  },
);

/** That confidential guests are mapped page by page; plain ones have a mapping for a range of RAM. */
export const DEVICE_IN_CONTAINER: Need = need(
  "host.assignedDevice: type1, and platform tdx or snp",
  ["host.assignedDevice", "platform.kind"],
  ({ host, platform }) => host.assignedDevice === "type1" && PLATFORMS[platform.kind].isConfidential,
);

export const DUMP_OF_UNACCEPTED: Need = need(
  "kexec.kind: kdump, and a kernel that tells of unaccepted pages (6.16 and later)",
  ["kexec.kind", "kernel"],
  ({ kexec, kernel }) => kexec?.kind === "kdump" && kernelRules(kernel).kexec.tellsUnaccepted,
);

export const CODE_FOR_S3: Need = need(
  "an image of edk2 other than inteltdx, in firmware.flavour",
  ["platform.kind", "firmware.preset", "firmware.flavour"],
  (run) => (edk2In(run)?.flavour ?? "inteltdx") !== "inteltdx",
);

export const FIRMWARE_WITH_LIMIT: Need = need(
  "a firmware and a policy that leave memory unaccepted, without firmware.acceptAll",
  [
    "platform.kind",
    "firmware.version",
    "firmware.flavour",
    "firmware.preset",
    "policy",
    "firmware.acceptAll",
  ],
  firmwareStopsAtLimit,
);

export const FIRMWARE_THAT_LEAVES_MEMORY: Need = need(
  "a policy and a firmware that do not do so anyway",
  ["platform.kind", "firmware.version", "firmware.flavour", "firmware.preset", "policy"],
  firmwareLeavesMemory,
);

export const HIGH_MEMORY_OPEN: Need = need(
  "a policy that leaves it to the scenario, and memory that the firmware does not accept",
  [
    "platform.kind",
    "firmware.version",
    "firmware.flavour",
    "firmware.preset",
    "policy",
    "firmware.acceptAll",
  ],
  (run) => behaviourIn(run).highMemory === undefined && firmwareStopsAtLimit(run),
);

export const ROOM_TO_PLUG_IN: Need = need(
  "a vmm.maxMemory above memory",
  ["vmm.maxMemory", "memory"],
  ({ vmm: { maxMemoryBytes = 0 }, memoryBytes }) => maxMemoryBytes > memoryBytes,
);

export const MAP_OF_TYPE_15: Need = need(
  "a firmware of edk2 since 2022.11 that reports unaccepted memory in its map",
  [
    "platform.kind",
    "firmware.preset",
    "firmware.version",
    "firmware.flavour",
    "policy",
    "firmware.highMemory",
  ],
  (run) => {
    const { tdxLeavesMemory = false, snpLeavesMemory = false } = edk2In(run)?.rules ?? {};
    const knows = PLATFORMS[run.platform.kind].needsTdxModule ? tdxLeavesMemory : snpLeavesMemory;
    return knows && (behaviourIn(run).highMemory ?? run.firmware.highMemory) === "type-15";
  },
);

export const WINDOW_REPORTED: Need = need(
  "firmware.hotplugWindow: reported",
  ["firmware.hotplugWindow"],
  ({ firmware }) => firmware.hotplugWindow === "reported",
);

export const ROOM_FOR_HUGE_PAGES: Need = need(
  "512MiB of memory, and no transparent_hugepage= on the kernel's command line",
  ["memory", "guest.commandLine"],
  ({ memoryBytes, guest }) =>
    hugePagesStayOn(memoryBytes / PAGE_SIZE) && !hasWord(guest.commandLine, "transparent_hugepage"),
);

export const ACCEPTS_ON_TOUCH: Need = need(
  "a policy that accepts by the exception of the first touch",
  ["policy"],
  (run) => behaviourIn(run).touch !== undefined,
);

export const ACCEPTS_EARLY: Need = need(
  "a kernel that accepts before watermarks are set (6.14, 6.12.21, 6.6.86), and a policy with a lazy kernel",
  ["kernel", "policy"],
  (run) => {
    const { kernelAcceptsAll, firmwareAcceptsAll, touch } = behaviourIn(run);
    const isLazy = kernelAcceptsAll !== true && firmwareAcceptsAll !== true && touch === undefined;
    return isLazy && kernelRules(run.kernel).pageAlloc.acceptBeforeWatermarks;
  },
);

export const KERNEL_MAY_MOVE: Need = need(
  "no nokaslr on the kernel's command line",
  ["guest.commandLine"],
  ({ guest }) => !hasWord(guest.commandLine, "nokaslr"),
);

export const UEFI: Need = need(
  "a firmware with boot services, which td-shim has none of",
  ["platform.kind", "firmware.preset"],
  (run) => firmwareIn(run).report === "efi",
);

export const ACPI_MEMORY: Need = need(
  "memory that ACPI describes: firmware.highMemory acpi or both",
  ["policy", "firmware.highMemory"],
  (run) => (behaviourIn(run).highMemory ?? run.firmware.highMemory) !== "type-15",
);

export const SPLITS_ON_MANY_CPUS: Need = need(
  "more than one CPU, and guest.dmaBuffers",
  ["vcpus", "guest.dmaBuffers"],
  ({ vcpus, guest }) => vcpus > 1 && guest.dmaBuffers > 0,
);

function behaviourIn({ policy, strategy }: Run): Behaviour {
  return policyNamed(policy).behaviour(strategy, BEHAVIOURS);
}

function firmwareIn({ platform, firmware }: Pick<Run, "platform" | "firmware">): Firmware {
  const { defaultFirmware } = PLATFORMS[platform.kind];
  return FIRMWARES[firmware.preset === "auto" ? defaultFirmware : firmware.preset];
}

/** The image that starts the guest; undefined for a firmware that is not edk2's. */
function edk2In({ platform, firmware }: Run): Edk2Build | undefined {
  const model = firmwareIn({ platform, firmware });
  if (model.edk2 === undefined) return undefined;
  const { defaultFlavour } = PLATFORMS[platform.kind];
  return edk2Build(model.version ?? firmware.version, firmware.flavour ?? defaultFlavour);
}

/** Images up to 2022 accept everything, and so does one whose policy has it do that. */
function firmwareLeavesMemory(run: Run): boolean {
  const { tdxLeavesMemory = true, snpLeavesMemory = true } = edk2In(run)?.rules ?? {};
  const leaves = PLATFORMS[run.platform.kind].needsTdxModule ? tdxLeavesMemory : snpLeavesMemory;
  return leaves && behaviourIn(run).firmwareAcceptsAll !== true;
}

function firmwareStopsAtLimit(run: Run): boolean {
  return !run.firmware.acceptAll && firmwareLeavesMemory(run);
}

function hasWord(commandLine: string, word: string): boolean {
  return commandLineWords(commandLine).some(({ name }) => name === word);
}
