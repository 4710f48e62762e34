/** Reads trace files of any format, packed or not, event by event. */

import { formatBytes } from "../units.js";
import { type EventBlock, EventBlocks } from "../workload/event-blocks.js";
import { TraceReader } from "../workload/readers/trace-reader.js";
import { TraceLineError } from "../workload/trace-error.js";
import { flagsReading, newTraceCounts, TraceNames } from "../workload/trace-names.js";
import { detailsOf, type TraceFile } from "../workload-files/read-events.js";
import { STDIN_PATH } from "./arguments.js";
import { type InputPosition, inputName, inputPosition, readInputChunks } from "./input-file.js";
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

export function readText(name: string, { bytes, totalBytes }: InputPosition, events: number): string {
  const of = totalBytes === undefined ? "" : ` of ${formatBytes(totalBytes)}`;
  return `${name}: ${formatBytes(bytes)}${of} read, ${(events / 1e6).toFixed(1)} M events`;
}

/** An error about a line that cannot be read, with the flag that leaves such lines out; any other one as it is. */
export function withLenientHint(error: unknown): unknown {
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
