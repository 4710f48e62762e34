/**
 * The text of tracefs `trace` (kernel/trace/trace_output.c: trace_print_context), and that of
 * `trace-cmd report`, which is the same but for a column (libtraceevent: tep_print_event):
 *
 *     <idle>-0       [000] d..1.     0.436965: mm_page_alloc: page=... pfn=0x10430b order=0 ...
 *       bash-6783    [000] 15960.841634: mm_page_alloc:        page=0x15062a pfn=0x15062a order=0 ...
 *     bash-6783    0..... 15960.841634: mm_page_alloc:        page=...        (trace-cmd report -l)
 *
 * There are 4 or 5 flags or none, and there may be a column for the thread group.
 */

import type { Task } from "../events.js";
import { type LineFault, type LineFormat, type LineStart, nanoseconds } from "./line-format.js";

/** What ftrace and trace-cmd write in front of a line is far shorter. */
const START_BYTES_MAX = 512;
const MAX_CPU = 0xffff;

/** A task, perhaps with its thread group. */
const TASK = /^ *([^\n]*)-(\d{1,10}) +(?:\([^()\n]*\) +)?$/;
/** The last `-<digits>` before `[cpu]`. The comm may hold anything. */
const UP_TO_CPU = /^ *([^\n]*)-(\d{1,10}) +(?:\([^()\n]*\) +)?(?=\[\d+\] )/;
/** What makes a line look as if a task stood there, to say what is wrong behind it. */
const UP_TO_PID = /^ *[^\n]*?-\d+ */;
const CPU = /^\[(\d+)\] +/;
/** CPU and flags of `trace-cmd report -l`. */
const LATENCY_CPU = /^ *([^\n]*)-(\d{1,10}) +(\d{1,5})[^\s\d]\S{3,5} +(?=\d+\.\d+: )/;
const TIME = /^(?:[^\s\d]\S* +)?(\d{1,11})\.(\d{1,9}): +/;
const FLAGS = /^[^\s\d]\S* +/;

const IS_ASCII = /^[\0-\x7f]*$/;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** From one character for each byte to what the bytes mean. */
export function decodeBytes(text: string): string {
  if (IS_ASCII.test(text)) return text;
  return decoder.decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}

function parseStart(line: string): LineStart | LineFault {
  const text = line.slice(0, START_BYTES_MAX);
  const match = UP_TO_CPU.exec(text);
  if (match === null) return latencyStart(text) ?? taskFault(text);
  let column = match[0].length;
  const cpu = CPU.exec(text.slice(column));
  if (cpu === null || Number(cpu[1]) > MAX_CPU) return { column, expected: "a CPU such as [000]" };
  column += cpu[0].length;
  const time = TIME.exec(text.slice(column));
  if (time === null) {
    column += FLAGS.exec(text.slice(column))?.[0].length ?? 0;
    return { column, expected: "a time in seconds such as 12.345678:" };
  }
  return {
    task: { comm: decodeBytes(match[1]!), pid: Number(match[2]) },
    cpu: Number(cpu[1]),
    timeNs: nanoseconds(time[1]!, time[2]!),
    eventColumn: column + time[0].length,
  };
}

function latencyStart(text: string): LineStart | undefined {
  const match = LATENCY_CPU.exec(text);
  if (match === null || Number(match[3]) > MAX_CPU) return undefined;
  const time = TIME.exec(text.slice(match[0].length));
  if (time === null) return undefined;
  return {
    task: { comm: decodeBytes(match[1]!), pid: Number(match[2]) },
    cpu: Number(match[3]),
    timeNs: nanoseconds(time[1]!, time[2]!),
    eventColumn: match[0].length + time[0].length,
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

/** tracefs. */
export const TRACEFS: LineFormat = {
  name: "tracefs",
  comment: /^#/,
  frameStart: " => ",
  parseTask,
  parseStart,
};
/** trace-cmd. */
export const TRACE_CMD: LineFormat = {
  name: "trace-cmd report",
  comment: /^#/,
  frameStart: "=> ",
  parseTask,
  parseStart,
};
