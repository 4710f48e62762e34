/** The state of a guest from power on until init runs, and which step adds what. */

import type { AcceptMemory } from "../accept/accept-memory.js";
import type { BackgroundAcceptor } from "../accept/background-acceptor.js";
import type { E820Record, TrackedRange } from "../accept/e820-ranges.js";
import type { FaultAcceptance } from "../accept/fault-acceptance.js";
import type { AllocationWaits } from "../accept/waits.js";
import type { StubResult } from "../efistub/exit-boot-services.js";
import type { UnacceptedTable } from "../efistub/unaccepted-table.js";
import type { ReadyRmp } from "../host/rmp/start.js";
import type { ReadyTdxModule } from "../host/tdx-module/start.js";
import type { KernelFile } from "../linux/kernel-build.js";
import type { AcpiMemory } from "../memory-hotplug/acpi-memory.js";
import type { Charged } from "../sim/cost-ledger.js";
import type { AddressRange } from "../units.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import type { RequestsOnMoreCpus } from "../workload/cpu-bring-up.js";
import type { Replay } from "../workload/replay.js";
import type { EarlyMachine } from "../x86/early-machine.js";
import type { HugePagePoolResult } from "../x86/hugetlb.js";
import type { SetupArchUse } from "../x86/setup-arch-use.js";
import type { Guest } from "./guest.js";
import type { Kernel } from "./kernel.js";

/** Sizes of the images to boot; bytes. */
export interface BootFiles extends KernelFile {
  /** Size of the unpacked kernel with its bss and brk area, a multiple of 2 MiB. */
  readonly kernelBytes: number;
  readonly initrdBytes: number;
}

export interface HandOver {
  readonly stub: StubResult;
  /** Where the unpacked kernel lies. */
  readonly kernel: AddressRange;
  readonly initrd: AddressRange | undefined;
  /** Room for QEMU's tables of ACPI, where these are the guest's. */
  readonly acpi: AddressRange | undefined;
  readonly memoryAttributes: AddressRange | undefined;
  /** Memory that ACPI describes besides or instead of the map. */
  readonly acpiMemory: readonly AddressRange[];
}

export interface PoweredOff {
  readonly guest: Guest;
  readonly workload: LoadedWorkload;
  readonly files: BootFiles;
  /** The requests of the boot, for all CPUs that come online. */
  readonly requests: RequestsOnMoreCpus;
  readonly waits: AllocationWaits;
  /** The replays so far, the one that goes on last. */
  readonly replays: Replay[];
  /** Pages taken for those that the recorded kernel had before its first event and kept. */
  readonly unseen: { pages: number };
  /** Walks the whole guest for broken invariants at the milestones of boot. */
  readonly check: boolean;
  /** Called before the kernel starts, with what it is going to accept through. */
  readonly onHandOver: (handOver: HandOver, acceptance: AcceptMemory) => void;
}

/** A guest whose kernel is about to start. */
export interface HandedOver extends PoweredOff {
  /** The host's TDX module as it started, if the guest's host is simulated as a whole. */
  readonly tdxModule: ReadyTdxModule | undefined;
  /** Its reverse map table, likewise. */
  readonly rmp: ReadyRmp | undefined;
  readonly handOver: HandOver;
  /** The kernel's table of unaccepted memory; undefined when all is accepted. */
  readonly table: UnacceptedTable | undefined;
  readonly acceptance: AcceptMemory;
  /** The kernel's memory by what was accepted when it started. */
  readonly asFromFirmware: readonly TrackedRange[];
  /** The kernel's record, if that is its e820 table. */
  readonly e820Record: E820Record | undefined;
  readonly machine: EarlyMachine;
  /** Faults of first touches, where those accept. */
  readonly faults: FaultAcceptance | undefined;
}

export interface Started extends HandedOver {
  readonly kernel: Kernel;
  /** Memory the kernel used until setup_arch() ended, by who had accepted it; in a guest that accepts. */
  readonly setupArch: SetupArchUse | undefined;
  readonly replay: Replay;
}

export interface Booted extends Started {
  readonly background: BackgroundAcceptor | undefined;
  readonly hugePages: readonly HugePagePoolResult[];
  /** Results of the ACPI memory devices, if there are any. */
  readonly acpiMemory: AcpiMemory | undefined;
  /**
   * When init began to run, how much of that time was charged at assumed prices, nanoseconds; and what all CPUs
   * had been charged by then.
   */
  readonly ready: { readonly bootTimeNs: number; readonly assumedNs: number; readonly charged: Charged };
}

/** What a step finds that comes before others have added all of a guest. */
export type Given<Key extends keyof Booted> = PoweredOff & Pick<Booted, Key>;
