/** Reads trace files of any format, packed or not: event by event, or all events at once to replay them. */

import { basename } from "node:path";
import type { TraceDetails } from "../report/trace-import.js";
import { formatBytes } from "../units.js";
import { type EventBlock, EventBlocks, EventCollector, type TraceClock } from "../workload/event-blocks.js";
import type { PageEvents } from "../workload/events.js";
import { TraceReader } from "../workload/readers/trace-reader.js";
import { TraceLineError } from "../workload/trace-error.js";
import {
  type FlagsReading,
  flagsReading,
  newTraceCounts,
  type TraceCounts,
  TraceNames,
} from "../workload/trace-names.js";
import { STDIN_PATH } from "./arguments.js";
import { type InputPosition, inputName, inputPosition, readInputChunks, unpacked } from "./input-file.js";
import type { CliIo } from "./io.js";
import { Progress } from "./progress.js";
import { UsageError } from "./usage-error.js";

export interface ReadTrace extends Pick<TraceFile, "counts" | "flags" | "details"> {
  readonly formats: readonly string[];
  readonly names: TraceNames;
  /** The file's own description, if it is one of ours. */
  readonly metadata: TraceReader["metadata"];
}

export interface ReadTraceOptions {
  readonly quiet: boolean;
  /** Lines of texts that cannot be read are left out and counted. */
  readonly lenient: boolean;
  /** The kernel that was traced, if it is given: the name of a release. */
  readonly kernel: string | undefined;
}

export interface TraceUser {
  /** Given a block; must not keep it. */
  add(block: EventBlock): void;
  /** Called now and then between blocks, to let other tasks run. */
  rest?(): Promise<void>;
}

/**
 * Reads files one after the other as parts of one trace.
 *
 * @param paths of files, or `STDIN_PATH`
 * @param use makes the user of the events, given names that grow as they are read
 * @throws UsageError or TraceError for a file that cannot be read, and for parts that overlap
 */
export async function readTraces(
  paths: readonly string[],
  use: (names: TraceNames) => TraceUser,
  { stderr, interrupted }: CliIo,
  { quiet, lenient, kernel }: ReadTraceOptions,
): Promise<ReadTrace> {
  if (paths.filter((path) => path === STDIN_PATH).length > 1)
    throw new UsageError("stdin can be read only once");
  const names = new TraceNames(kernel);
  const counts = newTraceCounts();
  const user = use(names);
  const order = new PartOrder();
  let events = 0;
  const blocks = new EventBlocks((block) => {
    order.check(block);
    events += block.count;
    user.add(block);
  });
  const positions = paths.map(inputPosition);
  const progress = quiet ? undefined : new Progress(stderr);
  const formats: string[] = [];
  let metadata: TraceReader["metadata"];
  let firstUnread: string | undefined;
  try {
    for (const [index, path] of paths.entries()) {
      const name = inputName(path);
      const reader = new TraceReader(name, { blocks, names, counts }, { lenient });
      order.begin(name);
      for await (const chunk of readInputChunks(path, positions[index]!, interrupted)) {
        reader.feed(chunk);
        await user.rest?.();
        progress?.update(() => readText(name, positions[index]!, events));
      }
      reader.end();
      await user.rest?.();
      formats.push(reader.format!);
      metadata = reader.metadata;
      firstUnread ??= reader.firstUnread?.message;
    }
    interrupted.throwIfAborted();
  } catch (error) {
    throw withLenientHint(error);
  } finally {
    progress?.stop();
  }
  if (kernel !== undefined && counts.hexFlags > 0 && formats.includes("compact")) {
    throw new UsageError(
      `--kernel ${kernel}: numbers of flags were read when the trace was imported, not now`,
    );
  }
  const details = detailsOf(names, blocks.clock, firstUnread);
  return { formats, counts, names, flags: flagsReading(names), metadata, details };
}

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
 * @param chunks of the file as stored
 * @param kernel that was traced, if it is known from elsewhere
 * @param lenient whether lines of a text that cannot be read are left out; undefined where it is not an option
 * @throws TraceError for a packed file that is damaged, and for one that is not a trace; UsageError for
 *   one with ambiguous flags
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
  try {
    for (const piece of unpacked(path, chunks)) reader.feed(piece);
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

export function workloadName(path: string): string {
  return basename(path).replace(/(?:\.(?:gz|zst|trace|txt))+$/, "");
}

export function readText(name: string, { bytes, totalBytes }: InputPosition, events: number): string {
  const of = totalBytes === undefined ? "" : ` of ${formatBytes(totalBytes)}`;
  return `${name}: ${formatBytes(bytes)}${of} read, ${(events / 1e6).toFixed(1)} M events`;
}

function detailsOf(
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

function withLenientHint(error: unknown): unknown {
  if (!(error instanceof TraceLineError)) return error;
  return new UsageError(error.advised("--lenient leaves such lines out"));
}

class PartOrder {
  #before = "";
  #now = "";
  #lastNs = Number.NEGATIVE_INFINITY;
  #isNew = false;

  begin(name: string): void {
    this.#before = this.#now;
    this.#now = name;
    this.#isNew = true;
  }

  check({ count, timeNs }: EventBlock): void {
    if (this.#isNew && timeNs[0]! < this.#lastNs) {
      throw new UsageError(
        `${this.#now}: begins before ${this.#before} ends; give the parts of a trace in the order of time`,
      );
    }
    this.#isNew = false;
    this.#lastNs = timeNs[count - 1]!;
  }
}
