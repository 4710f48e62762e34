/**
 * The latency format of tracefs (kernel/trace/trace_output.c: trace_print_lat_context), and the same
 * as a kernel prints its trace buffer to its log when it dies (kernel/trace/trace.c: ftrace_dump):
 *
 *       bash-2345      0d..2.   12us+: mm_page_alloc: page=... pfn=0x1000 order=0 ...
 *     [    9.500002]   insmod-77        1d..1. 9000337us : mm_page_alloc: page=... pfn=0x1000 order=0 ...
 */

import {
  decodeBytes,
  type LineFault,
  type LineFormat,
  type LineStart,
  microsecondsTime,
  PRINTK_EVENT,
} from "./line-format.js";

const START_BYTES_MAX = 512;
const MAX_CPU = 0xffff;
/** CPU and flags stand together; a mark behind the unit says how long the next event took to come. */
const START = /^ *([^\n]*)-(\d{1,10}) +(\d{1,5})(?:[^\s\d]\S{3,5})? +(\d{1,16})us[ +!#*@$]?: +/;
const EXPECTED = "a task, a CPU and a time such as bash-1234 0d..1. 12us :";

/** What logs put before a line: syslog's date and host, the level, the time since boot, the caller. */
const LOG_PREFIX =
  /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ kernel: ?)?(?:<\d+>)?(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? )?/;
const DUMPED_EVENT = /\d+us.?: /;

function parseLatency(line: string, from: number): LineStart | undefined {
  const match = START.exec(line.slice(from, from + START_BYTES_MAX));
  if (match === null || Number(match[3]) > MAX_CPU) return undefined;
  return {
    task: { comm: decodeBytes(match[1]!), pid: Number(match[2]) },
    cpu: Number(match[3]),
    time: microsecondsTime(match[4]!),
    eventColumn: from + match[0].length,
  };
}

/** Bytes of a line that a log put before it. */
export function logPrefixLength(line: string): number {
  return LOG_PREFIX.exec(line)![0].length;
}

/** tracefs with the option latency-format. */
export const LATENCY: LineFormat = {
  name: "tracefs latency format",
  comment: /^#/,
  frame: /^ => /,
  event: PRINTK_EVENT,
  fields: "printk",
  parseStart: (line): LineStart | LineFault =>
    parseLatency(line, 0) ?? { column: line.length - line.trimStart().length, expected: EXPECTED },
};

/** A kernel log with a dumped trace buffer in it; other lines of the log are no events. */
export const DUMP: LineFormat = {
  name: "ftrace dump",
  comment: /^#/,
  frame: /^(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? )? => /,
  event: PRINTK_EVENT,
  fields: "printk",
  parseStart(line): LineStart | LineFault | undefined {
    const from = logPrefixLength(line);
    const start = parseLatency(line, from);
    if (start !== undefined) return start;
    return DUMPED_EVENT.test(line) || / mm_page\w*: /.test(line)
      ? { column: from, expected: EXPECTED }
      : undefined;
  },
};

/** What the kernel prints before the events. */
export const DUMP_BEGINS: RegExp = /Dumping ftrace buffer:$/;
