// Takes 8 s.
/** Damaged traces: never a crash, never a hang, never a result that leaves out half in silence. */

import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CompactWriter } from "../../src/workload/compact/format.js";
import { EventBlocks } from "../../src/workload/event-blocks.js";
import { TraceReader } from "../../src/workload/readers/trace-reader.js";
import { TraceError } from "../../src/workload/trace-error.js";
import { newTraceCounts, TraceNames } from "../../src/workload/trace-names.js";
import { readWhole, type WholeTrace } from "../workload/readers/traces.js";

const test = suite("fuzz: traces");

const FOLDER = "test/golden/traces";
const LONGEST_MS = 2000;
const REAL: readonly (readonly [name: string, text: Buffer])[] = readdirSync(FOLDER).map((name) => [
  name,
  readFileSync(`${FOLDER}/${name}`),
]);

/** Those without lines of which only a part says that they are no events. */
const PLAIN = REAL.filter(([, text]) => !text.includes("PERF_RECORD"));

/** Reads what may be anything. @returns undefined where it was refused, with one line */
function readOrRefuse(bytes: Uint8Array, pieceBytes: number): WholeTrace | undefined {
  const begin = process.cpuUsage();
  try {
    return readWhole(bytes, pieceBytes);
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    assert.match(error.message, /^test\.trace:(\d+:\d+| byte \d+): expected [^\n]+, found [^\n]+$/);
    return undefined;
  } finally {
    const took = process.cpuUsage(begin).user / 1000;
    assert.ok(took < LONGEST_MS, `took ${took} ms`);
  }
}

/** Lines that tell of an event, by the rules of what is none. Call chains and comms without padding are perf's. */
function eventLines(bytes: Uint8Array, name: string): number {
  const never = /^(?:\s*$| ?=> |cpus=\d+\s*$|version = \S+\s*$|CPU \d+ is empty\s*$|CPU:\d+ \[|Warning:)/;
  const ofTool = name.includes("perf") ? /^(?:\t|#(?: |\s*$))/ : /^#/;
  return Buffer.from(bytes)
    .toString("latin1")
    .split("\n")
    .filter((line) => !never.test(line) && !ofTool.test(line)).length;
}

const piece = fc.integer({ min: 1, max: 5000 });

test("random bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), piece, (bytes, pieceBytes) => {
      readOrRefuse(bytes, pieceBytes);
    }),
    { numRuns: 200 },
  );
});

test("random bytes behind the start of each format", () => {
  const starts = [
    ...REAL.map(([, text]) => text.subarray(0, 1500)),
    compactOf(REAL[0]![1]),
    LLFREE.subarray(0, 4096 + 64),
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...starts),
      fc.uint8Array({ maxLength: 300 }),
      piece,
      (start, rest, pieceBytes) => {
        readOrRefuse(new Uint8Array(Buffer.concat([start, rest])), pieceBytes);
      },
    ),
    { numRuns: 300 },
  );
});

test("text made of the pieces that traces are made of", () => {
  const word = fc.constantFrom(
    ..."- [ ] ( ) : . = | # \n \t \r 0 1 -1 [000] 5098 5098/5098 12.345678: 1.5: kmem: mm_page_alloc: mm_page_free:".split(
      " ",
    ),
    ..."page=0 pfn=0x10 pfn=16 order=0 order=10 migratetype=1 gfp_flags=GFP_KERNEL gfp_flags=0x1 CPU:0 [LOST => \u0089UATRC".split(
      " ",
    ),
    " ",
    "    ",
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), piece, (words, pieceBytes) => {
      readOrRefuse(new TextEncoder().encode(words.join("")), pieceBytes);
      readOrRefuse(new TextEncoder().encode(words.join(" ")), pieceBytes);
    }),
    { numRuns: 500 },
  );
});

test("one changed byte of a real trace: an error, or every line is accounted for", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...PLAIN),
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      ([name, text], at, byte) => {
        const changed = new Uint8Array(text);
        changed[at % changed.length] = byte;
        const read = readOrRefuse(changed, 5000);
        if (read === undefined) return;
        const { list, counts } = read;
        assert.is(
          list.length + counts.otherEvents,
          eventLines(changed, name),
          `${name}, byte ${at % changed.length} = ${byte}`,
        );
      },
    ),
    { numRuns: 1500 },
  );
});

test("a piece cut out of a real trace: an error, or every line is accounted for", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...PLAIN),
      fc.nat(),
      fc.integer({ min: 1, max: 400 }),
      ([name, text], at, length) => {
        const start = at % text.length;
        const cut = new Uint8Array(Buffer.concat([text.subarray(0, start), text.subarray(start + length)]));
        const read = readOrRefuse(cut, 5000);
        if (read === undefined) return;
        assert.is(
          read.list.length + read.counts.otherEvents,
          eventLines(cut, name),
          `${name}, ${length} bytes from ${start}`,
        );
      },
    ),
    { numRuns: 500 },
  );
});

const LLFREE = readFileSync("test/golden/llfree/two-cpus.llfree");

/** Entries of an LLFree trace: those of each page but the first, up to one with pfn 0. */
function llfreeEntries(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let entries = 0;
  for (let page = 4096; page < bytes.length; page += 4096) {
    for (let at = page + 16; at < page + 4096; at += 16, entries++)
      if (((view.getBigUint64(at, true) >> 38n) & 0xffffffn) === 0n) break;
  }
  return entries;
}

test("a changed byte of an LLFree trace: an error, or every entry is accounted for", () => {
  // Most of the file is zeros behind the entries; what is in use is hit more often.
  const used = [0, 4096, 8192, 12288].map((page) => fc.nat({ max: 79 }).map((at) => page + at));
  const place = fc.oneof(...used, fc.nat({ max: LLFREE.length - 1 }));
  fc.assert(
    fc.property(place, fc.integer({ min: 0, max: 255 }), piece, (at, byte, pieceBytes) => {
      const changed = new Uint8Array(LLFREE);
      changed[at] = byte;
      const read = readOrRefuse(changed, pieceBytes);
      if (read !== undefined) assert.is(read.list.length, llfreeEntries(changed), `byte ${at} = ${byte}`);
    }),
    { numRuns: 1000 },
  );
});

test("an LLFree trace cut short or with a piece missing: an error, or every entry is accounted for", () => {
  fc.assert(
    fc.property(
      fc.nat({ max: LLFREE.length }),
      fc.integer({ min: 1, max: 9000 }),
      piece,
      (at, length, pieceBytes) => {
        const cut = new Uint8Array(Buffer.concat([LLFREE.subarray(0, at), LLFREE.subarray(at + length)]));
        const read = readOrRefuse(cut, pieceBytes);
        if (cut.length % 4096 !== 0) assert.is(read, undefined);
        else if (read !== undefined) assert.is(read.list.length, llfreeEntries(cut));
      },
    ),
    { numRuns: 500 },
  );
});

test("very long lines of what makes patterns slow", () => {
  for (const part of [
    "-1 (",
    "-1",
    " ",
    "a ",
    "[0] ",
    "1.5: ",
    "1 ",
    "=1 ",
    "a=",
    "pfn=",
    ".",
    "0",
    " => ",
    "\t",
  ]) {
    for (const start of [
      "",
      "  bash-1 [000] 1.500000: ",
      "  bash-1 [000] 1.500000: mm_page_alloc: page=0 ",
    ]) {
      const line = (start + part.repeat(65000 / part.length)).slice(0, 65000);
      const real = REAL.find(([name]) => name === "live-6.18.tracefs.txt")![1].toString();
      readOrRefuse(new TextEncoder().encode(`${real}${line}\n`), Number.POSITIVE_INFINITY);
      readOrRefuse(new TextEncoder().encode(`${line}\n`), Number.POSITIVE_INFINITY);
    }
  }
});

/** The compact trace of a text. */
function compactOf(text: Uint8Array): Uint8Array {
  const names = new TraceNames();
  const pieces: Uint8Array[] = [];
  const writer = new CompactWriter(names, (bytes) => pieces.push(bytes.slice()));
  const blocks = new EventBlocks((block) => writer.add(block));
  const reader = new TraceReader("x", { names, counts: newTraceCounts(), blocks });
  reader.feed(new Uint8Array(text));
  reader.end();
  writer.end({ source: ["tracefs"] }, newTraceCounts());
  return new Uint8Array(Buffer.concat(pieces));
}

test("changed bytes and missing pieces of a compact trace are always noticed", () => {
  const whole = compactOf(REAL[0]![1]);
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat({ max: 40 }), (at, xor, length) => {
      const start = at % whole.length;
      const changed = whole.slice();
      changed[start]! ^= xor;
      const cut = new Uint8Array(
        Buffer.concat([whole.subarray(0, start), whole.subarray(start + 1 + length)]),
      );
      assert.is(readOrRefuse(changed, 5000), undefined, `byte ${start} ^ ${xor}`);
      if (start >= 16) assert.is(readOrRefuse(cut, 5000), undefined, `${length + 1} bytes from ${start}`);
    }),
    // The second is a whole block of META.
    {
      numRuns: 500,
      examples: [
        [0, 1, 0],
        [1720, 1, 39],
      ],
    },
  );
});

test.run();
