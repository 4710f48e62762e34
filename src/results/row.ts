/**
 * The result of one simulated boot and workload. Times are integer nanoseconds,
 * sizes integer bytes, both rounded once where the row is made.
 */

import type { AcceptedBy } from "../accept/accept-meter.js";
import type { E820RecordResult } from "../accept/e820-ranges.js";
import type { WaitSummary } from "../accept/waits.js";
import type { AttackResult } from "../after/attack.js";
import type { DrainResult } from "../after/drain.js";
import type { HotplugResult } from "../after/hotplug/result.js";
import type { KexecResult } from "../after/kexec/result.js";
import type { PlatformKind } from "../coco/platforms.js";
import type { DmaResult } from "../host/assigned-device.js";
import type { HostUse } from "../host/guest-memory.js";
import type { ReadyRmp } from "../host/rmp/start.js";
import type { ReadyTdxModule } from "../host/tdx-module/start.js";
import type { PhaseTime } from "../sim/guest-clock.js";
import type { EarlyMapResult } from "../x86/early-map.js";
import type { HugePagePoolResult } from "../x86/hugetlb.js";
import type { SetupArchUse } from "../x86/setup-arch-use.js";
import type { GroupNumbers, MeasureIn, RunFields } from "./measures.js";
import type { OverTime } from "./series.js";

export type { AttackResult, DrainResult, HostUse, OverTime, PhaseTime, WaitSummary };

/** Version of all JSON that is printed; rises when a field changes its name or its meaning. */
export const RESULT_SCHEMA_VERSION = 2;

/**
 * How a run ended: init ran and the workload was served; an allocation failed that the guest
 * cannot survive; init ran later than it was to; the platform stopped the guest (a TDX panic, an
 * SNP termination request), or the simulator's clock ended.
 */
export type Outcome = "ready" | "oom" | "deadline" | "terminated";

/** Outcomes of the recorded requests. */
export type RequestCounts = GroupNumbers<"requests">;

/** How memory came to the kernel, and what accepted it; bytes. */
export interface MemoryResult {
  /** RAM in the memory map that the kernel starts with; 0 if none did. */
  readonly visibleBytes: number;
  /** RAM that is not in that map and came online later, as ACPI memory devices. */
  readonly onlineBytes: number;
  readonly acceptedBy: Readonly<AcceptedBy>;
}

/** Effects of the kernel's command line; bytes. */
export interface CommandLineResult extends GroupNumbers<"commandLine"> {
  readonly hugePages: readonly HugePagePoolResult[];
}

/** One run; its plain numbers and words are those of the table of measures. */
export interface RunResult extends RunFields {
  readonly platform: PlatformKind;
  readonly outcome: Outcome;
  readonly phases: readonly PhaseTime[];
  readonly memory: MemoryResult;
  /** The parts of `hostBytes`, and the guest's own tables. */
  readonly hostUse: HostUse;
  /** Memory over the run; only where it was asked for. */
  readonly overTime?: OverTime;
  /** How long allocations waited, of the boot and of the workload after init. */
  readonly waits: { readonly boot: WaitSummary; readonly workload: WaitSummary };
  readonly tdxModule?: ReadyTdxModule;
  readonly rmp?: ReadyRmp;
  /** Of a guest with an assigned device. */
  readonly dma?: DmaResult;
  readonly hotplug?: HotplugResult;
  readonly kexec?: KexecResult;
  /** Effects of the scenario's words for the kernel's command line, if it has some and a kernel came that far. */
  readonly commandLine?: CommandLineResult;
  /** Remarks a reader should know of, one line each: whose rules its kernel has, omissions of its trace, ignored words, failed reservations. */
  readonly remarks?: readonly string[];
  /** The kernel's record of what is accepted, if that is its e820 table. */
  readonly e820Record?: E820RecordResult;
  /** By whom the memory was accepted that the kernel used until setup_arch() ended; in a guest that accepts. */
  readonly setupArch?: SetupArchUse;
  /** The kernel's direct map, once there is one. */
  readonly earlyMap?: EarlyMapResult;
  readonly attack?: AttackResult;
  /** How long the scenario's drain took, where it has one that came to its end. */
  readonly drain?: DrainResult;
  readonly requests: RequestCounts;
  /** Of `bootTimeNs`, what each assumed price with a range was charged for; nanoseconds by parameter. */
  readonly bootAssumedNs: Readonly<Record<string, number>>;
  /** The same of `totalTimeNs`, where there is one. */
  readonly totalAssumedNs?: Readonly<Record<string, number>>;
  /** Each price that these name, with its range; nanoseconds. */
  readonly assumedPrices: Readonly<Record<string, AssumedPrice>>;
  /** How often each priced event happened, on all CPUs; only those that did. */
  readonly costs: Readonly<Record<string, number>>;
  /** The same of the boot alone: until init ran, or the run ended. */
  readonly bootCosts: Readonly<Record<string, number>>;
  /** Nanoseconds that each event of `costs` took. */
  readonly eventPrices: Readonly<Record<string, number>>;
}

/** A price that nobody knows, and what it may be; nanoseconds. */
export interface AssumedPrice {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A mean, and half the width of its interval of 95 % confidence. */
export interface Spread {
  readonly mean: number;
  readonly halfWidth: number;
}

/** Runs with other seeds, the row's own among them. */
export interface Repeats extends Readonly<Record<MeasureIn<"repeat">, Spread>> {
  readonly runs: number;
  /** Of these, those that failed. */
  readonly failed: number;
}

/** Settings of a scenario by path, such as `host.pageSizeBytes`; an unlimited size is `"all"`. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** A run with its comparison to the baseline. */
export interface CompareRow extends RunResult {
  /**
   * Boot time under the baseline policy, eager unless another one was asked for, divided by this
   * row's, on the same platform, memory, vCPUs, kernel and workload; null when no such run there, or
   * one of the two, booted.
   */
  readonly bootRatio: number | null;
  /** The same of the total time; null also where one of the two has none. */
  readonly totalRatio: number | null;
  /**
   * Whether no other policy on the same input is at least as good in all measures that the comparison ranks
   * by, and better in one; of those in which nothing went wrong. Null when there is no other one.
   */
  readonly paretoOptimal: boolean | null;
  /** The same with other seeds, where the run was repeated and anything in it is random. */
  readonly repeats?: Repeats;
  /** Settings that tell this run from others that agree in every field above; often empty. */
  readonly settings: Settings;
}
