/** Lines around the events: losses, the kernel's version, and call chains. */

export const REMARK: RegExp =
  /^(?:cpus=\d+|version = \S+|CPU \d+ is empty|Warning:|Check IO\/CPU overload!|'trace' not valid for .*|\[ perf record: .*|capturing trace\.\.\. done|TRACE:)$/;

export interface Loss {
  /** Dropped by the kernel or the recorder. */
  readonly lost: number;
  /** Overwritten in the ring buffer before the trace was read. */
  readonly overwritten: number;
}

/** ftrace says `CPU:3 [LOST 12 EVENTS]`, trace-cmd `CPU:3 [12 EVENTS DROPPED]`, both also without a number. */
const LOST = [
  /^CPU:\d+ \[(?:LOST )?(?:(\d+) )?EVENTS(?: DROPPED)?\]$/,
  // perf script --show-lost-events, what perf says at the end of a recording, and perf trace.
  /^PERF_RECORD_LOST(?:_SAMPLES)? lost (\d+)$/,
  /^Processed \d+ events and lost (\d+) chunks?!$/,
  /^LOST (\d+) events!$/,
] as const;
const BUFFER_HEADER = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+) /;

const LIKELY = /^(?:CPU:|PERF_RECORD_LOST|Processed |LOST |# entries-in-buffer)/;

/** The loss a line reports, if any; numbers may be too large to be exact. */
export function lossOfLine(line: string): Loss | undefined {
  if (!LIKELY.test(line)) return undefined;
  const buffer = BUFFER_HEADER.exec(line);
  if (buffer !== null) return { lost: 0, overwritten: overwritten(Number(buffer[1]), Number(buffer[2])) };
  const lost = LOST.map((pattern) => pattern.exec(line)).find((match) => match !== null);
  // The kernel leaves the number out where it does not know it; it was one at least.
  return lost === undefined ? undefined : { lost: Number(lost![1] ?? 1), overwritten: 0 };
}

function overwritten(inBuffer: number, written: number): number {
  return Number.isSafeInteger(inBuffer) ? Math.max(0, written - inBuffer) : Number.POSITIVE_INFINITY;
}

/** `\tffffffff8161f78b __alloc_pages+0x26b ([kernel.kallsyms])` of perf, ` => __alloc_pages` of ftrace. */
const FRAME = /^(?:\s+[0-9a-f]+ | ?=> )([^\s+>(]+)/;

/** Functions of the page allocator's own interface, which do not tell its user. */
const ALLOCATOR =
  /^_{0,2}(?:alloc_(?:frozen_)?pages?|alloc_pages_|folio_alloc|vma_alloc_folio|get_free_pages?|get_zeroed_page|rmqueue|get_page_from_freelist|trace_|perf_)/;

/** The function that asked for a page if a frame names it, or undefined for a frame of the allocator itself. */
export function callerOfFrame(line: string): string | undefined {
  const name = FRAME.exec(line)?.[1];
  return name === undefined || name === "[unknown]" || ALLOCATOR.test(name) ? undefined : name;
}

/**
 * The kernel that a comment names: `perf script --header` has it, and the latency tracers of ftrace
 * (kernel/trace/trace.c: print_trace_header).
 */
const KERNEL = /^# (?:os release : |\w+ latency trace v[\d.]+ on )(\S+)$/;

/** @returns such as `4.13.0-46-generic`, or undefined for a comment that names no kernel */
export function kernelOfComment(line: string): string | undefined {
  return KERNEL.exec(line)?.[1];
}
