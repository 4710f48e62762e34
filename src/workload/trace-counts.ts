/** What a reader met beside page events. Nothing is left out without being counted here. */
export interface TraceCounts {
  /** Events that the kernel or the recorder says it dropped. */
  lostEvents: number;
  /** Events that were overwritten in the ring buffer before the trace was read. */
  overwrittenEvents: number;
  /** Events of other tracepoints, and calls of the function_graph tracer. */
  otherEvents: number;
  /** Those of `otherEvents` whose name begins as those of page events do, but is none that is known. */
  unknownEvents: number;
  /** Lines that could not be read and were left out, because the user asked for that. */
  unreadLines: number;
  /** Frees that the kernel told a second time; they are left out. */
  repeatedFrees: number;
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
  /** Events with a time that counts something unknown; they have the time of the event before. */
  tickTimes: number;
  /** Events of an order above the 10 of x86. */
  wideOrders: number;
  /** Events that show pages of another size than 4 KiB. */
  otherPageSizes: number;
}

/** Far above what any recorder counts, and so low that sums of counts stay exact. An assumption. */
export const COUNT_MAX: number = 2 ** 48;

/** All 0. */
export function newTraceCounts(): TraceCounts {
  return {
    lostEvents: 0,
    overwrittenEvents: 0,
    otherEvents: 0,
    unknownEvents: 0,
    unreadLines: 0,
    repeatedFrees: 0,
    hexFlags: 0,
    unknownFlags: 0,
    withoutCpu: 0,
    withoutTask: 0,
    withoutTime: 0,
    tickTimes: 0,
    wideOrders: 0,
    otherPageSizes: 0,
  };
}
