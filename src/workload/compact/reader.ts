import type { z } from "zod";
import { columnsIn } from "../../columns.js";
import { BLOCK_EVENTS, type EventBlock } from "../event-blocks.js";
import { BLOCK_COLUMNS, EVENT_COLUMNS, PageEventKind, TRACED_ORDER_MAX } from "../events.js";
import type { EventReader, TraceOutput } from "../readers/text-reader.js";
import { TraceError } from "../trace-error.js";
import { COUNT_MAX, type TraceCounts } from "../trace-names.js";
import {
  BLOCK_HEADER_BYTES,
  BlockType,
  CALLERS,
  CLOCK,
  COMPACT_VERSION,
  type CompactMetadata,
  checksum,
  columnsBytes,
  END,
  EVENTS_BYTES_MAX,
  FILE_HEADER_BYTES,
  METADATA,
  padded,
  requireLittleEndian,
  TASKS,
  TEXT_BYTES_MAX,
} from "./format.js";

const LAST_KIND: number = PageEventKind.extfrag;
/** Largest detail by kind; see workloads/FORMAT.md. */
const DETAIL_MAX: readonly number[] = [0xffffffff, 0, 0, 0xff, 0, 0xffffff];
const NO_CALLERS: Uint32Array = new Uint32Array(BLOCK_EVENTS);
const decoder = new TextDecoder("utf-8", { fatal: true });

interface BlockHeader {
  readonly type: number;
  readonly payloadBytes: number;
  readonly count: number;
  readonly checksum: number;
}

/** Reads a compact trace. Columns are not copied but looked at where they were read to. */
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
  #hasFileHeader = false;
  #hasEnded = false;
  #events = 0;
  #originSeconds = 0;
  /** Numbers of this file's tasks and callers among those of the output. */
  readonly #tasks: number[] = [];
  readonly #callers: number[] = [0];
  /** Whether they are the same numbers. */
  #sameNumbers = true;

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
    } else if (!this.#hasFileHeader) {
      this.#hasFileHeader = true;
      const version = new DataView(done.buffer).getUint32(8, true);
      if (version !== COMPACT_VERSION) this.#fail(8, `version ${COMPACT_VERSION}`, `version ${version}`);
      this.#target = new Uint8Array(BLOCK_HEADER_BYTES);
    } else {
      this.#startBlock(done, offset);
    }
  }

  #startBlock(bytes: Uint8Array, offset: number): void {
    const view = new DataView(bytes.buffer);
    const type = view.getUint32(0, true);
    const payloadBytes = view.getUint32(4, true);
    const count = view.getUint32(8, true);
    const isEvents = type === BlockType.events || type === BlockType.eventsWithCallers;
    if (!Object.values(BlockType).includes(type)) {
      this.#fail(offset, "a block", "something else; the file is damaged");
    }
    const expected = padded(columnsBytes(count, type === BlockType.eventsWithCallers));
    const isSane = isEvents
      ? count > 0 && count <= BLOCK_EVENTS && payloadBytes === expected
      : payloadBytes > 0 && payloadBytes % 8 === 0 && payloadBytes <= TEXT_BYTES_MAX;
    if (!isSane)
      this.#fail(offset, "a block of a possible size", `${payloadBytes} bytes; the file is damaged`);
    this.#header = { type, payloadBytes, count, checksum: view.getUint32(12, true) };
    // Views of columns begin at multiples of 8 in memory that is used again and again.
    if (isEvents && this.#payload.length === 0) this.#payload = new Uint8Array(EVENTS_BYTES_MAX);
    this.#target = isEvents ? this.#payload.subarray(0, payloadBytes) : new Uint8Array(payloadBytes);
  }

  #block(header: BlockHeader, offset: number): void {
    const { type, payloadBytes, count } = header;
    const payload = this.#target;
    const words = new Int32Array(payload.buffer, 0, payloadBytes / 4);
    if (checksum(type, payloadBytes, count, words) !== header.checksum) {
      const start = offset - BLOCK_HEADER_BYTES;
      this.#fail(start, "a block that its checksum fits", "another checksum; the file is damaged");
    }
    if (type === BlockType.events || type === BlockType.eventsWithCallers) {
      this.#passEvents(payload.buffer as ArrayBuffer, count, type === BlockType.eventsWithCallers, offset);
    } else {
      this.#text(type, payload, offset);
    }
  }

  #passEvents(buffer: ArrayBuffer, count: number, hasCallers: boolean, offset: number): void {
    const columns = hasCallers
      ? columnsIn(BLOCK_COLUMNS, buffer, count)
      : { ...columnsIn(EVENT_COLUMNS, buffer, count), caller: NO_CALLERS };
    const block: EventBlock = { ...columns, count, hasCallers, originSeconds: this.#origin(offset) };
    const fault = faultOf(block, this.#tasks.length, this.#callers.length);
    if (fault !== undefined) this.#fail(offset, `events with a possible ${fault}`, `another ${fault}`);
    if (!this.#sameNumbers) {
      const { task, caller } = block;
      for (let i = 0; i < count; i++) task[i] = this.#tasks[task[i]!]!;
      if (hasCallers) for (let i = 0; i < count; i++) caller[i] = this.#callers[caller[i]!]!;
    }
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
        const number = names.task(comm, pid);
        if (this.#tasks.push(number) !== number + 1) this.#sameNumbers = false;
      }
    } else if (type === BlockType.callers) {
      for (const name of valid(CALLERS, "a list of callers")) {
        const number = names.caller(name);
        if (this.#callers.push(number) !== number + 1) this.#sameNumbers = false;
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

function isExact(value: number): boolean {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value;
}

function faultOf(block: EventBlock, tasks: number, callers: number): string | undefined {
  const { count, kind, order, migrateType, task, timeNs, pfn, detail, caller, hasCallers } = block;
  for (let i = 0; i < count; i++) {
    if (kind[i]! > LAST_KIND) return "kind";
    if (order[i]! > (kind[i] === PageEventKind.freeBatched ? 0 : TRACED_ORDER_MAX)) return "order";
    if (migrateType[i] !== 0 && (kind[i] === PageEventKind.free || kind[i] === PageEventKind.freeBatched))
      return "migrate type";
    if (task[i]! >= tasks) return "task";
    if (hasCallers && caller[i]! >= callers) return "caller";
    if (!isExact(timeNs[i]!)) return "time";
    if (!isExact(pfn[i]!) || pfn[i]! % (1 << order[i]!) !== 0) return "page frame number";
    if (detail[i]! > DETAIL_MAX[kind[i]!]!) return "detail";
  }
  return undefined;
}
