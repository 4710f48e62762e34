/** How the text formats differ: by what stands in front of the event, and by the lines that are no events. */

import type { Task } from "../events.js";

/** What stands in front of an event. */
export interface LineStart {
  /** Undefined where the line does not say. */
  readonly task: Task | undefined;
  readonly cpu: number | undefined;
  readonly timeNs: number | undefined;
  /** Bytes from the start of the line to the name of the event. */
  readonly eventColumn: number;
}

/** What is wrong with a line. */
export interface LineFault {
  /** Bytes from the start of the line. */
  readonly column: number;
  readonly expected: string;
}

/** A text format. All texts are given with one character for each byte. */
export interface LineFormat {
  readonly name: "tracefs" | "perf script" | "trace-cmd report";
  /** Lines that begin so, with `#`, are no events. */
  readonly comment: RegExp;
  /** How lines of call chains begin. */
  readonly frameStart: string;
  /**
   * Comm and pid of what stands in front of a CPU such as `[000]`, or undefined. UTF-8 is decoded.
   */
  parseTask(text: string): Task | undefined;
  /** Reads a line up to the event. */
  parseStart(line: string): LineStart | LineFault;
}

/** Lines that the tools print around the events. */
export const REMARK: RegExp =
  /^(?:cpus=\d+|version = \S+|CPU \d+ is empty|Warning:|Check IO\/CPU overload!|'trace' not valid for .*|\[ perf record: .*)$/;

/** Comm of a task that the trace does not name. */
export const NO_TASK: Task = { comm: "<...>", pid: 0 };

/** Nanoseconds of `seconds.fraction`. */
export function nanoseconds(seconds: string, fraction: string): number {
  return Number(seconds) * 1e9 + Number(fraction.padEnd(9, "0"));
}
