import type { z } from "zod";
import { BLOCK_EVENTS } from "../event-blocks.js";
import type { EventReader, TraceOutput } from "../readers/text-reader.js";
import { TraceError } from "../trace-error.js";
import { COUNT_MAX, type TraceCounts } from "../trace-names.js";
import { columnsBytesMax } from "./event-columns.js";
import { EventDecoder } from "./event-decoder.js";
import {
  BLOCK_HEADER_BYTES,
  BlockType,
  CALLERS,
  CLOCK,
  COMPACT_VERSION,
  type CompactMetadata,
  checksum,
  END,
  FILE_HEADER_BYTES,
  METADATA,
  requireLittleEndian,
  TASKS,
  TEXT_BYTES_MAX,
} from "./format.js";
import { EventsType, eventsOf, payloadBytesOf } from "./version-1.js";

/** Types of blocks by version. */
const TYPES: ReadonlyMap<number, readonly number[]> = new Map([
  [
    1,
    [...Object.values(BlockType).filter((type) => type !== BlockType.events), ...Object.values(EventsType)],
  ],
  [COMPACT_VERSION, Object.values(BlockType)],
]);
/** Those that hold events. */
const EVENT_TYPES: readonly number[] = [BlockType.events, ...Object.values(EventsType)];
const decoder = new TextDecoder("utf-8", { fatal: true });

interface BlockHeader {
  readonly type: number;
  readonly payloadBytes: number;
  readonly count: number;
  readonly checksum: number;
}

/** Reads a compact trace of any version. */
export class CompactReader implements EventReader {
  readonly format = "compact";
  /** The trace's own statement of its source, which comes near its end. */
  metadata: CompactMetadata | undefined = undefined;
  readonly #file: string;
  readonly #output: TraceOutput;
  /** The part being filled: the header of the file, of a block, or a payload. */
  #target: Uint8Array = new Uint8Array(FILE_HEADER_BYTES);
  #filled = 0;
  /** Offset of the target in the file. */
  #offset = 0;
  #header: BlockHeader | undefined = undefined;
  #payload = new Uint8Array(0);
  /** What may follow; nothing before the header of the file is known. */
  #types: readonly number[] | undefined = undefined;
  readonly #decoder = new EventDecoder();
  #hasEnded = false;
  #events = 0;
  #originSeconds = 0;
  /** Numbers of this file's tasks and callers among those of the output. */
  readonly #tasks: number[] = [];
  readonly #callers: number[] = [0];

  constructor(file: string, output: TraceOutput) {
    requireLittleEndian();
    this.#file = file;
    this.#output = output;
  }

  /** @throws TraceError where the file is damaged or of another version */
  feed(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#hasEnded) this.#fail(this.#offset, "the end of the file", "more bytes");
      const part = Math.min(this.#target.length - this.#filled, chunk.length - at);
      this.#target.set(chunk.subarray(at, at + part), this.#filled);
      this.#filled += part;
      at += part;
      if (this.#filled === this.#target.length) this.#complete();
    }
  }

  /** @throws TraceError where the file is cut short */
  end(): void {
    if (!this.#hasEnded) {
      const expected = this.#header === undefined ? "the next block" : "the rest of a block";
      this.#fail(this.#offset + this.#filled, expected, "the end of the file; the trace is truncated");
    }
  }

  #complete(): void {
    const done = this.#target;
    const offset = this.#offset;
    this.#offset += done.length;
    this.#filled = 0;
    const header = this.#header;
    if (header !== undefined) {
      this.#header = undefined;
      this.#block(header, offset);
      this.#target = new Uint8Array(BLOCK_HEADER_BYTES);
    } else if (this.#types === undefined) {
      this.#startFile(new DataView(done.buffer));
      this.#target = new Uint8Array(BLOCK_HEADER_BYTES);
    } else {
      this.#startBlock(done, offset);
    }
  }

  #startFile(header: DataView): void {
    const version = header.getUint32(8, true);
    this.#types = TYPES.get(version);
    if (this.#types === undefined) {
      this.#fail(8, `version ${[...TYPES.keys()].join(" or ")}`, `version ${version}`);
    }
    // Version 1 says nothing of the word that is not used.
    if (version > 1 && header.getUint32(12, true) !== 0) this.#fail(12, "0", "something else");
  }

  #startBlock(bytes: Uint8Array, offset: number): void {
    const view = new DataView(bytes.buffer);
    const type = view.getUint32(0, true);
    const payloadBytes = view.getUint32(4, true);
    const count = view.getUint32(8, true);
    if (!this.#types!.includes(type)) this.#fail(offset, "a block", "something else; the file is damaged");
    const isEvents = EVENT_TYPES.includes(type);
    if (!(isEvents ? isEventsSize(type, payloadBytes, count) : isTextSize(payloadBytes)))
      this.#fail(offset, "a block of a possible size", `${payloadBytes} bytes; the file is damaged`);
    this.#header = { type, payloadBytes, count, checksum: view.getUint32(12, true) };
    // Events begin at a multiple of 8 in memory that is used again and again.
    if (isEvents && payloadBytes > this.#payload.length) this.#payload = new Uint8Array(payloadBytes);
    this.#target = isEvents ? this.#payload.subarray(0, payloadBytes) : new Uint8Array(payloadBytes);
  }

  #block({ type, payloadBytes, count, checksum: expected }: BlockHeader, offset: number): void {
    const payload = this.#target;
    const words = new Int32Array(payload.buffer, 0, payloadBytes / 4);
    if (checksum(type, payloadBytes, count, words) !== expected) {
      const start = offset - BLOCK_HEADER_BYTES;
      this.#fail(start, "a block that its checksum fits", "another checksum; the file is damaged");
    }
    if (!EVENT_TYPES.includes(type)) {
      this.#text(type, payload, offset);
      return;
    }
    const numbers = { tasks: this.#tasks, callers: this.#callers };
    const origin = this.#origin(offset);
    const block =
      type === BlockType.events
        ? this.#decoder.decode(payload, count, origin, numbers)
        : eventsOf(type, payload, count, origin, numbers);
    if (typeof block === "string") this.#fail(offset, `events with a possible ${block}`, `another ${block}`);
    this.#events += count;
    this.#output.blocks.pass(block);
  }

  #text(type: number, payload: Uint8Array, offset: number): void {
    const { names, counts } = this.#output;
    const value = this.#json(payload, offset);
    const valid = <T>(schema: z.ZodType<T>, what: string): T => {
      const { success, data } = schema.safeParse(value);
      return success ? data : this.#fail(offset, what, "something else");
    };
    if (type === BlockType.metadata) {
      this.metadata = valid(METADATA, "the origin of the trace");
      if (this.metadata.kernel !== undefined) this.#output.names.tellKernel(this.metadata.kernel);
    } else if (type === BlockType.clock) {
      this.#originSeconds = valid(CLOCK, "the origin of times").originSeconds;
    } else if (type === BlockType.tasks) {
      for (const [comm, pid] of valid(TASKS, "a list of tasks")) {
        this.#tasks.push(names.task(comm, pid));
      }
    } else if (type === BlockType.callers) {
      for (const name of valid(CALLERS, "a list of callers")) {
        this.#callers.push(names.caller(name));
      }
    } else {
      const end = valid(END, "the counts of the trace");
      if (end.events !== this.#events) {
        this.#fail(offset, `${end.events} events`, `${this.#events}; a block is missing`);
      }
      if (this.metadata === undefined) {
        this.#fail(offset, "the origin of the trace before its end", "none; a block is missing");
      }
      for (const [name, count] of Object.entries(end.counts)) {
        const sum = counts[name as keyof TraceCounts] + count;
        if (sum > COUNT_MAX) this.#fail(offset, `at most ${COUNT_MAX} events that are counted`, String(sum));
        counts[name as keyof TraceCounts] = sum;
      }
      for (const [text, flags] of end.gfpTexts) names.noteGfp(text, flags);
      this.#hasEnded = true;
    }
  }

  #origin(offset: number): number {
    const { clock } = this.#output.blocks;
    if (!clock.begin(this.#originSeconds)) {
      const expected = `times counted from second ${clock.originSeconds}, as those before`;
      this.#fail(offset, expected, `second ${this.#originSeconds}`);
    }
    return clock.originSeconds;
  }

  #json(payload: Uint8Array, offset: number): unknown {
    try {
      return JSON.parse(decoder.decode(payload));
    } catch {
      return this.#fail(offset, "JSON", "something else");
    }
  }

  #fail(offset: number, expected: string, found: string): never {
    throw new TraceError(this.#file, { offset }, expected, found);
  }
}

function isEventsSize(type: number, payloadBytes: number, count: number): boolean {
  if (count === 0 || count > BLOCK_EVENTS) return false;
  return type === BlockType.events
    ? payloadBytes % 8 === 0 && payloadBytes <= columnsBytesMax(count)
    : payloadBytes === payloadBytesOf(type, count);
}

function isTextSize(payloadBytes: number): boolean {
  return payloadBytes > 0 && payloadBytes % 8 === 0 && payloadBytes <= TEXT_BYTES_MAX;
}
