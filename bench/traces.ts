/** Traces as the benchmarks of formats read them. */

import { type EventBlock, EventBlocks } from "../src/workload/event-blocks.js";
import { TraceReader } from "../src/workload/readers/trace-reader.js";
import { newTraceCounts, type TraceNames } from "../src/workload/trace-names.js";

const CHUNK_BYTES = 2 ** 20;

/**
 * Reads a trace of any format, unpacked, in chunks.
 *
 * @param use is given each block of events
 * @param lenient whether lines of a text that cannot be read are left out
 * @returns the number of events
 */
export function readTrace(
  bytes: Uint8Array,
  names: TraceNames,
  use: (block: EventBlock) => void,
  lenient = false,
): number {
  let events = 0;
  const blocks = new EventBlocks((block) => {
    events += block.count;
    use(block);
  });
  const reader = new TraceReader("bench", { names, counts: newTraceCounts(), blocks }, { lenient });
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) reader.feed(bytes.subarray(at, at + CHUNK_BYTES));
  reader.end();
  return events;
}

/** Makes what samples share when the first of them wants it. */
export function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
