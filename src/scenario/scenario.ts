/** One run, fully decided: what every later room reads. Made by `parseScenario`, always frozen. */

import type { PlatformKind } from "../coco/platform.js";
import type { KernelVersion } from "./kernel-versions.js";

export type { KernelVersion, PlatformKind };

/**
 * When memory is accepted: all of it while the kernel boots (`accept_memory=eager`), block by
 * block when it is needed (`accept_memory=lazy`), or all of it by the firmware before the
 * kernel runs.
 */
export type PolicyName = "eager" | "lazy" | "firmware-delegated";

/** Which firmware starts the guest; `auto` is the usual one of the platform. */
export type FirmwareName = "auto" | "tdvf" | "ovmf-snp" | "ovmf";

/** Page sizes with which the host can back a guest, in bytes: 4 KiB, 2 MiB, 1 GiB. */
export type HostPageSize = 4096 | 2097152 | 1073741824;

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
  readonly kernel: KernelVersion;
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
  };
  readonly firmware: {
    readonly preset: FirmwareName;
    /** The firmware accepts memory below this physical address; Infinity for all. */
    readonly preAcceptLimitBytes: number;
  };
  readonly guest: {
    /** Guest work for each nanosecond of recorded work, above 0; absent: as the recording says. */
    readonly timeScale?: number;
    readonly transparentHugePages: boolean;
    /** Appended to the kernel's command line; `mem=` and `memmap=` have an effect. */
    readonly commandLine: string;
  };
}
