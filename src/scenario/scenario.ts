/**
 * Every key of a scenario file, declared once: what a file may say, what a run then has, and the reference
 * follow from here. Keys of what happens to a guest once it is up are declared by the rooms that do it.
 */

import type { z } from "zod";
import { ACCEPTANCE_RECORDS, type AcceptanceRecord } from "../accept/e820-record.js";
import { TOUCH_CONTEXTS, type TouchContext } from "../accept/fault-acceptance.js";
import { ATTACK } from "../after/attack.js";
import { DRAIN } from "../after/drain.js";
import { HOTPLUG } from "../after/hotplug/result.js";
import { KEXEC } from "../after/kexec/result.js";
import { HOST_PAGE_SIZES, type HostPageSize } from "../coco/create-platform.js";
import { platformParameters } from "../coco/parameters.js";
import { PLATFORM_KINDS, type PlatformKind } from "../coco/platform.js";
import {
  BOOT_LOADERS,
  type BootLoader,
  UNACCEPTED_SUPPORT,
  type UnacceptedSupport,
} from "../efistub/exit-boot-services.js";
import type { FileOf, OneOrMore, Problem, Quantity, SettledOf, Time } from "../fields/field.js";
import { schemaOf } from "../fields/schema.js";
import type { FirmwareName } from "../firmware/firmware.js";
import { FIRMWARE_NAMES } from "../firmware/firmwares.js";
import { HIGH_MEMORY, type HighMemory } from "../firmware/start.js";
import { checkTdxModule, TDX_MODULE } from "../host/tdx-module/plan.js";
import { changesIn, releasesThatDiffer } from "../linux/kernel-rules.js";
import { STRATEGY_PARAMETERS } from "../policy/parameters.js";
import { POLICIES, POLICY_NAMES, type PolicyName } from "../policy/policies.js";
import { formatDuration } from "../units.js";
import { MIN_MEMORY_BYTES } from "../x86/memory-options.js";
import { SPLIT_TABLES, type SplitTables } from "../x86/table-pages.js";
import { MACHINES, PRESETS } from "./presets.js";
import { checkCommandLine, checkKernel, checkWorkload, EXPECTED_KERNEL, kernelOf } from "./texts.js";

export type { FirmwareName, HostPageSize, PlatformKind, PolicyName };

const HOST = {
  /**
   * KVM maps private TDX memory with 4 KiB pages (TDX as merged in 6.16), and guest_memfd allocates order 0
   * (6.12 virt/kvm/guest_memfd.c: kvm_gmem_get_folio).
   */
  pageSize: {
    is: "size",
    expected: "4KiB, 2MiB or 1GiB",
    oneOf: HOST_PAGE_SIZES as readonly HostPageSize[],
    examples: ["4KiB", "2MiB", "1GiB"],
    default: "4KiB",
    what: "largest page with which the host backs private memory: 4KiB, 2MiB or 1GiB",
  },
  /** Assumption: leaves the page size alone in command. */
  contiguity: {
    is: "number",
    expected: "a probability from 0 to 1",
    min: 0,
    max: 1,
    default: 1,
    what: "probability from 0 to 1 that the host finds a page of pageSize; otherwise it takes 4 KiB",
  },
  /** QEMU prefaults on a page state change only since commit 4cdc489eb9 (2025). */
  prefault: {
    is: "flag",
    default: false,
    what: "whether the host backs memory when the guest asks for private pages, not at first touch",
  },
  /** As in Linux 6.16; the feature is a patch series of 2025. */
  dynamicPamt: {
    is: "flag",
    on: ["tdx"],
    default: false,
    what: "whether the module's tracking of 4 KiB pages is allocated as they come into use",
  },
  /** QEMU gives converted memory back (accel/kvm/kvm-all.c: kvm_convert_memory). */
  keepsConverted: {
    is: "flag",
    default: false,
    what: "whether the host keeps the private copy of memory that the guest has made shared",
  },
  memory: {
    is: "size",
    on: ["tdx", "snp"],
    expected: "a size in whole pages such as 64GiB",
    max: "4096TiB",
    multipleOf: "4KiB",
    examples: ["64GiB"],
    byDefault: "as much as the guest takes",
    what: "what the host has for this guest, with the PAMT or RMP for it",
  },
  tdxModule: {
    is: "section",
    on: ["tdx"],
    optional: true,
    fields: TDX_MODULE as typeof TDX_MODULE,
    check: checkTdxModule as (value: never) => Problem[],
    what: "the whole host, to simulate the start of its TDX module as well",
  },
} as const;

const FIRMWARE = {
  preset: {
    is: "choice",
    of: FIRMWARE_NAMES as readonly FirmwareName[],
    default: "auto",
    what: "which firmware starts the guest; auto is tdvf for tdx, ovmf-snp for snp, ovmf for none; those of 2022 accept everything; td-shim and ovmf-snp-no-protocol do not go with policy firmware-delegated",
  },
  /**
   * Both TDVF and OVMF accept everything below 4 GiB (edk2 c5aa7e7
   * OvmfPkg/IntelTdx/TdxHelperLib/SecTdxHelper.c, OvmfPkg/PlatformPei/AmdSev.c).
   */
  preAcceptLimit: {
    is: "size",
    expected: "an address in whole MiB such as 4GiB, or all",
    max: "4096TiB",
    multipleOf: "1MiB",
    orAll: true,
    examples: ["4GiB", "512MiB", "all"],
    default: "4GiB",
    defaultFor: { preset: { "td-shim": "256MiB" } },
    what: "the firmware accepts memory below this physical address before it starts the kernel",
  },
  /**
   * A VMM loads what the firmware's metadata names, and leaves RAM to the firmware (QEMU
   * target/i386/kvm/tdx.c: tdx_finalize_vm; target/i386/sev.c: snp_populate_metadata_pages).
   */
  preAcceptBy: {
    is: "choice",
    of: ["firmware", "vmm"],
    default: "firmware",
    what: "who accepts that memory: the firmware, or the VMM, which puts it into the guest before that runs",
  },
  acceptAll: {
    is: "flag",
    default: false,
    what: "whether the VMM or a switch of the firmware makes it accept everything",
  },
  acceptOnDemand: {
    is: "flag",
    default: false,
    what: "whether the firmware accepts more memory when it runs out of it, which edk2 does not",
  },
  highMemory: {
    is: "choice",
    of: HIGH_MEMORY as readonly HighMemory[],
    default: "type-15",
    what: "how the firmware tells of memory that it leaves unaccepted: in its map, as ACPI memory devices whose blocks it accepts when they go online, or in both ways",
  },
} as const;

const GUEST = {
  timeScale: {
    is: "number",
    expected: "a number above 0",
    above: 0,
    byDefault: "what the recording itself says",
    what: "guest work for each unit of recorded work",
  },
  /** Assumption: as with THP `always`. */
  transparentHugePages: {
    is: "flag",
    default: true,
    what: "whether the guest kernel uses transparent huge pages, which raises its free-memory targets",
  },
  commandLine: {
    is: "text",
    check: checkCommandLine as (value: string) => Problem | undefined,
    examples: ["mem=2G"],
    default: "",
    what: "more words for the kernel's command line; those that take memory or CPUs act as in the kernel, are refused, or the run says that it ignores them",
  },
  /**
   * Linux refuses to run otherwise (6.12 arch/x86/coco/tdx/tdx.c: disable_sept_ve), but for policies that live
   * on the exception; so the policy decides.
   */
  septVeDisable: {
    is: "flag",
    on: ["tdx"],
    byDefault: "true, but false for policies that live on the exception",
    what: "whether touching unaccepted memory ends the guest; otherwise it raises #VE",
  },
  /** Assumption: a guest without is the simpler one. */
  svsm: {
    is: "flag",
    on: ["snp"],
    default: false,
    what: "whether the guest runs below an SVSM, which validates pages for it",
  },
  /** Assumption: a guest without is the simpler one. */
  coherencyErratum: {
    is: "flag",
    on: ["snp"],
    default: false,
    what: "whether the guest has to touch each page it validates, as on processors with the erratum",
  },
  /** As every distribution boots Linux since 6.5. */
  unacceptedMemory: {
    is: "choice",
    of: UNACCEPTED_SUPPORT as readonly UnacceptedSupport[],
    default: "asks",
    what: "what the kernel knows of unaccepted memory: asks (6.5 and later) takes it and tells the firmware, knows takes it, drops ignores it, zero-page keeps the bitmap of the series v10",
  },
  /** As every distribution boots Linux since 6.5. */
  bootLoader: {
    is: "choice",
    of: BOOT_LOADERS as readonly BootLoader[],
    default: "stub",
    what: "who ends boot services: the kernel's EFI stub, or a boot loader that drops unaccepted memory, makes the table for the kernel, or makes one of another version",
  },
  firstTouch: {
    is: "choice",
    of: TOUCH_CONTEXTS as readonly TouchContext[],
    byDefault: "where a handler can run",
    what: "where the kernel is when it first touches unaccepted memory, for policies that accept by the exception; none of these places can take it",
  },
  /** As in the recorded guests, whose addresses can be compared then. */
  kaslr: {
    is: "flag",
    default: false,
    what: "whether the kernel lies at a random address, chosen by the seed; otherwise at 16 MiB",
  },
  checksAcpiMemory: {
    is: "flag",
    default: true,
    what: "whether the kernel looks into its map before it takes memory that ACPI describes",
  },
  /** Linux accepts whatever it allocates (6.12 mm/memblock.c: memblock_alloc_range_nid). */
  shareWithoutAccept: {
    is: "flag",
    default: false,
    what: "whether the DMA bounce buffer becomes shared with the host without being accepted first",
  },
  /** Linux shares the GHCB page of each CPU by itself (6.12 arch/x86/coco/sev/core.c: init_ghcb). */
  decryptedSection: {
    is: "flag",
    on: ["snp"],
    default: false,
    what: "whether the GHCB pages of all CPUs lie in one section that is shared as a whole",
  },
  /** drivers/firmware/efi/unaccepted_memory.c, 6.5 and later. Policies that flag struct pages have no other record. */
  record: {
    is: "choice",
    of: ACCEPTANCE_RECORDS as readonly AcceptanceRecord[],
    default: "bitmap",
    what: "where the kernel keeps what is accepted: the bitmap of 6.5, or ranges of its e820 table, of 128 entries (e820-zero-page) or 3200 (e820-kernel); where that is full, the smallest gap is accepted",
  },
  /** memblock does not ask what is accepted when it looks for a place (6.12 mm/memblock.c: memblock_find_in_range_node). */
  staysInAccepted: {
    is: "flag",
    default: false,
    what: "whether the kernel takes memory that is accepted already until setup_arch() ends, while there is any below the first that is not",
  },
  /** 6.12 arch/x86/mm/init.c: alloc_low_pages, arch/x86/mm/pat/set_memory.c: split_large_page. */
  splitTables: {
    is: "choice",
    of: SPLIT_TABLES as readonly SplitTables[],
    default: "by-phase",
    what: "who hands out page tables when a leaf of the direct map is split: whoever can (by-phase), always the page allocator (slab), always memblock, or whoever can while memblock takes back what is left over (memblock-free)",
  },
  /** How often CPUs meet at one leaf depends on what they do. */
  splitRaces: {
    is: "flag",
    default: false,
    what: "whether, once init runs, another CPU is first to split each leaf that a driver shares a part of; none is there with one CPU",
  },
  /** Assumption: drivers of virtio devices share what they allocate, how much depends on them. */
  dmaBuffers: {
    is: "count",
    min: 0,
    max: 1_048_576,
    default: 0,
    what: "pages of DMA memory that drivers allocate once init runs, each shared with the host by itself",
  },
} as const;

/** Keys in the order in which a run has them. */
export const SCENARIO = {
  name: {
    is: "text",
    required: true,
    varies: "never",
    what: "short name of the scenario, the first column of every table",
  },
  description: { is: "text", varies: "never", what: "one sentence about what it shows" },
  workload: {
    is: "text",
    required: true,
    check: checkWorkload as (value: string) => Problem | undefined,
    examples: ["recorded/linux-6.12.95-1c4g/recording.yaml", "generate:heap?size=1GiB"],
    what: "what the guest does: a recording (recording.yaml) or a trace, relative to this file, or generate:NAME?PARAMETER=VALUE&..., which unaccepted trace list names; what is no boot comes after the standard one",
  },
  preset: {
    is: "choice",
    of: Object.keys(PRESETS) as string[],
    fileOnly: true,
    what: "platform, firmware and host to start from; what this file says itself comes first",
  },
  machine: {
    is: "choice",
    of: Object.keys(MACHINES) as string[],
    fileOnly: true,
    what: "memory and CPUs to start from; what this file says itself comes first",
  },
  platform: {
    is: "section",
    short: "kind",
    byDefault: "that of `preset`, or required",
    what: "what protects the memory: tdx, snp or none, or a mapping of `kind` and prices",
    fields: {
      kind: {
        is: "choice",
        of: PLATFORM_KINDS as readonly PlatformKind[],
        needed: "that of `preset`, or required",
        varies: "faster",
        what: "which one: tdx, snp, or none for a plain virtual machine",
      },
      /** Those that differ from the platform's own, by name. */
      parameters: {
        is: "parameters",
        of: ["platform", "kind"],
        inline: true,
        fields: prices() as Readonly<Record<string, Time>>,
        has: hasPrice as (kind: string, name: string) => boolean,
        defaults: (_kind: string): Record<string, never> => ({}),
        what: "a price of the platform, by its name",
      },
    },
  },
  /** Linux accepts lazily unless told `accept_memory=eager` (6.12 mm/page_alloc.c: accept_memory_parse). */
  policy: {
    is: "choice",
    of: POLICY_NAMES as readonly PolicyName[],
    default: "lazy",
    varies: "fastest",
    what: "when memory is accepted and by whom; unaccepted run --list-policies explains each",
  },
  strategy: {
    is: "parameters",
    of: ["policy"],
    fields: STRATEGY_PARAMETERS as typeof STRATEGY_PARAMETERS,
    has: hasParameter as (policy: string, name: string) => boolean,
    defaults: (policy: string): Record<string, Quantity | boolean> =>
      POLICIES[policy as PolicyName].parameters,
    what: "what can be tuned about the policy; a parameter counts for those policies of the file that have it",
  },
  /** The recordings are of this series. */
  kernel: {
    is: "text",
    orNumber: true,
    expected: EXPECTED_KERNEL as string,
    check: checkKernel as (value: Quantity) => Problem | undefined,
    read: kernelOf as (value: Quantity) => string | undefined,
    examples: ["6.12", "6.8.0-1028-intel"],
    default: "6.12",
    what: "Linux release whose rules for unaccepted memory apply, as uname -r prints it; 6.12 is the stable series as of 6.12.107, any other name of two numbers the first release",
    more: kernelChanges() as string,
  },
  /** 52 physical address bits are the most x86_64 has. */
  memory: {
    is: "size",
    expected: "a memory size from 256MiB to 4PiB in whole MiB",
    min: MIN_MEMORY_BYTES as number,
    max: "4096TiB",
    multipleOf: "1MiB",
    examples: ["4GiB", "1TiB"],
    needed: "that of `machine`, or required",
    varies: "fast",
    what: "RAM of the guest; units are binary (2M is 2MiB), a bare number is bytes; none lies at 2^52 or above",
  },
  /** Assumption: the guest whose requests can be compared one by one. */
  vcpus: {
    is: "count",
    min: 1,
    max: 1024,
    default: 1,
    varies: "fast",
    what: "virtual CPUs, 1 to 1024",
  },
  seed: {
    is: "count",
    min: 0,
    max: 4_294_967_295,
    default: 1,
    what: "start of every random choice; the same seed gives the same run",
  },
  host: { is: "section", fields: HOST as typeof HOST, what: "the machine below the guest" },
  firmware: {
    is: "section",
    fields: FIRMWARE as typeof FIRMWARE,
    what: "the firmware that starts the guest",
  },
  guest: { is: "section", fields: GUEST as typeof GUEST, what: "the guest kernel and its work" },
  hotplug: {
    is: "section",
    optional: true,
    fields: HOTPLUG as typeof HOTPLUG,
    what: "when init runs, a memory device is plugged in behind the guest's RAM and goes online",
  },
  drain: {
    is: "section",
    optional: true,
    fields: DRAIN as typeof DRAIN,
    what: "after the boot, processes touch anonymous memory until nothing is left to accept",
  },
  attack: {
    is: "section",
    optional: true,
    fields: ATTACK as typeof ATTACK,
    what: "when the guest is ready, the host takes accepted pages away and gives them back",
  },
  kexec: {
    is: "section",
    optional: true,
    fields: KEXEC as typeof KEXEC,
    what: "after everything else, another kernel takes the guest over",
  },
} as const;

/** One run, fully decided. Sizes in bytes, times in nanoseconds, paths as written; always frozen. */
export type Scenario = SettledOf<typeof SCENARIO>;

type Written = FileOf<typeof SCENARIO>;

/** A scenario file as users write it, before presets, defaults and lists are worked out. */
export type ScenarioDocument = Omit<Written, "platform"> & {
  readonly platform?: OneOrMore<PlatformKind> | PlatformDocument;
};

/** `platform` as a mapping: the kind, and prices to change by name. */
export interface PlatformDocument {
  readonly kind?: OneOrMore<PlatformKind>;
  readonly [price: string]: OneOrMore<Quantity>;
}

/** A document without presets, its platform a mapping with the prices in one of their own. Platform and memory can still be missing. */
export type CompleteDocument = Omit<Written, "preset" | "machine">;

/** A scenario file as a schema; every mapping refuses keys it does not know. */
export const scenarioSchema: z.ZodType<ScenarioDocument> = schemaOf(SCENARIO) as z.ZodType<ScenarioDocument>;

function prices(): Record<string, Time> {
  const names = new Set(PLATFORM_KINDS.flatMap((kind) => Object.keys(platformParameters(kind))));
  return Object.fromEntries([...names].map((name) => [name, price(name)]));
}

function price(name: string): Time {
  const defaults = PLATFORM_KINDS.filter((kind) => hasPrice(kind, name)).map(
    (kind) => `${kind} ${formatDuration(platformParameters(kind)[name]!.value)}`,
  );
  return { is: "time", what: "a time with its unit", more: `Default: ${defaults.join(", ")}` };
}

function hasPrice(kind: string, name: string): boolean {
  return Object.hasOwn(platformParameters(kind as PlatformKind), name);
}

function hasParameter(policy: string, name: string): boolean {
  return Object.hasOwn(POLICIES[policy as PolicyName].parameters, name);
}

function kernelChanges(): string {
  const changes = releasesThatDiffer()
    .slice(1)
    .map((name) => `${name} ${changesIn(name).join(", ")}`);
  return `What changed: ${changes.join(". ")}`;
}
