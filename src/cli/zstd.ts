/**
 * Unpacks zstd as it comes, and checks what the unpacker does not: how frames follow each other, how
 * much each says to hold, and its checksum.
 *
 * Source: RFC 8878, section 3.1 (frames, blocks, skippable frames), and its errata.
 */

import { Decompress } from "fzstd";
import xxhash, { type XXHash } from "xxhash-wasm";
import { TraceError } from "../workload/trace-error.js";
import { hasPossibleWeights } from "./zstd-weights.js";

let hashes: Awaited<ReturnType<typeof xxhash>> | undefined;

/** Loads what checksums need. To be awaited once before the first file is read. */
export async function loadZstd(): Promise<void> {
  hashes ??= await xxhash();
}

const FRAME_MAGIC = 0xfd2fb528;
/** Any of 16, the last four bits apart. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAGIC_BYTES = 4;
const SKIPPABLE_HEADER_BYTES = 8;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
const CHECKSUM_FLAG = 4;
const RLE_BLOCK = 1;
const COMPRESSED_BLOCK = 2;
/** Of a block, packed or not (RFC 8878, 3.1.1.2.4: Block_Maximum_Size). */
const MAX_BLOCK_BYTES = 2 ** 17;
/** What zstd takes without being told (zstd.h: ZSTD_WINDOWLOG_LIMIT_DEFAULT). */
const MAX_WINDOW_BYTES = 2 ** 27;

function newHash(): XXHash<bigint> {
  if (hashes === undefined) throw new Error("cli: zstd is read before loadZstd()");
  return hashes.create64();
}

/** What is at a place, and how long it is. */
interface FrameHeader {
  readonly bytes: number;
  readonly windowBytes: number;
  /** Undefined where the frame does not say. */
  readonly contentBytes: number | undefined;
  readonly hasChecksum: boolean;
  readonly dictionary: number;
}

/** A frame whose end has not come yet. */
interface OpenFrame {
  readonly header: FrameHeader;
  readonly unpacker: Decompress;
  readonly hash: XXHash<bigint>;
  /** Handed to the unpacker with the first block; empty from then on. */
  start: Uint8Array;
  unpackedBytes: number;
  hasLastBlock: boolean;
}

/** `feed` it piece by piece, then call `end`. */
export class ZstdReader {
  readonly #file: string;
  readonly #output: (bytes: Uint8Array) => void;
  /** What of the file waits for more to come, and where it lies. */
  #waiting: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #toSkip = 0;
  #frame: OpenFrame | undefined = undefined;

  /**
   * @param file name for messages
   * @param output is given what is unpacked, to keep. What belongs to a frame with a wrong checksum
   *   comes before the error does.
   */
  constructor(file: string, output: (bytes: Uint8Array) => void) {
    this.#file = file;
    this.#output = output;
  }

  /** @param chunk the next bytes of the file, which may end anywhere @throws TraceError */
  feed(chunk: Uint8Array): void {
    const bytes = this.#waiting.length === 0 ? chunk : Buffer.concat([this.#waiting, chunk]);
    let at = 0;
    for (;;) {
      const used = this.#next(bytes.subarray(at));
      if (used === 0) break;
      at += used;
      this.#offset += used;
    }
    this.#waiting = Uint8Array.from(bytes.subarray(at));
  }

  /** @throws TraceError if the file is cut short */
  end(): void {
    if (this.#waiting.length === 0 && this.#frame === undefined && this.#toSkip === 0) return;
    this.#fail("the rest of a zstd file", "its end; the file is truncated", this.#waiting.length);
  }

  /** Reads one thing, whatever comes next. @returns how long it is; 0 if not all of it is there */
  #next(bytes: Uint8Array): number {
    if (this.#toSkip > 0) {
      const skipped = Math.min(this.#toSkip, bytes.length);
      this.#toSkip -= skipped;
      return skipped;
    }
    if (this.#frame === undefined) return this.#begin(bytes);
    return this.#frame.hasLastBlock ? this.#checksum(this.#frame, bytes) : this.#block(this.#frame, bytes);
  }

  #begin(bytes: Uint8Array): number {
    if (bytes.length <= MAGIC_BYTES) return 0;
    const magic = littleEndian(bytes, 0, MAGIC_BYTES);
    if (magic - (magic % 16) === SKIPPABLE_MAGIC) {
      if (bytes.length < SKIPPABLE_HEADER_BYTES) return 0;
      this.#toSkip = littleEndian(bytes, MAGIC_BYTES, 4);
      return SKIPPABLE_HEADER_BYTES;
    }
    if (magic !== FRAME_MAGIC) this.#fail("a zstd frame", "something else; the file is damaged");
    const header = readFrameHeader(bytes);
    if (header === undefined) return 0;
    if (header.dictionary !== 0) this.#fail("a frame without a dictionary", `number ${header.dictionary}`);
    if (header.windowBytes > MAX_WINDOW_BYTES)
      this.#fail(`a window of at most ${MAX_WINDOW_BYTES} bytes`, String(header.windowBytes));
    const start = Uint8Array.from(bytes.subarray(0, header.bytes));
    // The unpacker would wait for the checksum before it lets go of a short frame.
    start[MAGIC_BYTES] = start[MAGIC_BYTES]! & ~CHECKSUM_FLAG;
    const hash = newHash();
    const frame: OpenFrame = {
      header,
      unpacker: new Decompress((unpacked) => {
        hash.update(unpacked);
        frame.unpackedBytes += unpacked.length;
        this.#output(unpacked);
      }),
      hash,
      start,
      unpackedBytes: 0,
      hasLastBlock: false,
    };
    this.#frame = frame;
    return header.bytes;
  }

  #block(frame: OpenFrame, bytes: Uint8Array): number {
    if (bytes.length < BLOCK_HEADER_BYTES) return 0;
    const blockHeader = littleEndian(bytes, 0, BLOCK_HEADER_BYTES);
    const size = Math.floor(blockHeader / 8);
    const type = Math.floor(blockHeader / 2) % 4;
    if (size > MAX_BLOCK_BYTES) this.#fail("a zstd block of a possible size", `${size} bytes`);
    const used = BLOCK_HEADER_BYTES + (type === RLE_BLOCK ? 1 : size);
    if (bytes.length < used) return 0;
    if (type === COMPRESSED_BLOCK && !hasPossibleWeights(bytes.subarray(BLOCK_HEADER_BYTES, used)))
      this.#fail("a zstd block", "a damaged one (too many Huffman weights)");
    const block = Buffer.concat([frame.start, bytes.subarray(0, used)]);
    frame.start = new Uint8Array(0);
    frame.hasLastBlock = blockHeader % 2 === 1;
    try {
      frame.unpacker.push(block, frame.hasLastBlock);
    } catch (error) {
      this.#fail("a zstd block", `a damaged one (${error instanceof Error ? error.message : String(error)})`);
    }
    if (frame.hasLastBlock) this.#checkSize(frame);
    return used;
  }

  #checkSize({ header, unpackedBytes }: OpenFrame): void {
    if (header.contentBytes !== undefined && header.contentBytes !== unpackedBytes)
      this.#fail(`a frame of ${header.contentBytes} bytes`, `${unpackedBytes}; the file is damaged`);
    if (!header.hasChecksum) this.#frame = undefined;
  }

  #checksum({ hash }: OpenFrame, bytes: Uint8Array): number {
    if (bytes.length < CHECKSUM_BYTES) return 0;
    const stored = littleEndian(bytes, 0, CHECKSUM_BYTES);
    const computed = Number(hash.digest() % 2n ** 32n);
    if (stored !== computed)
      this.#fail(`the checksum ${hex(computed)} of what was unpacked`, `${hex(stored)}; the file is damaged`);
    this.#frame = undefined;
    return CHECKSUM_BYTES;
  }

  #fail(expected: string, found: string, behind = 0): never {
    throw new TraceError(this.#file, { offset: this.#offset + behind }, expected, found);
  }
}

/** RFC 8878, 3.1.1.1. @param bytes more than the magic @returns undefined if not all of it is there */
function readFrameHeader(bytes: Uint8Array): FrameHeader | undefined {
  const descriptor = bytes[MAGIC_BYTES]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentLength = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const dictionaryLength = [0, 1, 2, 4][descriptor & 3]!;
  const windowAt = MAGIC_BYTES + 1;
  const dictionaryAt = windowAt + (isSingleSegment ? 0 : 1);
  const contentAt = dictionaryAt + dictionaryLength;
  const headerBytes = contentAt + contentLength;
  if (bytes.length < headerBytes) return undefined;
  const content = littleEndian(bytes, contentAt, contentLength) + (contentLength === 2 ? 256 : 0);
  return {
    bytes: headerBytes,
    windowBytes: isSingleSegment ? content : windowSize(bytes[windowAt]!),
    contentBytes: contentLength === 0 ? undefined : content,
    hasChecksum: (descriptor & CHECKSUM_FLAG) !== 0,
    dictionary: littleEndian(bytes, dictionaryAt, dictionaryLength),
  };
}

/** RFC 8878, 3.1.1.1.2: Window_Descriptor. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function littleEndian(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let index = length - 1; index >= 0; index--) value = value * 256 + bytes[at + index]!;
  return value;
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
