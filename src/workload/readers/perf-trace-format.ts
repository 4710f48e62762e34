/**
 * The text of `perf trace` (tools/perf/builtin-trace.c: trace__event_handler), which prints events
 * between the system calls, with a time in milliseconds since the start and without a CPU. Fields
 * that are 0 are left out.
 *
 *     12.661 (         ): app/321 kmem:mm_page_alloc(pfn: 147456, gfp_flags: 3264)
 */

import { decodeBytes, type LineFormat, microsecondsTime } from "./line-format.js";

const START_BYTES_MAX = 512;
/** Time, duration of a system call, task; `perf trace` of a single thread leaves the task out. */
const START = /^ *(\d{1,13})\.(\d{3}) +(?:\([^()\n]*\): *)?(?:([^\n]*?)\/(-?\d{1,10}) +)?(?=[\w:.]+\()/;

/** perf trace. */
export const PERF_TRACE: LineFormat = {
  name: "perf trace",
  comment: /^#/,
  frame: /^ {20,}\S/,
  event: /^(?:([^\s:(]+):)?([^\s:(]+)\(/,
  fields: "perf trace",
  parseStart(line) {
    const match = START.exec(line.slice(0, START_BYTES_MAX));
    if (match === null) {
      // Threads that come and go, and page faults.
      if (/^ *\d+\.\d{3} \(/.test(line) && !line.includes("mm_page")) return "other";
      const column = line.length - line.trimStart().length;
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
