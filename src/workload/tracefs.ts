import { EventBlocks, EventCollector } from "./event-blocks.js";
import type { PageEvents } from "./events.js";
import { TRACEFS } from "./readers/ftrace-format.js";
import { TextReader } from "./readers/text-reader.js";
import { newTraceCounts, TraceNames } from "./trace-names.js";

/** Reads one trace of tracefs, whole: `feed` it piece by piece, then `end` gives the events. */
export class TracefsReader {
  readonly #events = new EventCollector();
  readonly #output = {
    blocks: new EventBlocks((block) => this.#events.add(block)),
    names: new TraceNames(),
    counts: newTraceCounts(),
  };
  readonly #reader: TextReader;

  constructor(file: string) {
    this.#reader = new TextReader(file, TRACEFS, this.#output);
  }

  /** Takes bytes that may end anywhere. @throws TraceError at the first line not of a trace */
  feed(chunk: Uint8Array): void {
    this.#reader.feed(chunk);
  }

  /** To be called once, after the last `feed`. @throws TraceError if the trace ends within an event */
  end(): PageEvents {
    this.#reader.end();
    this.#output.blocks.flush();
    const { lostEvents, overwrittenEvents, otherEvents } = this.#output.counts;
    const { tasks } = this.#output.names;
    return { ...this.#events.columns(), tasks, lostEvents, overwrittenEvents, otherEvents };
  }
}
