/**
 * The text of `perf script` (tools/perf/builtin-script.c), by default or with
 * `-F comm,pid,tid,cpu,time,event,trace` and `--ns`:
 *
 *     sh  5098 [001] 15901.932777:             kmem:mm_page_alloc: page=0x1742c6 pfn=0x1742c6 order=0 ...
 *     sh  5098/5098  [001] 15901.932777198:    kmem:mm_page_alloc: page=0x1742c6 pfn=0x1742c6 order=0 ...
 *
 * The widths of columns depend on the version, and any of them may be left out with `-F`.
 */

import type { Task } from "../events.js";
import { TRACEFS } from "./ftrace-format.js";
import {
  decodeBytes,
  indentOf,
  isStart,
  type LineFault,
  type LineFormat,
  type LineStart,
  MAX_CPU,
  microsecondsTime,
  NO_TASK,
  PRINTK,
  START_BYTES_MAX,
  secondsTime,
} from "./line-format.js";

/** Comm, then the thread, alone or after its process. */
const TASK = /^ *(?:([^\n]*?) +)?(?:-?\d+\/)?(-?\d{1,10}) *$/;
const UP_TO_TIME = /^([^\n]*[ \]]|)(\d{1,11})\.(\d{6}|\d{9}): +/;
const UP_TO_PAYLOAD = /^[^\n]*: +(?=(?:page|pfn)=)/;
const CPU = /^([^\n]*?)\[(\d{1,5})\] *$/;
/** Without a time the name of the event must say where it begins. */
const UP_TO_EVENT = /^([^\n]*?)(?=\S+:mm_page\w+: )/;
/** Columns that `-F` asks for stand here: period, weight, cgroup and others. */
const UP_TO_PAGE_EVENT = /^\S[^\n]{0,255}? (?=kmem:mm_page\w*: )/;
/** The place of an event, as `-F ip,sym` prints it after events without a call chain. */
const AFTER_LAST_VALUE = /^=\S+(?= +[0-9a-f]{8,16}(?: |$))/;
/** An event of ours with its system. */
const PAGE_EVENT = /^(?:kmem:)?mm_page\w*: /;

const NO_TASKS: Map<number, Task> = new Map();

function parseStart(line: string): LineStart | LineFault {
  const beginning = line.slice(0, START_BYTES_MAX);
  const text = UP_TO_PAYLOAD.exec(beginning)?.[0] ?? beginning;
  const timed = UP_TO_TIME.exec(text);
  const start = timed ?? UP_TO_EVENT.exec(text);
  if (start === null) {
    const column = indentOf(text);
    return { column, expected: "a task, a CPU and a time such as bash 1234 [000] 12.345678:" };
  }
  // perf has the system before every event of the kernel; without it the line is more likely ftrace's.
  const event = PAGE_EVENT.exec(line.slice(start[0].length));
  if (event !== null && !event[0].startsWith("kmem:") && isStart(TRACEFS.parseStart(line, NO_TASKS))) {
    return { column: start[0].length, expected: "an event with its system, as perf prints it" };
  }
  const cpu = CPU.exec(start[1]!);
  if (cpu !== null && Number(cpu[2]) > MAX_CPU) {
    return { column: cpu[1]!.length, expected: "a CPU such as [000]" };
  }
  const columns = UP_TO_PAGE_EVENT.exec(line.slice(start[0].length));
  const eventColumn = start[0].length + (columns?.[0].length ?? 0);
  const lastValue = line.lastIndexOf("=");
  const after = AFTER_LAST_VALUE.exec(line.slice(lastValue));
  const task = parseTask((cpu?.[1] ?? start[1]!).trimEnd());
  return {
    task: task === undefined ? undefined : { comm: decodeBytes(task.comm), pid: task.pid },
    cpu: cpu === null ? undefined : Number(cpu[2]),
    time: timed === null ? undefined : secondsTime(timed[2]!, timed[3]!),
    eventColumn,
    ...(after === null ? {} : { endColumn: lastValue + after[0].length }),
  };
}

/** A thread that perf does not know has the number -1. */
function parseTask(text: string): Task | undefined {
  const match = TASK.exec(text);
  if (match === null) return undefined;
  return { comm: match[1] ?? NO_TASK.comm, pid: Math.max(0, Number(match[2])) };
}

export const PERF_SCRIPT: LineFormat = {
  ...PRINTK,
  name: "perf script",
  // With call chains a comm is not padded, and it may begin with a `#` of its own.
  comment: /^#(?: |$)/,
  // Mail and web pages turn the tab into spaces; then a frame is told by its address and the file of the code.
  frame:
    /^(?:\t| +[0-9a-f]{6,16} (?!.*\d\.\d{6,9}: )\S.*\([^()]*\)$| +[0-9a-f]{8,16} [\w.@~$]+(?:\+0x[0-9a-f]+)?$)/,
  usual: { parseTask, hasSystem: true },
  parseStart,
};

/**
 * The text of `perf trace` (tools/perf/builtin-trace.c: trace__event_handler), which prints events
 * between the system calls, with a time in milliseconds since the start and without a CPU. Fields
 * that are 0 are left out.
 *
 *     12.661 (         ): app/321 kmem:mm_page_alloc(pfn: 147456, gfp_flags: 3264)
 */

/** Time, duration of a system call, task; `perf trace` of a single thread leaves the task out. */
const PERF_TRACE_START =
  /^ *(\d{1,13})\.(\d{3}) +(?:\([^()\n]*\): *)?(?:([^\n]*?)\/(-?\d{1,10}) +)?(?=[\w:.]+\()/;

export const PERF_TRACE: LineFormat = {
  name: "perf trace",
  comment: /^#/,
  frame: /^ {20,}\S/,
  event: /^(?:([^\s:(]+):)?([^\s:(]+)\(/,
  fields: "perf trace",
  parseStart(line) {
    const match = PERF_TRACE_START.exec(line.slice(0, START_BYTES_MAX));
    if (match === null) {
      // Threads that come and go, and page faults.
      if (/^ *\d+\.\d{3} \(/.test(line) && !line.includes("mm_page")) return "other";
      const column = indentOf(line);
      return { column, expected: "a time, a task and an event such as 12.345 ( ): bash/1234 kmem:...(" };
    }
    const [start, ms, us, comm, pid] = match;
    return {
      task: pid === undefined ? undefined : { comm: decodeBytes(comm!), pid: Math.max(0, Number(pid)) },
      cpu: undefined,
      time: microsecondsTime(`${ms}${us}`),
      eventColumn: start.length,
    };
  },
};
