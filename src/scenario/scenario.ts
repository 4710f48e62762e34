/** One run, fully decided: what every later room reads. Made by `parseScenario`, always frozen. */

import type { AcceptanceRecord } from "../accept/e820-record.js";
import type { HotplugPlan } from "../after/hotplug/result.js";
import type { KexecPlan } from "../after/kexec/result.js";
import type { PlatformKind } from "../coco/platform.js";
import type { BootLoader, UnacceptedSupport } from "../efistub/exit-boot-services.js";
import type { FirmwareModel } from "../firmware/firmware.js";
import type { HighMemory } from "../firmware/start.js";
import type { PolicyName } from "../policy/policies.js";
import type { AddressRange } from "../units.js";
import type { SplitTables } from "../x86/table-pages.js";

export type { BootLoader, HighMemory, PlatformKind, PolicyName, UnacceptedSupport };

/** Which firmware starts the guest; `auto` is the usual one of the platform. */
export type FirmwareName = "auto" | FirmwareModel;

/** Page sizes with which the host can back a guest, in bytes: 4 KiB, 2 MiB, 1 GiB. */
export type HostPageSize = 4096 | 2097152 | 1073741824;

/**
 * What a host does to accepted pages: puts other memory in their place; puts the memory of another accepted
 * page there, so that one page of the host is at two addresses of the guest.
 */
export type AttackKind = "replace" | "alias";

/**
 * What a guest does when it finds a page it had accepted to be unaccepted again: stop; accept it
 * again and say so; accept it again in silence.
 */
export type AttackAnswer = "terminate" | "warn" | "ignore";

/**
 * Places where the kernel cannot take the exception of a first touch: the entry of an NMI; the gap after
 * SYSCALL in which the stack is still the user's; the stack of the exception's own handler
 * (Documentation/arch/x86/tdx.rst of 6.12 on #VE; linux-mm, February 2021, on #VC).
 */
export type TouchContext = "nmi" | "syscall-gap" | "handler-stack";

/**
 * What a host does about memory that its TDX module was not told of and that is plugged in: keeps it
 * offline; lets it go online, as the machine's owner is to see to it; lets it go online, and starts only
 * guests that are bound to a NUMA node without such memory.
 */
export type HostHotplugPolicy = "refuse" | "allow" | "nodes";

/**
 * From where the list of memory that the module is told comes, when the module starts long after the
 * boot: memblock as it is by then; what was noted of it at boot; memblock, discarded after the boot.
 */
export type MemoryListSource = "memblock" | "snapshot" | "discarded";

/** A piece of a host's memory. */
export interface HostMemory extends AddressRange {
  readonly nodeId: number;
  /** Part of it that others have: the host itself, other guests. */
  readonly usedBytes: number;
}

/** Memory that is taken out of a running host. */
export interface HostRemoval extends AddressRange {
  /** Before the module starts, or when it runs. */
  readonly when: "before" | "after";
}

/** Who accepts memory for the firmware. */
export type PreAcceptBy = "firmware" | "vmm";

/** A host as its TDX module sees it. Addresses in bytes. */
export interface TdxModuleHost {
  /** The host's memory at boot in the order of memblock. */
  readonly memory: readonly HostMemory[];
  readonly listFrom: MemoryListSource;
  /** Memory of that which is removed while the host runs, in this order. */
  readonly removed: readonly HostRemoval[];
  readonly hotplugPolicy: HostHotplugPolicy;
  /** NUMA node that the guest's memory has to come from. */
  readonly guestNode: number | "any";
  /** Convertible memory regions (CMRs), as the platform reports them. */
  readonly convertible: readonly AddressRange[];
  /** Memory plugged in after the module has started, in this order. */
  readonly hotplug: readonly AddressRange[];
  /** Most regions the module can be told (TDMRs). */
  readonly maxTdmrs: number;
  /** Most reserved areas in one of them. */
  readonly maxReservedPerTdmr: number;
}

/** The parameters that the policy of a run has, and no others. Sizes in bytes, Infinity where there is no limit. */
export interface Strategy {
  /** Accepted at once. */
  readonly batchBytes?: number;
  readonly adaptive?: boolean;
  /** Largest batch of adaptive doubling. */
  readonly batchMaxBytes?: number;
  /** Kernel threads that accept. */
  readonly threads?: number;
  /** Accepted per second by all of them together. */
  readonly rateBytes?: number;
  /** Whether they leave CPUs alone that have work. */
  readonly idleOnly?: boolean;
  /** Free accepted memory at which they stop. */
  readonly targetBytes?: number;
  /** Free accepted memory beyond the promo watermark. */
  readonly aheadBytes?: number;
  /** Memory of ACPI devices that goes online at once. */
  readonly blockBytes?: number;
  /** CPUs of a node that take part in eager acceptance. */
  readonly acceptingCpus?: number;
}

/** One run. Every list of the scenario file is down to one value here. */
export interface Scenario {
  readonly name: string;
  readonly description?: string;
  /** Path of the recording as written; the caller resolves it against the scenario file. */
  readonly workload: string;
  readonly platform: {
    readonly kind: PlatformKind;
    /** Timing parameters that differ from the platform's defaults, by name; times in nanoseconds. */
    readonly parameters: Readonly<Record<string, number>>;
  };
  readonly policy: PolicyName;
  readonly strategy: Strategy;
  /** A Linux release from 6.5 on, such as `6.12` or `6.8.0-1028-intel`. */
  readonly kernel: string;
  /** RAM of the guest: 256 MiB to 4 PiB in whole MiB. */
  readonly memoryBytes: number;
  /** 1 to 1024. */
  readonly vcpus: number;
  /** 0 to 2^32 - 1. */
  readonly seed: number;
  readonly host: {
    readonly pageSizeBytes: HostPageSize;
    /** Whether the host backs private memory when the guest asks for it, before it is touched. */
    readonly prefault: boolean;
    /**
     * Probability, 0 to 1, that the host finds a page of `pageSizeBytes` when it backs private
     * memory; where it does not, it takes pages of 4 KiB.
     */
    readonly contiguity: number;
    /** TDX: whether the module's tracking of 4 KiB pages is allocated as they come into use. */
    readonly dynamicPamt: boolean;
    /** Whether the host keeps the private copy of memory that the guest has made shared. */
    readonly keepsConverted: boolean;
    /** TDX, SNP: what the host has for this guest, with its PAMT or RMP; absent: as much as the guest takes. */
    readonly memoryBytes?: number;
    /** TDX: the whole host, if its module's start is to be simulated too. */
    readonly tdxModule?: TdxModuleHost;
  };
  readonly firmware: {
    readonly preset: FirmwareName;
    /** The firmware accepts memory below this physical address; Infinity for all. */
    readonly preAcceptLimitBytes: number;
    /** Who accepts that: the firmware when it runs, or the VMM before anything runs. */
    readonly preAcceptBy: PreAcceptBy;
    /** The firmware accepts everything whatever it would do by itself: a VMM or a switch told it to. */
    readonly acceptAll: boolean;
    /** The firmware accepts more memory when it runs out of it before the kernel starts. */
    readonly acceptOnDemand: boolean;
    /** How the firmware tells of memory that it leaves unaccepted. */
    readonly highMemory: HighMemory;
  };
  readonly guest: {
    /** Guest work for each nanosecond of recorded work, above 0; absent: as the recording says. */
    readonly timeScale?: number;
    readonly transparentHugePages: boolean;
    /** Appended to the kernel's command line; `src/command-line/catalogue.ts` says what becomes of each word. */
    readonly commandLine: string;
    /**
     * TDX: touching unaccepted memory leaves the guest and ends it; otherwise it raises #VE
     * (SEPT_VE_DISABLE). Absent: only a policy that lives on the exception has it.
     */
    readonly septVeDisable?: boolean;
    /** SNP: the guest runs below an SVSM, which validates its pages for it. */
    readonly svsm: boolean;
    /** SNP: the processor has the coherency erratum, so the guest touches each page it validates. */
    readonly coherencyErratum: boolean;
    /** What the kernel knows about memory that the firmware has not accepted. */
    readonly unacceptedMemory: UnacceptedSupport;
    /** Who ends boot services. */
    readonly bootLoader: BootLoader;
    /** Where the kernel is when it first touches unaccepted memory; absent: where a handler can run. */
    readonly firstTouch?: TouchContext;
    /** Whether the kernel is unpacked to a random place; otherwise to 16 MiB. */
    readonly kaslr: boolean;
    /** Whether the kernel looks into its map before it takes memory that ACPI describes. */
    readonly checksAcpiMemory: boolean;
    /** Whether the DMA bounce buffer becomes shared as the firmware left it, not accepted first. */
    readonly shareWithoutAccept: boolean;
    /** SNP: whether the GHCB pages of all CPUs lie in one section that is shared as a whole. */
    readonly decryptedSection: boolean;
    /** Where the kernel keeps what is accepted, but for a policy that has flags in struct pages. */
    readonly record: AcceptanceRecord;
    /** Whether the kernel takes memory below the first unaccepted unit until setup_arch() ends, while there is any. */
    readonly staysInAccepted: boolean;
    /** Who hands out page tables when a page of the direct map is split. */
    readonly splitTables: SplitTables;
    /** Once init runs, whether another CPU splits each leaf at the same time and is first; not with one CPU. */
    readonly splitRaces: boolean;
    /** Pages that drivers share with the host once init runs. */
    readonly dmaBuffers: number;
  };
  /** After the boot, and before the workload that comes behind it, a memory device is plugged in. */
  readonly hotplug?: HotplugPlan;
  /** After the boot, processes touch anonymous memory until nothing is left to accept. */
  readonly drain?: {
    /** Processes, 1 to 4096; they take CPUs in turn. */
    readonly workers: number;
  };
  /** When the guest is ready, the host takes accepted pages away and gives them back. */
  readonly attack?: {
    /** How many pages of 4 KiB, 1 or more. */
    readonly pages: number;
    readonly kind: AttackKind;
    readonly answer: AttackAnswer;
  };
  /** After everything else, another kernel takes the guest over. */
  readonly kexec?: KexecPlan;
}
