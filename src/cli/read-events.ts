/** Reads all events of a trace file at once, to replay them. */

import { basename } from "node:path";
import type { TraceDetails } from "../report/trace-import.js";
import { EventCollector } from "../workload/collect-events.js";
import { EventBlocks } from "../workload/event-blocks.js";
import type { PageEvents } from "../workload/events.js";
import { type FlagsReading, flagsReading } from "../workload/flags-reading.js";
import { TraceReader } from "../workload/readers/trace-reader.js";
import { newTraceCounts, type TraceCounts } from "../workload/trace-counts.js";
import { TraceNames } from "../workload/trace-names.js";
import { detailsOf, withLenientHint } from "./read-trace.js";
import { type Unpacker, unpackerOf } from "./unpack.js";
import { UsageError } from "./usage-error.js";

/** The events of a file, and what there is to say of it. */
export interface TraceFile {
  readonly events: PageEvents;
  /** The kernel that was traced, where the file says it. */
  readonly kernel: string | undefined;
  readonly counts: TraceCounts;
  /** How request flags were read. */
  readonly flags: FlagsReading;
  readonly details: TraceDetails;
}

/**
 * @param path for messages
 * @param chunks of the file as it is, of any format, plain, gzip or zstd
 * @param kernel that was traced, if it is known beside the file
 * @param lenient whether lines of a text that cannot be read are left out; undefined where nobody can ask for it
 * @throws TraceError for a packed file that is damaged, and for a trace that is none; UsageError for
 *   one with flags that may mean anything
 */
export function readEvents(
  path: string,
  chunks: Iterable<Uint8Array>,
  kernel?: string,
  lenient?: boolean,
): TraceFile {
  const collector = new EventCollector();
  const names = new TraceNames(kernel);
  const counts = newTraceCounts();
  const blocks = new EventBlocks((block) => collector.add(block));
  const reader = new TraceReader(path, { blocks, names, counts }, { lenient: lenient === true });
  let unpacker: Unpacker | undefined;
  try {
    for (const chunk of chunks) {
      unpacker ??= unpackerOf(path, chunk);
      for (const piece of unpacker.feed(chunk)) reader.feed(piece);
    }
    for (const piece of unpacker?.end() ?? []) reader.feed(piece);
    reader.end();
  } catch (error) {
    throw lenient === undefined ? error : withLenientHint(error);
  }
  if (counts.hexFlags > 0 && names.kernel === undefined) {
    throw new UsageError(
      `${path}: its flags are bare numbers, which mean something else in each release; ` +
        "trace import --kernel RELEASE makes one of ours of it",
    );
  }
  const { lostEvents, overwrittenEvents, otherEvents } = counts;
  const events = { ...collector.columns(), tasks: names.tasks, lostEvents, overwrittenEvents, otherEvents };
  const details = detailsOf(names, blocks.clock, reader.firstUnread?.message);
  return { events, kernel: names.kernel, counts, flags: flagsReading(names), details };
}

/** Name of a workload: that of its file without what says how it is written. */
export function workloadName(path: string): string {
  return basename(path).replace(/(?:\.(?:gz|zst|trace|txt))+$/, "");
}
