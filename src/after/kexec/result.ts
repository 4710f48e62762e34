import type { Vmcore } from "./vmcore.js";

/** How the first kernel ends: it loads the next one and jumps, or it panics and a crash kernel takes over. */
export type KexecKind = "kexec" | "kdump";

/**
 * How the next kernel learns what is accepted: it finds the same table (6.5 and later); it gets an
 * e820 table that is made from the bitmap; or nobody tells it.
 */
export type NextKernelTable = "handed-over" | "rebuilt" | "lost";

/** What a scenario asks for. */
export interface KexecPlan {
  readonly kind: KexecKind;
  readonly table: NextKernelTable;
  /** Size of the next kernel's initrd; absent: that of the first. */
  readonly initrdBytes?: number;
}

/** How it went. Sizes in bytes. */
export interface KexecResult extends Pick<KexecPlan, "kind" | "table"> {
  /** Whether the next kernel came as far as its page allocator, or the crash kernel read all. */
  readonly done: boolean;
  /** From the load to there; nanoseconds. */
  readonly timeNs: number;
  /** Where the next kernel and what it needs go, and what of it was unaccepted when they were loaded. */
  readonly segmentBytes: number;
  readonly unacceptedSegmentBytes: number;
  /** Shared memory that the first kernel made private again. */
  readonly unsharedBytes: number;
  /** Entries of a rebuilt e820 table, and memory accepted because there is room for no more. */
  readonly mapEntries?: number;
  readonly gapBytes?: number;
  /** What the next kernel accepted until its page allocator ran, and what it has left for later. */
  readonly nextKernel?: { readonly acceptedBytes: number; readonly unacceptedBytes: number };
  readonly vmcore?: Vmcore;
}
