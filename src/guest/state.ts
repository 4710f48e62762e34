/** What a guest is made of from power on until init runs, and who adds what. */

import type { AcceptMemory } from "../accept/accept-memory.js";
import type { BackgroundAcceptor } from "../accept/background-acceptor.js";
import type { E820Record, TrackedRange } from "../accept/e820-ranges.js";
import type { FaultAcceptance } from "../accept/fault-acceptance.js";
import type { StallRecorder } from "../accept/stalls.js";
import type { StubResult } from "../efistub/exit-boot-services.js";
import type { UnacceptedTable } from "../efistub/unaccepted-table.js";
import type { ReadyTdxModule } from "../host/tdx-module/start.js";
import type { AcpiMemory } from "../memory-hotplug/acpi-memory.js";
import type { AddressRange } from "../units.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import type { RequestsOnMoreCpus } from "../workload/cpu-bring-up.js";
import type { Replay } from "../workload/replay.js";
import type { EarlyMachine } from "../x86/early-machine.js";
import type { HugePagePoolResult } from "../x86/hugetlb.js";
import type { SetupArchUse } from "../x86/setup-arch-use.js";
import type { Guest } from "./guest.js";
import type { Kernel } from "./kernel.js";

/** What is to be booted; bytes. */
export interface BootFiles {
  /** Size of the unpacked kernel with its bss and brk area, a multiple of 2 MiB. */
  readonly kernelBytes: number;
  readonly initrdBytes: number;
}

/** What firmware and stub leave for the kernel. */
export interface HandOver {
  readonly stub: StubResult;
  /** Where the unpacked kernel lies. */
  readonly kernel: AddressRange;
  readonly efiMap: AddressRange;
  readonly initrd: AddressRange | undefined;
  readonly acpi: AddressRange;
  /** Memory that ACPI describes beside or in place of the map. */
  readonly acpiMemory: readonly AddressRange[];
}

/** A guest before power on, and what it is going to do. */
export interface PoweredOff {
  readonly guest: Guest;
  readonly workload: LoadedWorkload;
  readonly files: BootFiles;
  /** The requests of the boot, for all CPUs that come online. */
  readonly requests: RequestsOnMoreCpus;
  readonly stalls: StallRecorder;
  /** The replays so far, the one that goes on last. */
  readonly replays: Replay[];
  /** Pages taken for those that the recorded kernel had before its first event and kept. */
  readonly unseen: { pages: number };
  /** Walks the whole guest for broken invariants at the milestones of boot. */
  readonly check: boolean;
  /** Told what the kernel is going to accept through, before it starts. */
  readonly onHandOver: (handOver: HandOver, acceptance: AcceptMemory) => void;
}

/** A guest whose kernel is about to start. */
export interface HandedOver extends PoweredOff {
  /** What the host's TDX module was told when it started, if the guest's host is simulated as a whole. */
  readonly tdxModule: ReadyTdxModule | undefined;
  /** What firmware and stub left. */
  readonly handOver: HandOver;
  /** What the kernel knows about unaccepted memory; undefined when all is accepted. */
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

/** A guest whose kernel has a page allocator. */
export interface Started extends HandedOver {
  readonly kernel: Kernel;
  /** Who had accepted what the kernel used until setup_arch() ended; in a guest that accepts. */
  readonly setupArch: SetupArchUse | undefined;
  /** Of the boot's requests. */
  readonly replay: Replay;
}

/** A guest whose init runs. */
export interface Booted extends Started {
  /** Threads that accept from now on, if the policy has any. */
  readonly background: BackgroundAcceptor | undefined;
  /** Pools of huge pages. */
  readonly hugePages: readonly HugePagePoolResult[];
  /** What came of memory that ACPI describes, if there is any. */
  readonly acpiMemory: AcpiMemory | undefined;
  /** When init began to run, and how much of that time was charged at assumed prices; nanoseconds. */
  readonly ready: { readonly bootTimeNs: number; readonly assumedNs: number };
}
