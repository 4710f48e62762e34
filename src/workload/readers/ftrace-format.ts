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
  type LineFault,
  type LineFormat,
  type LineStart,
  PRINTK_EVENT,
  secondsTime,
} from "./line-format.js";

/** What ftrace and trace-cmd write in front of a line is far shorter. */
const START_BYTES_MAX = 512;
const MAX_CPU = 0xffff;

/** A task, perhaps with its thread group. Its comm is padded, so that a `>` in front is that of a quoted mail. */
const TASK = /^(?:>[> ]*)? *([^\n]*)-(\d{1,10}) +(?:\([^()\n]*\) +)?$/;
/** The last `-<digits>` before `[cpu]`. The comm may hold anything. */
const UP_TO_CPU = /^(?:>[> ]*)? *([^\n]*)-(\d{1,10}) +(?:\([^()\n]*\) +)?(?=\[\d+\] )/;
/** What makes a line look as if a task stood there, to say what is wrong behind it. */
const UP_TO_PID = /^ *[^\n]*?-\d+ */;
const CPU = /^\[(\d+)\] +/;
/** CPU and flags of `trace-cmd report -l`. */
const LATENCY_CPU = /^ *([^\n]*)-(\d{1,10}) +(\d{1,5})[^\s\d]\S{3,5} +(?=\d+\.\d+: )/;
const FLAGS = /^[^\s\d]\S* +/;

/** The two ways in which a time is printed. */
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
    task: { comm: decodeBytes(match[1]!), pid: Number(match[2]) },
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
    task: { comm: decodeBytes(match[1]!), pid: Number(match[2]) },
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
    column: text.length - text.trimStart().length,
    expected: "a task and a CPU such as bash-1234 [000]",
  };
}

function parseTask(text: string): Task | undefined {
  const match = TASK.exec(text);
  return match === null ? undefined : { comm: match[1]!, pid: Number(match[2]) };
}

function ftrace(name: "tracefs" | "trace-cmd report", frame: RegExp, time: TimeForm): LineFormat {
  return {
    name,
    comment: /^#/,
    frame,
    event: PRINTK_EVENT,
    fields: "printk",
    // What is read faster has seconds.
    ...(time === SECONDS ? { usual: { parseTask, hasSystem: false } } : {}),
    parseStart: (line) => parseStart(line, time),
  };
}

/** A comm may begin with an arrow too. */
const TRACEFS_FRAME = /^ => (?!.*-\d+ .*\[\d+\] )/;

/** tracefs. */
export const TRACEFS: LineFormat = ftrace("tracefs", TRACEFS_FRAME, SECONDS);
/** tracefs with a clock that counts. */
export const TRACEFS_TICKS: LineFormat = ftrace("tracefs", TRACEFS_FRAME, TICKS);
/** trace-cmd. */
export const TRACE_CMD: LineFormat = ftrace("trace-cmd report", /^=> /, SECONDS);
/** trace-cmd with a clock that counts. */
export const TRACE_CMD_TICKS: LineFormat = ftrace("trace-cmd report", /^=> /, TICKS);
