import { ByteMemo } from "./byte-memo.js";
import { decimal, nextLine } from "./bytes.js";
import type { Task } from "./events.js";

/** A comm, which may hold all but a line end, and a pid. */
const TASK = /^[^\n]*-\d+$/;
/** A task and its CPU: the last `-<digits>` before `[cpu]`, with or without a thread group between. */
const TASK_AND_CPU = /^([^\n]*)-\d+ +(?:\([^)]*\) +)?\[\d+\] /;

const latin1 = new TextDecoder("latin1");

/** Numbers the tasks of a trace as they turn up. */
export class TaskTable {
  readonly tasks: Task[] = [];
  readonly #numberOfText = new Map<string, number>();
  readonly #memo = new ByteMemo((text) => this.#numberOf(text));

  /** Number of the task `comm-pid`, perhaps with spaces in front, or -1 where there is none. */
  numberAt(bytes: Uint8Array, start: number, dash: number, end: number): number {
    return this.#memo.valueOf(bytes, start, end, decimal(bytes, dash + 1, end));
  }

  #numberOf(text: string): number {
    const name = text.trimStart();
    const known = this.#numberOfText.get(name);
    if (known !== undefined) return known;
    if (!TASK.test(name)) return -1;
    const dash = name.lastIndexOf("-");
    this.#numberOfText.set(name, this.tasks.length);
    return this.tasks.push({ comm: name.slice(0, dash), pid: Number(name.slice(dash + 1)) }) - 1;
  }
}

/** Position of the dash between comm and pid in a line, wherever it is, or -1. */
export function findDash(bytes: Uint8Array, lineStart: number): number {
  const match = TASK_AND_CPU.exec(latin1.decode(bytes.subarray(lineStart, nextLine(bytes, lineStart))));
  return match === null ? -1 : lineStart + match[1]!.length;
}
