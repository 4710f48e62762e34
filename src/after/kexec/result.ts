import type { Need, SettledOf } from "../../fields/field.js";
import { DUMP_OF_UNACCEPTED } from "../../guest/needs.js";
import type { Vmcore } from "./vmcore.js";

/** The kernel that takes over, in a scenario. The same table is found by 6.5 and later. */
export const KEXEC = {
  kind: {
    is: "choice",
    of: ["kexec", "kdump"],
    default: "kexec",
    what: "the kernel starts the next one, or crashes and a crash kernel reads its memory",
  },
  table: {
    is: "choice",
    of: ["handed-over", "rebuilt", "lost"],
    default: "handed-over",
    what: "how the next kernel learns what is accepted: from the same table, from an e820 table made of it, or not at all",
  },
  /** That of distributions of 2025 does not. */
  dumpToolTells: {
    is: "flag",
    needs: [DUMP_OF_UNACCEPTED] as readonly Need[],
    default: false,
    what: "whether the dump tool knows unaccepted pages for free ones, as makedumpfile does since a patch of June 2025",
  },
  initrd: {
    is: "size",
    expected: "a size up to 1GiB",
    max: "1GiB",
    examples: ["64MiB"],
    byDefault: "that of the first one",
    what: "size of the next kernel's initrd",
  },
} as const;
export type KexecPlan = SettledOf<typeof KEXEC>;
export type NextKernelTable = KexecPlan["table"];

/** Sizes in bytes. */
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
  /** Bytes the next kernel accepted until its page allocator ran, and bytes it left for later. */
  readonly nextKernel?: { readonly acceptedBytes: number; readonly unacceptedBytes: number };
  readonly vmcore?: Vmcore;
}
