import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { byteText } from "../../src/workload/bytes.js";
import { readWhole } from "./readers/traces.js";

const test = suite("workload: bytes");

test("one character for each byte, 0x80 to 0x9f among them", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  assert.equal(
    Array.from(byteText(all), (character) => character.charCodeAt(0)),
    [...all],
  );
  for (const byte of [0x7f, 0x80, 0x9f, 0xa0]) assert.is(byteText(Uint8Array.of(byte)).charCodeAt(0), byte);
  const long = new Uint8Array(70_000).map((_, at) => at % 251);
  assert.is(byteText(long), Buffer.from(long).toString("latin1"));
  assert.is(byteText(new Uint8Array(0)), "");
});

for (const name of ["three-alphabets.txt", "three-alphabets.trace"]) {
  test(`comms in three alphabets: ${name}`, () => {
    const { list } = readWhole(readFileSync(`test/golden/made-up/${name}`));
    assert.equal(
      list.map(({ comm, pid, timeNs }) => [comm, pid, timeNs]),
      [
        ["日本", 5098, 1_000_001_000],
        ["Привет", 5098, 1_000_002_000],
        ["naïve“x”", 5098, 1_000_003_000],
      ],
    );
  });
}

test("a comm that begins with a byte order mark keeps it", () => {
  const text = readFileSync("test/golden/made-up/three-alphabets.txt", "utf8").replace("日本", "\ufeffx");
  assert.is(readWhole(text).list[0]!.comm, "\ufeffx");
});

test.run();
