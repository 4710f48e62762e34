/** What must hold of any input of the trace readers, however damaged. */

import * as assert from "uvu/assert";
import {
  BLOCK_HEADER_BYTES,
  CompactWriter,
  checksum,
  FILE_HEADER_BYTES,
} from "../../src/workload/compact/format.js";
import { EventBlocks } from "../../src/workload/event-blocks.js";
import { detectFormat } from "../../src/workload/readers/detect.js";
import { TextReader } from "../../src/workload/readers/text-reader.js";
import { TraceReader } from "../../src/workload/readers/trace-reader.js";
import { TraceError } from "../../src/workload/trace-error.js";
import { newTraceCounts, TraceNames } from "../../src/workload/trace-names.js";
import {
  TRACEFS_HEADER,
  TracefsPrinter,
  tracefsTrailer,
  UnprintableName,
} from "../../src/workload/tracefs-text.js";
import { unpackerOf } from "../../src/workload-files/unpack.js";
import { EventList, readWhole } from "../workload/readers/traces.js";
import { type Choices, mutated } from "./mutate.js";
import type { ReaderSeed } from "./reader-seeds.js";

/** Inputs have some dozen events; blocks for many more would take longer to make than to fill. */
const ROOM = 1024;
const LONGEST_MS = 2000;
const ONE_LINE = /^x:(?:\d+:\d+| byte \d+): expected [^\n]+, found [^\n]+$/;
/** Longer than any line that is read fast, so that all lines before it can be. */
const BLANK_LINES: Uint8Array = new Uint8Array(400).fill(0x0a);

/** What became of an input. */
export type Outcome = "refused" | "read" | "not printable";

/** Input number `input` of a campaign. */
export function fuzzedInput(
  seeds: readonly ReaderSeed[],
  choices: Choices,
): { name: string; bytes: Uint8Array } {
  const { name, bytes, isText } = choices.oneOf(seeds);
  const others = seeds.filter((seed) => seed.isText).map((seed) => seed.bytes);
  const changed = mutated(bytes, isText ? others : [bytes], choices);
  const isCompact = Buffer.from(bytes.subarray(1, 6)).toString() === "UATRC";
  // Otherwise the checksum alone would be tested.
  return { name, bytes: isCompact && choices.below(4) > 0 ? withChecksums(changed) : changed };
}

/** @throws anything but what an input may lead to, an AssertionError or worse */
export function checkReaders(bytes: Uint8Array, choices: Choices): Outcome {
  const begin = performance.now();
  const whole = attempt((sink) => readThrough(bytes, bytes.length, sink));
  if (performance.now() - begin > LONGEST_MS) checkTime(bytes);
  const pieceBytes = 1 + choices.below(choices.below(2) === 0 ? 20 : 2000);
  assert.equal(
    attempt((sink) => readThrough(bytes, pieceBytes, sink)),
    whole,
    `in pieces of ${pieceBytes} bytes`,
  );
  checkPaths(bytes);
  if (typeof whole === "string") return "refused";
  for (const { timeNs, pfn } of whole.list)
    assert.ok(Number.isSafeInteger(timeNs) && Number.isSafeInteger(pfn));
  assert.equal(
    attempt((sink) => sink.take(compactOf(bytes))),
    whole,
    "as a compact trace",
  );
  return checkText(bytes, whole);
}

/** Slow by the clock on the wall may be the fault of what else the machine does. */
function checkTime(bytes: Uint8Array): void {
  const begin = process.cpuUsage();
  attempt((sink) => readThrough(bytes, bytes.length, sink));
  const took = process.cpuUsage(begin).user / 1000;
  assert.ok(took < LONGEST_MS, `took ${took} ms`);
}

/** What a reader made of an input, or its complaint. */
type Read =
  | string
  | { list: EventList["list"]; counts: ReturnType<typeof newTraceCounts>; gfpTexts: [string, number][] };

/** Where the events of one attempt go. */
class Sink {
  readonly names = new TraceNames();
  readonly counts = newTraceCounts();
  readonly events = new EventList(this.names);
  readonly blocks = new EventBlocks((block) => this.events.add(block), ROOM);

  take(plain: Uint8Array): void {
    const reader = new TraceReader("x", this);
    reader.feed(plain);
    reader.end();
  }
}

function attempt(read: (sink: Sink) => void): Read {
  const sink = new Sink();
  try {
    read(sink);
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    assert.match(error.message, ONE_LINE);
    return error.message;
  }
  return {
    list: sink.events.list,
    counts: sink.counts,
    gfpTexts: [...sink.names.gfpTexts].sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}

function readThrough(
  bytes: Uint8Array,
  pieceBytes: number,
  sink: ConstructorParameters<typeof TraceReader>[1],
): void {
  const unpacker = unpackerOf("x", bytes);
  const reader = new TraceReader("x", sink);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    for (const piece of unpacker.feed(bytes.subarray(at, at + pieceBytes))) reader.feed(piece);
  }
  for (const piece of unpacker.end()) reader.feed(piece);
  reader.end();
}

/** Lines that come one by one are too short to be read fast; what comes of them must be the same. */
function checkPaths(bytes: Uint8Array): void {
  let format: ReturnType<typeof detectFormat>;
  try {
    format = detectFormat("x", bytes);
  } catch {
    return;
  }
  if (typeof format === "string") return;
  const text = Buffer.concat([bytes, BLANK_LINES]);
  const fast = attempt((sink) => {
    const reader = new TextReader("x", format, sink);
    reader.feed(text);
    reader.end();
    sink.blocks.flush();
  });
  const slow = attempt((sink) => {
    const reader = new TextReader("x", format, sink);
    for (let at = 0; at < text.length; ) {
      const end = text.indexOf(0x0a, at) + 1;
      reader.feed(text.subarray(at, end));
      at = end;
    }
    reader.end();
    sink.blocks.flush();
  });
  assert.equal(fast, slow, "fast and slow path of the line reader");
}

function compactOf(bytes: Uint8Array): Uint8Array {
  const names = new TraceNames();
  const counts = newTraceCounts();
  const pieces: Uint8Array[] = [];
  const writer = new CompactWriter(names, (piece) => pieces.push(piece.slice()));
  readThrough(bytes, bytes.length, {
    names,
    counts,
    blocks: new EventBlocks((block) => writer.add(block), ROOM),
  });
  writer.end({ source: [] }, counts);
  return new Uint8Array(Buffer.concat(pieces));
}

/** As text and back: the same events and losses, or a name that no text can hold. */
function checkText(bytes: Uint8Array, whole: Exclude<Read, string>): Outcome {
  const names = new TraceNames();
  const counts = newTraceCounts();
  const pieces: Uint8Array[] = [Buffer.from(TRACEFS_HEADER)];
  const printer = new TracefsPrinter(names, (piece) => pieces.push(piece.slice()));
  try {
    readThrough(bytes, bytes.length, {
      names,
      counts,
      blocks: new EventBlocks((block) => printer.add(block), ROOM),
    });
  } catch (error) {
    if (error instanceof UnprintableName) return "not printable";
    throw error;
  }
  pieces.push(Buffer.from(tracefsTrailer(counts, whole.list.length)));
  const { list, counts: again } = readWhole(new Uint8Array(Buffer.concat(pieces)));
  assert.equal(list, whole.list, "as text");
  assert.equal(
    [again.lostEvents, again.overwrittenEvents],
    [counts.lostEvents, counts.overwrittenEvents],
    "losses as text",
  );
  return "read";
}

/** A compact trace with the checksum of every block that can be found. */
function withChecksums(bytes: Uint8Array): Uint8Array {
  const fixed = bytes.slice();
  const view = new DataView(fixed.buffer);
  let at = FILE_HEADER_BYTES;
  while (at + BLOCK_HEADER_BYTES <= fixed.length) {
    const payloadBytes = view.getUint32(at + 4, true);
    const start = at + BLOCK_HEADER_BYTES;
    if (payloadBytes % 8 !== 0 || start + payloadBytes > fixed.length) break;
    const payload = new Int32Array(fixed.slice(start, start + payloadBytes).buffer);
    const [type, count] = [view.getUint32(at, true), view.getUint32(at + 8, true)];
    view.setUint32(at + 12, checksum(type, payloadBytes, count, payload), true);
    at = start + payloadBytes;
  }
  return fixed;
}
