/** What there is to read, in the guest (G) and on the host (H), as `workloads/calibrate` records it. */

export type ReadingName =
  | "G1"
  | "G2"
  | "G3"
  | "G4"
  | "G5"
  | "G6"
  | "G7"
  | "H1"
  | "H2"
  | "H3"
  | "H4"
  | "H5"
  | "H6";

/** One reading of the kit: what it says, and what it takes. */
export interface Reading {
  readonly what: string;
  /** What the scripts need besides a shell and busybox. */
  readonly needs: string;
  /**
   * By how much of itself it may be wrong in the same way each time, at 95 %: tracing costs time of what it traces,
   * clocks are read late. Assumptions, on the safe side.
   */
  readonly bias: number;
}

export const READINGS: Readonly<Record<ReadingName, Reading>> = {
  G1: { what: "boot log, memory map and zones of a boot", needs: "nothing", bias: 0 },
  G2: { what: "nr_unaccepted over time while processes touch memory", needs: "nothing", bias: 0 },
  G3: { what: "time of accept_memory() for a block of 4 MiB", needs: "root, function_graph", bias: 0.02 },
  G4: { what: "an exit that does nothing, beside other CPUs", needs: "root, the module msr", bias: 0.04 },
  G5: { what: "memory touched by 1, 2, 4, ... CPUs, and again", needs: "nothing", bias: 0.02 },
  G6: { what: "perf bench mem mmap", needs: "perf of 6.18 or later", bias: 0.05 },
  G7: { what: "boots of several sizes, policies and bounce buffers", needs: "nothing", bias: 0.02 },
  H1: { what: "time of exits on the host, by reason", needs: "root, perf", bias: 0.02 },
  H2: { what: "time of functions on the host", needs: "root, bpftrace", bias: 0.03 },
  H3: { what: "launch ioctls of the VMM", needs: "strace", bias: 0.02 },
  H4: { what: "sizes of pages that back the guest", needs: "root, debugfs", bias: 0 },
  H5: { what: "when VMM, firmware and kernel begin and end", needs: "the guest's console", bias: 0.01 },
  H6: { what: "a boot whose memory the host backs ahead", needs: "a VMM that can", bias: 0 },
};

export function isReading(name: string): name is ReadingName {
  return Object.hasOwn(READINGS, name);
}
