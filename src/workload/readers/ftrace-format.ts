/**
 * The text of tracefs `trace` (kernel/trace/trace_output.c: trace_print_context), and that of
 * `trace-cmd report`, which is the same but for a column (libtraceevent: tep_print_event):
 *
 *     <idle>-0       [000] d..1.     0.436965: mm_page_alloc: page=... pfn=0x10430b order=0 ...
 *       bash-6783    [000] 15960.841634: mm_page_alloc:        page=0x15062a pfn=0x15062a order=0 ...
 *     bash-6783    0..... 15960.841634: mm_page_alloc:        page=...        (trace-cmd report -l)
 *
 * There are 4 or 5 flags or none, and there may be a column for the thread group. With a clock that
 * counts (trace_clock counter, x86-tsc) the time is an integer.
 */

import type { Task } from "../events.js";
import {
  decodeBytes,
  indentOf,
  type LineFault,
  type LineFormat,
  type LineStart,
  MAX_CPU,
  microsecondsTime,
  PRINTK,
  START_BYTES_MAX,
  secondsTime,
} from "./line-format.js";

/** A task, perhaps with its thread group. Its comm is padded, so that a `>` in front is that of a quoted mail. */
const TASK = /^(?:>[> ]*)? *([^\n]*)-(\d{1,10}) +(?:\([^()\n]*\) +)?$/;
/** The last `-<digits>` before `[cpu]`. The comm may hold anything. */
const UP_TO_CPU = /^(?:>[> ]*)? *([^\n]*)-(\d{1,10}) +(?:\([^()\n]*\) +)?(?=\[\d+\] )/;
/** Lines that look as if they had a task, to report the error after it. */
const UP_TO_PID = /^ *[^\n]*?-\d+ */;
const CPU = /^\[(\d+)\] +/;
const LATENCY_CPU = /^ *([^\n]*)-(\d{1,10}) +(\d{1,5})[^\s\d]\S{3,5} +(?=\d+\.\d+: )/;
const FLAGS = /^[^\s\d]\S* +/;

interface TimeForm {
  readonly pattern: RegExp;
  readonly expected: string;
  read(match: RegExpExecArray): Pick<LineStart, "time" | "isTick">;
}

const SECONDS: TimeForm = {
  pattern: /^(?:[^\s\d]\S* +)?(\d{1,11})\.(\d{1,9}): +/,
  expected: "a time in seconds such as 12.345678:",
  read: ([, seconds, fraction]) => ({ time: secondsTime(seconds!, fraction!) }),
};
const TICKS: TimeForm = {
  pattern: /^(?:[^\s\d]\S* +)?\d{1,20}: +/,
  expected: "a count of the clock such as 34519283312:",
  read: () => ({ time: undefined, isTick: true }),
};

function taskOf(comm: string, pid: string): Task {
  return { comm: decodeBytes(comm), pid: Number(pid) };
}

function parseStart(line: string, time: TimeForm): LineStart | LineFault {
  const text = line.slice(0, START_BYTES_MAX);
  const match = UP_TO_CPU.exec(text);
  if (match === null) return latencyStart(text, time) ?? taskFault(text);
  let column = match[0].length;
  const cpu = CPU.exec(text.slice(column));
  if (cpu === null || Number(cpu[1]) > MAX_CPU) return { column, expected: "a CPU such as [000]" };
  column += cpu[0].length;
  const found = time.pattern.exec(text.slice(column));
  if (found === null) {
    column += FLAGS.exec(text.slice(column))?.[0].length ?? 0;
    return { column, expected: time.expected };
  }
  return {
    task: taskOf(match[1]!, match[2]!),
    cpu: Number(cpu[1]),
    ...time.read(found),
    eventColumn: column + found[0].length,
  };
}

function latencyStart(text: string, time: TimeForm): LineStart | undefined {
  const match = LATENCY_CPU.exec(text);
  if (match === null || Number(match[3]) > MAX_CPU) return undefined;
  const found = time.pattern.exec(text.slice(match[0].length));
  if (found === null) return undefined;
  return {
    task: taskOf(match[1]!, match[2]!),
    cpu: Number(match[3]),
    ...time.read(found),
    eventColumn: match[0].length + found[0].length,
  };
}

function taskFault(text: string): LineFault {
  const pid = UP_TO_PID.exec(text);
  if (pid !== null && text[pid[0].length] === "[") {
    return { column: pid[0].length, expected: "a CPU such as [000]" };
  }
  return {
    column: indentOf(text),
    expected: "a task and a CPU such as bash-1234 [000]",
  };
}

function parseTask(text: string): Task | undefined {
  const match = TASK.exec(text);
  return match === null ? undefined : { comm: match[1]!, pid: Number(match[2]) };
}

function ftrace(name: "tracefs" | "trace-cmd report", frame: RegExp, time: TimeForm): LineFormat {
  return {
    ...PRINTK,
    name,
    frame,
    // What is read faster has seconds.
    ...(time === SECONDS ? { usual: { parseTask, hasSystem: false } } : {}),
    parseStart: (line) => parseStart(line, time),
  };
}

/** A comm can begin with an arrow as well. */
const TRACEFS_FRAME = /^ => (?!.*-\d+ .*\[\d+\] )/;

export const TRACEFS: LineFormat = ftrace("tracefs", TRACEFS_FRAME, SECONDS);
export const TRACEFS_TICKS: LineFormat = ftrace("tracefs", TRACEFS_FRAME, TICKS);
export const TRACE_CMD: LineFormat = ftrace("trace-cmd report", /^=> /, SECONDS);
export const TRACE_CMD_TICKS: LineFormat = ftrace("trace-cmd report", /^=> /, TICKS);

/**
 * The latency format of tracefs (kernel/trace/trace_output.c: trace_print_lat_context), and the same
 * as a kernel prints its trace buffer to its log when it dies (kernel/trace/trace.c: ftrace_dump):
 *
 *       bash-2345      0d..2.   12us+: mm_page_alloc: page=... pfn=0x1000 order=0 ...
 *     [    9.500002]   insmod-77        1d..1. 9000337us : mm_page_alloc: page=... pfn=0x1000 order=0 ...
 */

/** CPU and flags stand together; a mark after the unit says how long the next event took to come. */
const LATENCY_START = /^ *([^\n]*)-(\d{1,10}) +(\d{1,5})(?:[^\s\d]\S{3,5})? +(\d{1,16})us[ +!#*@$]?: +/;
const LATENCY_EXPECTED = "a task, a CPU and a time such as bash-1234 0d..1. 12us :";

/** Prefixes of log lines: syslog's date and host, the level, the time since boot, the caller. */
const LOG_PREFIX =
  /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ kernel: ?)?(?:<\d+>)?(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? )?/;
const DUMPED_EVENT = /\d+us.?: /;

function parseLatency(line: string, from: number): LineStart | undefined {
  const match = LATENCY_START.exec(line.slice(from, from + START_BYTES_MAX));
  if (match === null || Number(match[3]) > MAX_CPU) return undefined;
  return {
    task: taskOf(match[1]!, match[2]!),
    cpu: Number(match[3]),
    time: microsecondsTime(match[4]!),
    eventColumn: from + match[0].length,
  };
}

export function logPrefixLength(line: string): number {
  return LOG_PREFIX.exec(line)![0].length;
}

/** tracefs with the option latency-format. */
export const LATENCY: LineFormat = {
  ...PRINTK,
  name: "tracefs latency format",
  frame: /^ => /,
  parseStart: (line): LineStart | LineFault =>
    parseLatency(line, 0) ?? { column: indentOf(line), expected: LATENCY_EXPECTED },
};

/** A kernel log with a dumped trace buffer in it; other lines of the log are no events. */
export const DUMP: LineFormat = {
  ...PRINTK,
  name: "ftrace dump",
  frame: /^(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? )? => /,
  parseStart(line): LineStart | LineFault | undefined {
    const from = logPrefixLength(line);
    const start = parseLatency(line, from);
    if (start !== undefined) return start;
    return DUMPED_EVENT.test(line) || / mm_page\w*: /.test(line)
      ? { column: from, expected: LATENCY_EXPECTED }
      : undefined;
  },
};

/** The kernel's line before the events. */
export const DUMP_BEGINS: RegExp = /Dumping ftrace buffer:$/;

// The function_graph tracer (kernel/trace/trace_functions_graph.c: print_graph_comment). Events are
// comments between calls, mostly without a time; lines of their own say which task a CPU goes on with.
//
//      0)  term-a-2756   =>  term-b-4083
//      0)               |  __alloc_pages_nodemask() {
//      0)               |  /* mm_page_alloc: page=... pfn=196609 order=0 ... */
//      12.345678 |   0)  bash-123  |               |  /* ... */      (funcgraph-abstime, funcgraph-proc)

const GRAPH_TIME = /^ *(\d{1,11})\.(\d{6,9}) \| +/;
const GRAPH_CPU = /^ *(\d{1,5})\) */;
const GRAPH_TASK = /^ *(\S[^\n|]*?)-(\d{1,10}) +\|/;
const SWITCH = /^ *(\d{1,5})\) +\S.*?-\d+ +=> +(\S.*)-(\d{1,10}) *$/;
const COMMENT_START = /^[^\n]*?\/\* /;
const COMMENT_END = / \*\/$/;
const RULER = /^ *-{10,}$/;
const CALL = /^[^\n]*\| {2,}\S|^ *\d+\)/;

/** Text in lines of this format and in no other. */
export const GRAPH_LINE: RegExp =
  /^ *(?:\d+\.\d+ \| +)?\d{1,5}\) (?:.*\| |.*-\d+ +=> )|^[^[]*\| {2,}(?:\/\* .* \*\/|[\w.]+\(\);|[\w.]+\(\) \{|\}.*)$/;

export const FUNCTION_GRAPH: LineFormat = {
  ...PRINTK,
  name: "function_graph",
  frame: /^ => /,
  parseStart(line, cpuTasks) {
    const change = SWITCH.exec(line);
    if (change !== null) {
      cpuTasks.set(Number(change[1]), taskOf(change[2]!, change[3]!));
      return undefined;
    }
    const comment = COMMENT_START.exec(line);
    if (comment === null) {
      if (RULER.test(line)) return undefined;
      return CALL.test(line) && !/\bmm_page\w*: /.test(line)
        ? "other"
        : { column: 0, expected: "a call or an event of function_graph" };
    }
    if (!COMMENT_END.test(line)) return { column: line.length, expected: "the end of an event, */" };
    const time = GRAPH_TIME.exec(line);
    let column = time?.[0].length ?? 0;
    const cpu = GRAPH_CPU.exec(line.slice(column));
    if (cpu !== null && Number(cpu[1]) > MAX_CPU) return { column, expected: "a CPU such as 0)" };
    column += cpu?.[0].length ?? 0;
    const task = GRAPH_TASK.exec(line.slice(column, comment[0].length));
    const number = cpu === null ? undefined : Number(cpu[1]);
    return {
      task: task === null ? cpuTasks.get(number ?? -1) : taskOf(task[1]!, task[2]!),
      cpu: number,
      time: time === null ? undefined : secondsTime(time[1]!, time[2]!),
      eventColumn: comment[0].length,
      endColumn: line.length - " */".length,
    };
  },
};
