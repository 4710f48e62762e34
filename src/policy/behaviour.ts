/** What a policy can be made of: who accepts memory, and when. */

import { aheadOfWatermark, type BackgroundPlan, upToTarget } from "../accept/background-acceptor.js";
import type { FaultBatches } from "../accept/fault-acceptance.js";
import type { HighMemory } from "../firmware/start.js";
import type { PageAllocator } from "../page-alloc/index.js";

/** Kernel threads that accept beside the workload. */
export interface AcceptingThreads
  extends Pick<BackgroundPlan, "threads" | "bytesPerSecond" | "idleOnly">,
    Partial<Pick<BackgroundPlan, "nice" | "bound">> {
  /** For an allocator, how many free accepted pages a zone of it is to have. */
  readonly wantedPages: (allocator: PageAllocator) => BackgroundPlan["wantedPages"];
}

/**
 * What becomes of memory in one run. Where nothing is said the firmware leaves what it does not need itself,
 * and the kernel's allocator accepts block after block (4 MiB) when it has too little.
 */
export interface Behaviour {
  /** Whether the firmware accepts everything before it starts the kernel. */
  readonly firmwareAcceptsAll?: boolean;
  /** Whether the kernel does not ask for unaccepted memory, so that the firmware accepts it at ExitBootServices. */
  readonly firmwareAcceptsAtExit?: boolean;
  /** How the firmware tells of memory that it leaves unaccepted, whatever `firmware.highMemory` says. */
  readonly highMemory?: HighMemory;
  /** Unit in which memory of ACPI devices goes online; as the kernel chooses if absent. */
  readonly acpiBlockBytes?: number;
  /** Words on the kernel's command line. */
  readonly commandLine?: string;
  /** Whether the kernel accepts all memory while it boots, and leaves none to its allocator. */
  readonly kernelAcceptsAll?: boolean;
  /** CPUs of a node that initialise struct pages, and accept; all if absent. */
  readonly acceptingCpus?: number;
  /** What the allocator accepts at once; 4 MiB or more. */
  readonly acceptAtOnceBytes?: number;
  /** What the exception of a first touch accepts, for a kernel that hands out unaccepted memory like any other. */
  readonly touch?: FaultBatches;
  /**
   * The kernel's record is a flag in each struct page, and nothing else. It starts as the firmware's map
   * says, so it knows nothing of what stub and decompressor accept before there are struct pages; and it is
   * gone with the kernel, so that the next one after kexec has none.
   */
  readonly flagsPages?: boolean;
  readonly threads?: AcceptingThreads;
}

/** Behaviours by name, to be joined: `{ ...onAllocation(), ...byThreads({ ... }) }`. Sizes in bytes. */
export const BEHAVIOURS = {
  byFirmware: (): Behaviour => ({ firmwareAcceptsAll: true }),
  atExitBootServices: (): Behaviour => ({ firmwareAcceptsAtExit: true, kernelAcceptsAll: true }),
  /** ACPI devices describe the memory, and each block of theirs is accepted as it goes online. */
  asAcpiMemory: (acpiBlockBytes: number): Behaviour => ({
    highMemory: "acpi",
    acpiBlockBytes,
    kernelAcceptsAll: true,
  }),
  /** The kernel accepts all of it while it initialises struct pages, on so many CPUs of each node. */
  whileBooting: (acceptingCpus: number): Behaviour => ({
    commandLine: "accept_memory=eager",
    kernelAcceptsAll: true,
    acceptingCpus,
  }),
  /** The allocator accepts so much, 4 MiB or more, whenever too little is accepted. */
  onAllocation: (acceptAtOnceBytes?: number): Behaviour =>
    acceptAtOnceBytes === undefined ? {} : { acceptAtOnceBytes },
  /** A first touch accepts the aligned batch around it; up to the larger one where touches follow each other. */
  onFirstTouch: (batchBytes: number, batchMaxBytes: number = batchBytes): Behaviour => ({
    touch: { batchBytes, batchMaxBytes: Math.max(batchMaxBytes, batchBytes) },
  }),
  byThreads: (threads: AcceptingThreads): Behaviour => ({ threads }),
  /** For `wantedPages`: the zone's share of a target. */
  upToTarget: (targetBytes: number): AcceptingThreads["wantedPages"] => {
    return (allocator) => upToTarget(allocator, targetBytes);
  },
  /** For `wantedPages`: the promo watermark, and the zone's share of so much beyond it. */
  aheadOfWatermark: (aheadBytes: number): AcceptingThreads["wantedPages"] => {
    return (allocator) => aheadOfWatermark(allocator, aheadBytes);
  },
} as const;

/** All of `BEHAVIOURS`. */
export type Behaviours = typeof BEHAVIOURS;
