import type { PrintedTime } from "../event-blocks.js";
import type { Task } from "../events.js";

export interface LineStart {
  /** Undefined where the line does not say. */
  readonly task: Task | undefined;
  readonly cpu: number | undefined;
  readonly time: PrintedTime | undefined;
  /** Whether the line has a time, but a count of a clock that is not known. */
  readonly isTick?: true;
  /** Bytes from the start of the line to the name of the event. */
  readonly eventColumn: number;
  /** Bytes from the start of the line to the end of the event; the end of the line if not given. */
  readonly endColumn?: number;
}

export function isStart(parsed: LineStart | LineFault | "other" | undefined): parsed is LineStart {
  return typeof parsed === "object" && "eventColumn" in parsed;
}

export interface LineFault {
  readonly column: number;
  readonly expected: string;
}

export type TextFormatName =
  | "tracefs"
  | "tracefs latency format"
  | "function_graph"
  | "ftrace dump"
  | "trace-cmd report"
  | "perf script"
  | "perf trace";

/** A text format. All texts are given with one character for each byte. */
export interface LineFormat {
  readonly name: TextFormatName;
  /** Lines with `#` that are not events. */
  readonly comment: RegExp;
  /** Lines of call chains. */
  readonly frame: RegExp;
  /** An event as it begins: its system, which may be missing, and its name. */
  readonly event: RegExp;
  /** How the fields of an event are written: `pfn=1 order=0`, or `pfn: 1, order: 0` without those that are 0. */
  readonly fields: "printk" | "perf trace";
  /** The form that CommonLines reads faster; its task stands before the CPU. */
  readonly usual?: {
    /** Comm and pid in the text before a CPU such as `[000]`, or undefined. UTF-8 is decoded. */
    parseTask(text: string): Task | undefined;
    /** Whether events have their system in front: `kmem:`. */
    readonly hasSystem: boolean;
  };
  /**
   * @param cpuTasks which task each CPU runs, for formats that say so in lines of their own
   * @returns undefined for a line that tells of no event, "other" for what is an event of another kind than all lines
   */
  parseStart(line: string, cpuTasks: Map<number, Task>): LineStart | LineFault | "other" | undefined;
}

/** Formats of events as their TP_printk writes them: `kmem:mm_page_alloc: `, `mm_page_alloc:        `. */
export const PRINTK: Pick<LineFormat, "comment" | "event" | "fields"> = {
  comment: /^#/,
  event: /^(?:([^\s:=]+):)?([^\s:=]+):(?: +|$)/,
  fields: "printk",
};

/** Far longer than any tool's text before an event. */
export const START_BYTES_MAX = 512;
export const MAX_CPU = 0xffff;

export function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** Comm of a task that the trace does not name. */
export const NO_TASK: Task = { comm: "<...>", pid: 0 };

/** The time printed as `seconds.fraction`, with up to 9 digits after the point. */
export function secondsTime(seconds: string, fraction: string): PrintedTime {
  return { seconds: Number(seconds), ns: Number(fraction.padEnd(9, "0")) };
}

export function microsecondsTime(microseconds: string): PrintedTime {
  return { seconds: Number(microseconds.slice(0, -6)), ns: Number(microseconds.slice(-6)) * 1000 };
}

const IS_ASCII = /^[\0-\x7f]*$/;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Decodes text with one character for each byte. */
export function decodeBytes(text: string): string {
  if (IS_ASCII.test(text)) return text;
  return decoder.decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}
