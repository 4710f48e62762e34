/** What a guest is made of, fully decided. */

import type { AcceptanceRecord } from "../accept/e820-record.js";
import type { TouchContext } from "../accept/fault-acceptance.js";
import type { HostPageSize } from "../coco/create-platform.js";
import type { PlatformKind } from "../coco/platform.js";
import type { BootLoader, UnacceptedSupport } from "../efistub/exit-boot-services.js";
import type { FirmwareName, PreAcceptBy } from "../firmware/firmware.js";
import type { HighMemory } from "../firmware/start.js";
import type { TdxModuleHost } from "../host/tdx-module/plan.js";
import type { Strategy } from "../policy/parameters.js";
import type { PolicyName } from "../policy/policies.js";
import type { SplitTables } from "../x86/table-pages.js";

/** A guest with its host and its firmware. */
export interface GuestOptions {
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
}
