/**
 * The project's own trace files, and how they are written: the columns of the events, in blocks with a
 * checksum each. Written down for others in workloads/FORMAT.md.
 */

import { z } from "zod";
import type { EventBlock } from "../event-blocks.js";
import {
  COUNT_MAX,
  NAME_CHARACTERS_MAX,
  newTraceCounts,
  type TraceCounts,
  type TraceNames,
} from "../trace-names.js";
import { columnsBytesMax, padded } from "./event-columns.js";
import { EventEncoder } from "./event-encoder.js";

/** First bytes of a file. They are not text, and copying them as text damages them. */
export const COMPACT_MAGIC = "\x89UATRC\r\n";
/** The version that is written. */
export const COMPACT_VERSION = 2;
/** Magic, version and an unused word. */
export const FILE_HEADER_BYTES = 16;
/** Type, payload bytes, count and checksum. */
export const BLOCK_HEADER_BYTES = 16;
/** Far above what names and counts of a real trace need. */
export const TEXT_BYTES_MAX: number = 2 ** 25;
/** Names in a block of them, so that even such with nothing but escapes in JSON stay below `TEXT_BYTES_MAX`. */
const NAMES_MAX: number = 2 ** 13;

type BlockTypeName = "metadata" | "clock" | "tasks" | "callers" | "events" | "end";

/** Types of blocks, as the four characters that begin them. */
export const BlockType: Readonly<Record<BlockTypeName, number>> = {
  metadata: fourCharacters("META"),
  /** CompactClock; before the events of a trace whose times are not counted from 0. */
  clock: fourCharacters("CLCK"),
  /** Tasks that no block before named: `[[comm, pid], ...]`. */
  tasks: fourCharacters("TASK"),
  /** Callers that no block before named: `[name, ...]`. */
  callers: fourCharacters("CALL"),
  /** See event-columns.ts. */
  events: fourCharacters("COLS"),
  /** CompactEnd. Nothing follows. */
  end: fourCharacters("DONE"),
};

export interface CompactMetadata {
  /** Version of the kernel that was traced, where it is known. */
  readonly kernel?: string | undefined;
  /** Clock of the times, as tracefs names it, where it is known. */
  readonly clock?: string | undefined;
  readonly source: readonly string[];
}

interface CompactClock {
  /** Second of the recorded clock. */
  readonly originSeconds: number;
}

/** Known when all events have been written. */
interface CompactEnd {
  readonly events: number;
  readonly counts: TraceCounts;
  /** Flags as the trace wrote them, with the bits they were read as. */
  readonly gfpTexts: readonly (readonly [text: string, flags: number])[];
}

/** FNV-1a over 32-bit words instead of bytes: of the words of a block's header, then of its payload. */
export function checksum(type: number, payloadBytes: number, count: number, payload: Int32Array): number {
  let hash = 0x811c9dc5;
  hash = Math.imul(hash ^ type, 0x01000193);
  hash = Math.imul(hash ^ payloadBytes, 0x01000193);
  hash = Math.imul(hash ^ count, 0x01000193);
  for (let i = 0; i < payload.length; i++) hash = Math.imul(hash ^ payload[i]!, 0x01000193);
  return hash >>> 0;
}

/** Checksums are taken over words as the machine has them, and the columns of version 1 are read so. */
export function requireLittleEndian(): void {
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) {
    throw new Error("workload: compact traces need a little-endian machine");
  }
}

export function fourCharacters(text: string): number {
  return new DataView(new TextEncoder().encode(text).buffer).getUint32(0, true);
}

const text: z.ZodType<string> = z.string();
const count: z.ZodType<number> = z.int().min(0);
/** Half of a pair of UTF-16 cannot be written as UTF-8. */
const name: z.ZodType<string> = z
  .string()
  .max(NAME_CHARACTERS_MAX)
  .refine((value) => !/\p{Surrogate}/u.test(value));
const counts = z.strictObject(
  Object.fromEntries(
    Object.keys(newTraceCounts()).map((key) => [key, z.int().min(0).max(COUNT_MAX).default(0)]),
  ),
) as unknown as z.ZodType<TraceCounts>;

export const METADATA: z.ZodType<CompactMetadata> = z.object({
  kernel: text.exactOptional(),
  clock: text.exactOptional(),
  source: z.array(text),
});
export const CLOCK: z.ZodType<CompactClock> = z.object({ originSeconds: count });
export const TASKS: z.ZodType<readonly (readonly [comm: string, pid: number])[]> = z.array(
  z.tuple([name, count]),
);
export const CALLERS: z.ZodType<readonly string[]> = z.array(name);
export const END: z.ZodType<CompactEnd> = z.object({
  events: count,
  counts,
  gfpTexts: z.array(z.tuple([text, count])),
});

const encoder = new TextEncoder();

export class CompactWriter {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #names: TraceNames;
  readonly #encoder = new EventEncoder();
  #block = new Uint8Array(0);
  events = 0;
  #tasks = 0;
  #callers = 0;

  /** @param write is given bytes that it must not keep; names may be added while it writes */
  constructor(names: TraceNames, write: (bytes: Uint8Array) => void) {
    requireLittleEndian();
    this.#names = names;
    this.#write = write;
    const header = new Uint8Array(FILE_HEADER_BYTES);
    header.set(Array.from(COMPACT_MAGIC, (character) => character.charCodeAt(0)));
    new DataView(header.buffer).setUint32(COMPACT_MAGIC.length, COMPACT_VERSION, true);
    write(header);
  }

  add(block: EventBlock): void {
    const { count, originSeconds } = block;
    if (this.events === 0 && originSeconds !== 0) {
      this.#text(BlockType.clock, { originSeconds } satisfies CompactClock, 1);
    }
    this.#writeNames();
    this.events += count;
    const bytesMax = BLOCK_HEADER_BYTES + columnsBytesMax(count);
    if (bytesMax > this.#block.length) this.#block = new Uint8Array(bytesMax);
    const payloadBytes = this.#encoder.encode(block, this.#block, BLOCK_HEADER_BYTES);
    this.#seal(this.#block, BlockType.events, payloadBytes, count);
  }

  /** Writes the final block. To be called once. */
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
