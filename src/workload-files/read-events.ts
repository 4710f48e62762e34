/** All events of a trace file of any format, packed or not, at once, to replay them. */

import type { TraceDetails } from "../report/trace-import.js";
import { EventBlocks, EventCollector, type TraceClock } from "../workload/event-blocks.js";
import type { PageEvents } from "../workload/events.js";
import { TraceReader } from "../workload/readers/trace-reader.js";
import {
  type FlagsReading,
  flagsReading,
  newTraceCounts,
  type TraceCounts,
  TraceNames,
} from "../workload/trace-names.js";
import { unpacked } from "./unpack.js";
import { WorkloadError } from "./workload-error.js";

export interface TraceFile {
  readonly events: PageEvents;
  /** The kernel that was traced, where the file says it. */
  readonly kernel: string | undefined;
  readonly counts: TraceCounts;
  /** How request flags were read. */
  readonly flags: FlagsReading;
  readonly details: TraceDetails;
}

export interface ReadEventsOptions {
  /** The kernel that was traced, if it is known from elsewhere: the name of a release. */
  readonly kernel?: string | undefined;
  /** Whether lines of a text that cannot be read are left out and counted, rather than refused. */
  readonly lenient?: boolean | undefined;
}

/**
 * @param path only for messages
 * @param chunks of the file as stored
 * @throws TraceError for a packed file that is damaged, and for one that is not a trace; WorkloadError for
 *   one with ambiguous flags
 */
export function readEvents(
  path: string,
  chunks: Iterable<Uint8Array>,
  { kernel, lenient = false }: ReadEventsOptions = {},
): TraceFile {
  const collector = new EventCollector();
  const names = new TraceNames(kernel);
  const counts = newTraceCounts();
  const blocks = new EventBlocks((block) => collector.add(block));
  const reader = new TraceReader(path, { blocks, names, counts }, { lenient });
  for (const piece of unpacked(path, chunks)) reader.feed(piece);
  reader.end();
  if (counts.hexFlags > 0 && names.kernel === undefined) {
    throw new WorkloadError(
      `${path}: its flags are bare numbers, which mean something else in each release; ` +
        "trace import --kernel RELEASE makes one of ours of it",
    );
  }
  const { lostEvents, overwrittenEvents, otherEvents } = counts;
  const events = { ...collector.columns(), tasks: names.tasks, lostEvents, overwrittenEvents, otherEvents };
  const details = detailsOf(names, blocks.clock, reader.firstUnread?.message);
  return { events, kernel: names.kernel, counts, flags: flagsReading(names), details };
}

export function detailsOf(
  names: TraceNames,
  { originSeconds }: TraceClock,
  firstUnread: string | undefined,
): TraceDetails {
  return {
    otherEvents: Object.fromEntries(names.otherEvents),
    ...(firstUnread === undefined ? {} : { firstUnread }),
    ...(originSeconds === 0 ? {} : { originSeconds }),
  };
}
