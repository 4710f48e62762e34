/** What a reader met beside page events. Nothing is left out without being counted here. */
export interface TraceCounts {
  /** Events that the kernel or the recorder says it dropped. */
  lostEvents: number;
  /** Events that were overwritten in the ring buffer before the trace was read. */
  overwrittenEvents: number;
  /** Events of other tracepoints. */
  otherEvents: number;
  /** Allocations whose flags are a bare number; its bits are read as those of one release (FlagsReading). */
  hexFlags: number;
  /** Allocations with a flag that is not known and was left out. */
  unknownFlags: number;
  /** Events without a CPU, taken to be on CPU 0. */
  withoutCpu: number;
  /** Events without a task, taken to be of `<...>`. */
  withoutTask: number;
  /** Events without a time, which have that of the event before. */
  withoutTime: number;
}

/** All 0. */
export function newTraceCounts(): TraceCounts {
  return {
    lostEvents: 0,
    overwrittenEvents: 0,
    otherEvents: 0,
    hexFlags: 0,
    unknownFlags: 0,
    withoutCpu: 0,
    withoutTask: 0,
    withoutTime: 0,
  };
}
