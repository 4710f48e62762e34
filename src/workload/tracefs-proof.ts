/** Whether names can be printed so that reading the text gives them back: the reader itself is asked. */

import { EventBlocks } from "./event-blocks.js";
import type { Task } from "./events.js";
import { TRACEFS } from "./readers/ftrace-format.js";
import { TextReader } from "./readers/text-reader.js";
import { newTraceCounts } from "./trace-counts.js";
import { TraceError } from "./trace-error.js";
import { TraceNames } from "./trace-names.js";

const ROOM = 16;

/** Reads lines of tracefs on trial. */
export class TracefsProof {
  readonly #names = new TraceNames();
  /** What the lines on trial came to. */
  readonly #read: (readonly [task: Task, caller: string])[] = [];
  /** On trial are few events at a time. */
  readonly #blocks = new EventBlocks(({ count, task, caller }) => {
    for (let i = 0; i < count; i++) {
      this.#read.push([
        this.#names.tasks[task[i]!]!,
        caller[i] === 0 ? "" : this.#names.callers[caller[i]! - 1]!,
      ]);
    }
  }, ROOM);
  readonly #reader = new TextReader("proof", TRACEFS, {
    blocks: this.#blocks,
    names: this.#names,
    counts: newTraceCounts(),
  });

  /**
   * @param lines one event, with its call chain if it has one
   * @param caller empty for none
   * @returns whether they are read as one event of this task and this caller
   */
  holds(lines: Uint8Array, { comm, pid }: Task, caller: string): boolean {
    this.#read.length = 0;
    try {
      this.#reader.feed(lines);
    } catch (error) {
      if (error instanceof TraceError) return false;
      throw error;
    }
    this.#blocks.flush();
    const [event] = this.#read;
    return (
      this.#read.length === 1 && event![0].comm === comm && event![0].pid === pid && event![1] === caller
    );
  }
}
