const NOTHING_MET = {
  /** Events that the kernel or the recorder says it dropped. */
  lostEvents: 0,
  /** Events that were overwritten in the ring buffer before the trace was read. */
  overwrittenEvents: 0,
  /** Events of other tracepoints, and calls of the function_graph tracer. */
  otherEvents: 0,
  /** Those of `otherEvents` that are named like page events but unknown. */
  unknownEvents: 0,
  /** Lines that could not be read and were left out, because the user asked for that. */
  unreadLines: 0,
  /** Frees that the kernel told a second time; they are left out. */
  repeatedFrees: 0,
  /** Allocations whose flags are a bare number; its bits are read as those of one release (FlagsReading). */
  hexFlags: 0,
  /** Allocations with a flag that is not known and was left out. */
  unknownFlags: 0,
  /** Events without a CPU, taken to be on CPU 0. */
  withoutCpu: 0,
  /** Events without a task, taken to be of `<...>`. */
  withoutTask: 0,
  /** Events without a time, which have that of the event before. */
  withoutTime: 0,
  /** Events with a time that counts something unknown; they have the time of the event before. */
  tickTimes: 0,
  /** Events of an order above the 10 of x86. */
  wideOrders: 0,
  /** Events that show pages of another size than 4 KiB. */
  otherPageSizes: 0,
};

/** Findings of a reader besides page events. Nothing is left out without being counted here. */
export type TraceCounts = typeof NOTHING_MET;

/** Far above what any recorder counts, and so low that sums of counts stay exact. An assumption. */
export const COUNT_MAX: number = 2 ** 48;

export function newTraceCounts(): TraceCounts {
  return { ...NOTHING_MET };
}
