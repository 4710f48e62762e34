// The function_graph tracer (kernel/trace/trace_functions_graph.c: print_graph_comment). Events are
// comments between calls, mostly without a time; lines of their own say which task a CPU goes on with.
//
//      0)  term-a-2756   =>  term-b-4083
//      0)               |  __alloc_pages_nodemask() {
//      0)               |  /* mm_page_alloc: page=... pfn=196609 order=0 ... */
//      12.345678 |   0)  bash-123  |               |  /* ... */      (funcgraph-abstime, funcgraph-proc)

import type { Task } from "../events.js";
import { decodeBytes, type LineFormat, PRINTK_EVENT, secondsTime } from "./line-format.js";

const MAX_CPU = 0xffff;
const TIME = /^ *(\d{1,11})\.(\d{6,9}) \| +/;
const CPU = /^ *(\d{1,5})\) */;
const TASK = /^ *(\S[^\n|]*?)-(\d{1,10}) +\|/;
const SWITCH = /^ *(\d{1,5})\) +\S.*?-\d+ +=> +(\S.*)-(\d{1,10}) *$/;
const COMMENT_START = /^[^\n]*?\/\* /;
const COMMENT_END = / \*\/$/;
const RULER = /^ *-{10,}$/;
const CALL = /^[^\n]*\| {2,}\S|^ *\d+\)/;

/** What stands in lines of this format and in no other, to tell it. */
export const GRAPH_LINE: RegExp =
  /^ *(?:\d+\.\d+ \| +)?\d{1,5}\) (?:.*\| |.*-\d+ +=> )|^[^[]*\| {2,}(?:\/\* .* \*\/|[\w.]+\(\);|[\w.]+\(\) \{|\}.*)$/;

/** function_graph. */
export const FUNCTION_GRAPH: LineFormat = {
  name: "function_graph",
  comment: /^#/,
  frame: /^ => /,
  event: PRINTK_EVENT,
  fields: "printk",
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
    const time = TIME.exec(line);
    let column = time?.[0].length ?? 0;
    const cpu = CPU.exec(line.slice(column));
    if (cpu !== null && Number(cpu[1]) > MAX_CPU) return { column, expected: "a CPU such as 0)" };
    column += cpu?.[0].length ?? 0;
    const task = TASK.exec(line.slice(column, comment[0].length));
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

function taskOf(comm: string, pid: string): Task {
  return { comm: decodeBytes(comm), pid: Number(pid) };
}
