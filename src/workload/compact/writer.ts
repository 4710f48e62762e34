import type { EventBlock } from "../event-blocks.js";
import { BLOCK_COLUMNS, EVENT_COLUMNS } from "../events.js";
import type { TraceCounts } from "../trace-counts.js";
import type { TraceNames } from "../trace-names.js";
import {
  BLOCK_HEADER_BYTES,
  BlockType,
  COMPACT_MAGIC,
  COMPACT_VERSION,
  type CompactClock,
  type CompactEnd,
  type CompactMetadata,
  checksum,
  columnsBytes,
  EVENTS_BYTES_MAX,
  FILE_HEADER_BYTES,
  NAMES_MAX,
  padded,
  requireLittleEndian,
} from "./format.js";

const encoder = new TextEncoder();

export class CompactWriter {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #names: TraceNames;
  readonly #block = new Uint8Array(BLOCK_HEADER_BYTES + EVENTS_BYTES_MAX);
  /** Events written so far. */
  events = 0;
  #tasks = 0;
  #callers = 0;

  /**
   * @param names of the tasks and callers in the events; it may grow while they are written
   * @param write is given bytes that it must not keep
   */
  constructor(names: TraceNames, write: (bytes: Uint8Array) => void) {
    requireLittleEndian();
    this.#names = names;
    this.#write = write;
    const header = new Uint8Array(FILE_HEADER_BYTES);
    header.set(Array.from(COMPACT_MAGIC, (character) => character.charCodeAt(0)));
    new DataView(header.buffer).setUint32(COMPACT_MAGIC.length, COMPACT_VERSION, true);
    write(header);
  }

  /** Writes a block of events, and before it the names that are new. */
  add(block: EventBlock): void {
    const { count, hasCallers, originSeconds } = block;
    if (this.events === 0 && originSeconds !== 0) {
      const clock: CompactClock = { originSeconds };
      this.#text(BlockType.clock, clock, 1);
    }
    this.#writeNames();
    this.events += count;
    const bytes = this.#block;
    let at = BLOCK_HEADER_BYTES;
    for (const name of Object.keys(hasCallers ? BLOCK_COLUMNS : EVENT_COLUMNS)) {
      const column = block[name as keyof typeof BLOCK_COLUMNS];
      const length = count * column.BYTES_PER_ELEMENT;
      bytes.set(new Uint8Array(column.buffer, column.byteOffset, length), at);
      at += length;
    }
    const payloadBytes = padded(columnsBytes(count, hasCallers));
    bytes.fill(0, at, BLOCK_HEADER_BYTES + payloadBytes);
    this.#seal(bytes, hasCallers ? BlockType.eventsWithCallers : BlockType.events, payloadBytes, count);
  }

  /** Writes what is known at the end. To be called once. */
  end(metadata: CompactMetadata, counts: TraceCounts): void {
    this.#writeNames();
    this.#text(BlockType.metadata, metadata, 1);
    const end: CompactEnd = { events: this.events, counts, gfpTexts: [...this.#names.gfpTexts] };
    this.#text(BlockType.end, end, 1);
  }

  #writeNames(): void {
    const { tasks, callers } = this.#names;
    for (; this.#tasks < tasks.length; this.#tasks += NAMES_MAX) {
      const some = tasks.slice(this.#tasks, this.#tasks + NAMES_MAX).map(({ comm, pid }) => [comm, pid]);
      this.#text(BlockType.tasks, some, some.length);
    }
    for (; this.#callers < callers.length; this.#callers += NAMES_MAX) {
      const some = callers.slice(this.#callers, this.#callers + NAMES_MAX);
      this.#text(BlockType.callers, some, some.length);
    }
    this.#tasks = tasks.length;
    this.#callers = callers.length;
  }

  #text(type: number, value: unknown, count: number): void {
    const text = encoder.encode(JSON.stringify(value));
    const payloadBytes = padded(text.length);
    const bytes = new Uint8Array(BLOCK_HEADER_BYTES + payloadBytes).fill(0x20);
    bytes.set(text, BLOCK_HEADER_BYTES);
    this.#seal(bytes, type, payloadBytes, count);
  }

  /** Puts the header before a payload that is in its place, and writes both. */
  #seal(bytes: Uint8Array, type: number, payloadBytes: number, count: number): void {
    const words = new Int32Array(bytes.buffer, BLOCK_HEADER_BYTES, payloadBytes / 4);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, type, true);
    view.setUint32(4, payloadBytes, true);
    view.setUint32(8, count, true);
    view.setUint32(12, checksum(type, payloadBytes, count, words), true);
    this.#write(bytes.subarray(0, BLOCK_HEADER_BYTES + payloadBytes));
  }
}
