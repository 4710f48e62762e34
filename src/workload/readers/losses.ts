/** Lines in which a tool says that events are missing. */

/** Events that are missing. */
export interface Loss {
  /** Dropped by the kernel or the recorder. */
  readonly lost: number;
  /** Overwritten in the ring buffer before the trace was read. */
  readonly overwritten: number;
}

/** ftrace says `CPU:3 [LOST 12 EVENTS]`, trace-cmd `CPU:3 [12 EVENTS DROPPED]`, both also without a number. */
const LOST_EVENTS = /^CPU:\d+ \[(?:LOST )?(?:(\d+) )?EVENTS(?: DROPPED)?\]$/;
/** perf script --show-lost-events, what perf says at the end of a recording, and perf trace. */
const PERF_LOST = [
  /^PERF_RECORD_LOST(?:_SAMPLES)? lost (\d+)$/,
  /^Processed \d+ events and lost (\d+) chunks?!$/,
  /^LOST (\d+) events!$/,
] as const;
const BUFFER_HEADER = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+) /;

/** How such lines begin. */
const LIKELY = /^(?:CPU:|PERF_RECORD_LOST|Processed |LOST |# entries-in-buffer)/;

/** What a line says of losses, if it says anything; numbers may be too large to be exact. */
export function lossOfLine(line: string): Loss | undefined {
  if (!LIKELY.test(line)) return undefined;
  const buffer = BUFFER_HEADER.exec(line);
  if (buffer !== null) return { lost: 0, overwritten: overwritten(Number(buffer[1]), Number(buffer[2])) };
  const lost = [LOST_EVENTS, ...PERF_LOST]
    .map((pattern) => pattern.exec(line))
    .find((match) => match !== null);
  // The kernel leaves the number out where it does not know it; it was one at least.
  return lost === undefined ? undefined : { lost: Number(lost![1] ?? 1), overwritten: 0 };
}

function overwritten(inBuffer: number, written: number): number {
  return Number.isSafeInteger(inBuffer) ? Math.max(0, written - inBuffer) : Number.POSITIVE_INFINITY;
}
