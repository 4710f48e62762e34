/** Reads all events of a trace file at once, to replay them. */

import { basename } from "node:path";
import { EventCollector } from "../workload/collect-events.js";
import { EventBlocks } from "../workload/event-blocks.js";
import type { PageEvents } from "../workload/events.js";
import { TraceReader } from "../workload/readers/trace-reader.js";
import { newTraceCounts } from "../workload/trace-counts.js";
import { TraceNames } from "../workload/trace-names.js";
import { type Unpacker, unpackerOf } from "./unpack.js";

/** The events of a file, and the kernel that was traced, where the file says it. */
export interface TraceFile {
  readonly events: PageEvents;
  readonly kernel: string | undefined;
}

/**
 * @param path for messages
 * @param chunks of the file as it is, of any format, plain, gzip or zstd
 * @throws TraceError for a packed file that is damaged, and for a trace that is none
 */
export function readEvents(path: string, chunks: Iterable<Uint8Array>): TraceFile {
  const collector = new EventCollector();
  const names = new TraceNames();
  const counts = newTraceCounts();
  const blocks = new EventBlocks((block) => collector.add(block));
  const reader = new TraceReader(path, { blocks, names, counts });
  let unpacker: Unpacker | undefined;
  for (const chunk of chunks) {
    unpacker ??= unpackerOf(path, chunk);
    for (const piece of unpacker.feed(chunk)) reader.feed(piece);
  }
  for (const piece of unpacker?.end() ?? []) reader.feed(piece);
  reader.end();
  const { lostEvents, overwrittenEvents, otherEvents } = counts;
  const events = { ...collector.columns(), tasks: names.tasks, lostEvents, overwrittenEvents, otherEvents };
  return { events, kernel: reader.metadata?.kernel };
}

/** Name of a workload: that of its file without what says how it is written. */
export function workloadName(path: string): string {
  return basename(path).replace(/(?:\.(?:gz|zst|trace|txt))+$/, "");
}
