/**
 * The scenario file as users write it, before presets, defaults and lists are worked
 * out. Where `OneOrMore` stands, a list makes one run for each of its values.
 */

import type { AcceptanceRecord } from "../accept/e820-record.js";
import type { HotplugAcceptance } from "../after/hotplug/result.js";
import type { KexecKind, NextKernelTable } from "../after/kexec/result.js";
import type { StrategyParameterName } from "../policy/parameters.js";
import type { PolicyName } from "../policy/policies.js";
import type { SplitTables } from "../x86/table-pages.js";
import type {
  AttackAnswer,
  AttackKind,
  BootLoader,
  FirmwareName,
  HighMemory,
  HostHotplugPolicy,
  HostRemoval,
  MemoryListSource,
  PlatformKind,
  PreAcceptBy,
  TouchContext,
  UnacceptedSupport,
} from "./scenario.js";

/** One value, or a list that makes a cross product with every other list of the file. */
export type OneOrMore<T> = T | readonly T[];

/** A quantity with its unit, such as `4GiB` or `900ns`; a bare number is bytes. */
export type Quantity = string | number;

/** `platform` as a mapping: the kind, and timing parameters to change by name. */
export interface PlatformDocument {
  readonly kind?: OneOrMore<PlatformKind>;
  readonly [parameter: string]: OneOrMore<Quantity>;
}

/** A range of physical addresses of the host. */
export interface HostRangeDocument {
  readonly start: Quantity;
  readonly end: Quantity;
}

/** The host as its TDX module sees it. */
export interface TdxModuleDocument {
  readonly memory: readonly (HostRangeDocument & { readonly node?: number; readonly used?: Quantity })[];
  readonly convertible: readonly HostRangeDocument[];
  readonly listFrom?: OneOrMore<MemoryListSource>;
  readonly removed?: readonly (HostRangeDocument & { readonly when?: HostRemoval["when"] })[];
  readonly hotplug?: readonly HostRangeDocument[];
  readonly hotplugPolicy?: OneOrMore<HostHotplugPolicy>;
  readonly guestNode?: OneOrMore<number | "any">;
  readonly maxTdmrs?: number;
  readonly maxReservedPerTdmr?: number;
}

/** A scenario file. */
export interface ScenarioDocument {
  readonly name: string;
  readonly description?: string;
  readonly workload: OneOrMore<string>;
  readonly preset?: OneOrMore<string>;
  readonly machine?: OneOrMore<string>;
  readonly platform?: OneOrMore<PlatformKind> | PlatformDocument;
  readonly policy?: OneOrMore<PolicyName>;
  /** What can be tuned about policies; a parameter counts for those that have it. */
  readonly strategy?: { readonly [Name in StrategyParameterName]?: OneOrMore<Quantity | boolean> };
  readonly memory?: OneOrMore<Quantity>;
  readonly vcpus?: OneOrMore<number>;
  /** A Linux release from 6.5 on; `6.12` without quotes is a number in YAML. */
  readonly kernel?: OneOrMore<Quantity>;
  readonly seed?: OneOrMore<number>;
  readonly host?: {
    readonly pageSize?: OneOrMore<Quantity>;
    readonly contiguity?: OneOrMore<number>;
    readonly prefault?: OneOrMore<boolean>;
    readonly dynamicPamt?: OneOrMore<boolean>;
    readonly keepsConverted?: OneOrMore<boolean>;
    readonly memory?: OneOrMore<Quantity>;
    readonly tdxModule?: TdxModuleDocument;
  };
  readonly firmware?: {
    readonly preset?: OneOrMore<FirmwareName>;
    readonly acceptAll?: OneOrMore<boolean>;
    readonly acceptOnDemand?: OneOrMore<boolean>;
    readonly highMemory?: OneOrMore<HighMemory>;
    readonly preAcceptLimit?: OneOrMore<Quantity>;
    readonly preAcceptBy?: OneOrMore<PreAcceptBy>;
  };
  readonly guest?: {
    readonly timeScale?: OneOrMore<number>;
    readonly transparentHugePages?: OneOrMore<boolean>;
    readonly commandLine?: OneOrMore<string>;
    readonly septVeDisable?: OneOrMore<boolean>;
    readonly svsm?: OneOrMore<boolean>;
    readonly coherencyErratum?: OneOrMore<boolean>;
    readonly unacceptedMemory?: OneOrMore<UnacceptedSupport>;
    readonly bootLoader?: OneOrMore<BootLoader>;
    readonly firstTouch?: OneOrMore<TouchContext>;
    readonly kaslr?: OneOrMore<boolean>;
    readonly checksAcpiMemory?: OneOrMore<boolean>;
    readonly shareWithoutAccept?: OneOrMore<boolean>;
    readonly decryptedSection?: OneOrMore<boolean>;
    readonly record?: OneOrMore<AcceptanceRecord>;
    readonly staysInAccepted?: OneOrMore<boolean>;
    readonly splitTables?: OneOrMore<SplitTables>;
    readonly splitRaces?: OneOrMore<boolean>;
    readonly dmaBuffers?: OneOrMore<number>;
  };
  readonly hotplug?: {
    readonly memory?: OneOrMore<Quantity>;
    readonly acceptance?: OneOrMore<HotplugAcceptance>;
  };
  readonly drain?: { readonly workers?: OneOrMore<number> };
  readonly attack?: {
    readonly pages?: OneOrMore<number>;
    readonly kind?: OneOrMore<AttackKind>;
    readonly answer?: OneOrMore<AttackAnswer>;
  };
  readonly kexec?: {
    readonly kind?: OneOrMore<KexecKind>;
    readonly table?: OneOrMore<NextKernelTable>;
    readonly initrd?: OneOrMore<Quantity>;
  };
}
