// Takes 1 s.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { TraceError } from "../../../src/workload/trace-error.js";
import { readWhole } from "./traces.js";

const test = suite("workload: how text is stored, and files that are no text");

const TEXT = readFileSync("test/golden/made-up/three-alphabets.txt", "utf8");
const LIVE = readFileSync("test/golden/traces/live-6.18.perf-6.1.txt", "utf8");

function utf16(text: string, isBigEndian: boolean): Buffer {
  const bytes = Buffer.from(text, "utf16le");
  return isBigEndian ? bytes.swap16() : bytes;
}

function errorOf(bytes: Uint8Array, pieceBytes?: number): string {
  try {
    readWhole(bytes, pieceBytes);
  } catch (error) {
    if (error instanceof TraceError) return error.message;
    throw error;
  }
  throw new Error("was read without an error");
}

test("a byte order mark of UTF-8 is no part of the text", () => {
  for (const text of [TEXT, LIVE]) assert.equal(readWhole(`\ufeff${text}`), readWhole(text));
  assert.equal(readWhole(`\ufeff${LIVE.replaceAll("\n", "\r\n")}`).list, readWhole(LIVE).list);
});

for (const isBigEndian of [false, true]) {
  for (const mark of ["\ufeff", ""]) {
    test(`UTF-16, ${isBigEndian ? "big" : "little"} endian, ${mark === "" ? "without" : "with"} a mark`, () => {
      for (const text of [TEXT, LIVE, LIVE.replaceAll("\n", "\r\n")]) {
        for (const pieceBytes of [1, 1001, Number.POSITIVE_INFINITY]) {
          const read = readWhole(utf16(mark + text, isBigEndian), pieceBytes);
          assert.equal(read, readWhole(text));
        }
      }
    });
  }
}

test("more headers than are looked at, in UTF-16", () => {
  const header = `# perf version : 6.1\n${"# a line of the header\n".repeat(2800)}`;
  assert.equal(readWhole(utf16(header + LIVE, false)).list, readWhole(LIVE).list);
});

test("UTF-16 that ends within a character, or holds half of one", () => {
  const bytes = utf16(`\ufeff${TEXT}`, false);
  for (const pieceBytes of [7, 1000]) {
    assert.is(
      errorOf(bytes.subarray(0, -1), pieceBytes),
      `test.trace: byte ${bytes.length - 1}: expected whole characters of UTF-16, found its end within one; the trace is truncated`,
    );
  }
  assert.match(
    errorOf(utf16(`\ufeff${TEXT}\ud800${TEXT}`, true)),
    /expected whole characters of UTF-16, found half of a pair/,
  );
  assert.match(
    errorOf(utf16(`\ufeff${TEXT}\ud800`, true)),
    /expected whole characters of UTF-16, found half of a pair/,
  );
});

/** First bytes of a file, one character each, and what names it. */
const FILES: readonly (readonly [start: string, name: string])[] = [
  ["PK\x03\x04\x14\0\0\0\x08\0", "zip; unpack it"],
  ["\x04\x22\x4d\x18\x64\x40", "lz4; unpack it"],
  ["BZh91AY&SY", "a bzip2 file: unpack it"],
  ["\xfd7zXZ\0\0\x04", "an xz file: unpack it"],
  ["\x5d\0\0\x80\0\xff\xff", "an lzma file: unpack it"],
  ["LZIP\x01", "lzip; unpack it"],
  ["\x1f\x9d\x90", "compress; unpack it"],
  ["7z\xbc\xaf\x27\x1c\0\x04", "7z; unpack it"],
  ["Rar!\x1a\x07\x01\0", "rar; unpack it"],
  [`trace.txt${"\0".repeat(248)}ustar  \0`, "tar; unpack it"],
  ["\xc1\x1f\xfc\xc1\x1d\xd1", "CTF"],
  ["\x57\x1d\xd1\x75", "CTF metadata"],
  ["\x7fELF\x02\x01\x01\0", "ELF"],
  ["KDUMP   \x06\0", "a crash dump"],
  ["\xd4\xc3\xb2\xa1\x02\0", "pcap"],
  ["\x0a\x0d\x0d\x0a\x1c\0\0\0", "pcapng"],
  ["SQLite format 3\0\x10", "an SQLite database"],
  ["2ELIFREP", "perf.data: print it"],
  ["\xff\xfe\0\0#\0\0\0", "UTF-32"],
  // Three packets: a length of 3 and a message, one of 130, one of 2.
  [`\n\x03\x38\x01\x40\n\x82\x01${"x".repeat(130)}\n\x02\x38\x02`, "a perfetto trace"],
];

for (const [start, name] of FILES) {
  test(`named and not read: ${name}`, () => {
    const message = errorOf(Uint8Array.from(start, (character) => character.charCodeAt(0)));
    assert.ok(message.startsWith(`test.trace: byte 0: expected a trace, found ${name}`), message);
    assert.not.match(message, /\n/);
  });
}

test("text that begins with empty lines is no perfetto trace", () => {
  assert.is(readWhole(`\n\n\n${TEXT}`).list.length, 3);
});

test.run();
