// Takes 1 s.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { GzipReader } from "../../src/workload-files/gzip.js";

const test = suite("workload-files: gzip");

const HELLO = gzipSync("hello\n");
const WORLD = gzipSync("world\n");
const ZEROS = Buffer.alloc(512);

/** What is unpacked, or the message of the refusal behind what was unpacked before it. */
function unpack(bytes: Uint8Array, chunkBytes = bytes.length): string {
  const reader = new GzipReader("x.gz");
  let text = "";
  try {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      for (const piece of reader.feed(bytes.subarray(at, at + chunkBytes)))
        text += Buffer.from(piece).toString();
    }
    reader.end();
  } catch (error) {
    return text + (error as Error).message;
  }
  return text;
}

function changed(bytes: Uint8Array, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = value;
  return copy;
}

const BETWEEN =
  "expected nothing but zeros after the zeros that follow a gzip member, found more; the file is damaged";
const damage = (text: string): string => `expected whole gzip data, found damage here (${text})`;
const both = Buffer.concat([HELLO, WORLD]);

/** `gzip -t` says the same of each: it ends with 0, or it complains. */
const CASES: readonly (readonly [what: string, bytes: Buffer, text: string])[] = [
  ["a member", HELLO, "hello\n"],
  ["an empty member", gzipSync(""), ""],
  ["members one after another", Buffer.concat([HELLO, WORLD, HELLO]), "hello\nworld\nhello\n"],
  ["zeros behind the last member", Buffer.concat([HELLO, WORLD, ZEROS]), "hello\nworld\n"],
  [
    "zeros between members",
    Buffer.concat([HELLO, ZEROS, WORLD]),
    `hello\nx.gz: byte ${HELLO.length + 512}: ${BETWEEN}`,
  ],
  [
    "a member whose first byte is zero",
    changed(both, HELLO.length, 0),
    `hello\nx.gz: byte ${HELLO.length + 1}: ${BETWEEN}`,
  ],
  [
    "a member whose checksum is another",
    changed(both, both.length - 8, 1),
    `hello\nworld\nx.gz: byte ${both.length - 5}: ${damage("incorrect data check")}`,
  ],
  [
    "a length that is another",
    changed(HELLO, HELLO.length - 1, 9),
    `hello\nx.gz: byte ${HELLO.length - 1}: ${damage("incorrect length check")}`,
  ],
  [
    "something else behind a member",
    Buffer.concat([HELLO, Buffer.from("junk")]),
    `hello\nx.gz: byte ${HELLO.length + 1}: ${damage("incorrect header check")}`,
  ],
  [
    "the start of a member",
    both.subarray(0, HELLO.length + 1),
    `hello\nx.gz: byte ${HELLO.length + 1}: expected the rest of a gzip file, found its end; the file is truncated`,
  ],
  ["flags that nobody knows", changed(HELLO, 3, 0xe0), `x.gz: byte 3: ${damage("unknown header flags set")}`],
];

for (const [what, bytes, text] of CASES) {
  test(what, () => {
    for (const chunkBytes of [bytes.length, 1, 3]) assert.is(unpack(bytes, chunkBytes), text);
  });
}

test("a file that is cut short anywhere, with the place", () => {
  for (let length = 2; length < HELLO.length; length++) {
    const cut = `x.gz: byte ${length}: expected the rest of a gzip file, found its end; the file is truncated`;
    assert.match(unpack(HELLO.subarray(0, length)), cut);
  }
});

test("a damaged second member of a trace", () => {
  const bytes = readFileSync("test/golden/made-up/second-member-damaged.gz");
  assert.ok(unpack(bytes).endsWith(`x.gz: byte 5888: ${BETWEEN}`));
});

test("a bit that flips changes nothing, or is found", () => {
  const text = readFileSync("test/golden/traces/live-6.18.tracefs.txt", "utf8").slice(0, 20_000);
  const packed = gzipSync(text);
  for (let bit = 0; bit < packed.length * 8; bit += 37) {
    const at = Math.floor(bit / 8);
    const unpacked = unpack(changed(packed, at, packed[at]! ^ (1 << (bit % 8))));
    assert.ok(unpacked === text || unpacked.includes("x.gz: byte "), `bit ${bit} changed the text`);
  }
});

test.run();
