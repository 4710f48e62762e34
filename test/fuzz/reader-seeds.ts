/** Real and made-up traces of every format, short, to be changed. */

import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { CompactWriter } from "../../src/workload/compact/format.js";
import { EventBlocks } from "../../src/workload/event-blocks.js";
import { TraceReader } from "../../src/workload/readers/trace-reader.js";
import { TraceError } from "../../src/workload/trace-error.js";
import { newTraceCounts, TraceNames } from "../../src/workload/trace-names.js";

const TEXT_BYTES = 1500;
const TRACES = "test/golden/traces";
const MADE_UP = "test/golden/made-up";
const RECORDED = "workloads/recorded/linux-6.12.95-2c4g";

/** An input and whether it is text as it is. */
export interface ReaderSeed {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly isText: boolean;
}

/** The first lines of a text. */
function head(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf(0x0a, TEXT_BYTES) + 1);
}

/** The compact trace of a text; none of one that is refused. */
function compactOf({ name, bytes }: { readonly name: string; readonly bytes: Uint8Array }): ReaderSeed[] {
  try {
    return [{ name: `${name}, compact`, bytes: imported(bytes), isText: false }];
  } catch (error) {
    if (error instanceof TraceError) return [];
    throw error;
  }
}

function imported(text: Uint8Array): Uint8Array {
  const names = new TraceNames();
  const pieces: Uint8Array[] = [];
  const writer = new CompactWriter(names, (bytes) => pieces.push(bytes.slice()));
  const counts = newTraceCounts();
  const reader = new TraceReader("x", {
    names,
    counts,
    blocks: new EventBlocks((block) => writer.add(block)),
  });
  reader.feed(new Uint8Array(text));
  reader.end();
  writer.end({ source: ["tracefs"] }, counts);
  return new Uint8Array(Buffer.concat(pieces));
}

/** All of them. */
export function readerSeeds(): readonly ReaderSeed[] {
  const texts = [
    ...readdirSync(TRACES).map((name) => ({ name, bytes: head(readFileSync(`${TRACES}/${name}`)) })),
    ...readdirSync(MADE_UP)
      .filter((name) => name.endsWith(".txt") && name !== "lost-400-digits.txt")
      .map((name) => ({ name, bytes: head(readFileSync(`${MADE_UP}/${name}`)) })),
    { name: RECORDED, bytes: head(gunzipSync(readFileSync(`${RECORDED}/boot.trace.gz`))) },
  ];
  const half = texts[0]!.bytes.length >> 1;
  const members = [texts[0]!.bytes.subarray(0, half), texts[0]!.bytes.subarray(half)].map((part) =>
    gzipSync(part),
  );
  return [
    ...texts.map(({ name, bytes }) => ({ name, bytes, isText: true })),
    ...texts.flatMap(compactOf),
    { name: "LLFree", bytes: readFileSync("test/golden/llfree/two-cpus.llfree"), isText: false },
    { name: "gzip", bytes: Buffer.concat([...members, Buffer.alloc(9)]), isText: false },
    { name: "zstd", bytes: readFileSync(`${MADE_UP}/two-frames.zst`), isText: false },
    { name: "UTF-16", bytes: Buffer.from(`\ufeff${texts[0]!.bytes.toString()}`, "utf16le"), isText: false },
  ];
}
