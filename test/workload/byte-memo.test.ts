import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ByteMemo } from "../../src/workload/byte-memo.js";

const test = suite("workload: byte memo");

/** A memo of lengths, and the texts it computed. */
function lengths(): { memo: (text: string, hash: number) => number; computed: string[] } {
  const computed: string[] = [];
  const memo = new ByteMemo((text) => {
    computed.push(text);
    return text.startsWith("-") ? -1 : text.length;
  });
  const viewOf = (text: string): DataView => new DataView(new TextEncoder().encode(`<${text}>`).buffer);
  return {
    memo: (text, hash) => memo.valueOf(viewOf(text), 1, viewOf(text).byteLength - 1, hash),
    computed,
  };
}

test("a text is computed once", () => {
  const { memo, computed } = lengths();
  assert.equal([memo("abc", 5), memo("abc", 5), memo("abc", 5)], [3, 3, 3]);
  assert.equal(computed, ["abc"]);
});

test("texts with the same hash are told apart", () => {
  const { memo } = lengths();
  for (const text of [
    "ab",
    "abc",
    "ab",
    "xy",
    "é",
    "a",
    "ab",
    "abcd1234",
    "abcd1235",
    "xbcd1234",
    "abcd1234x",
    "abcd1234y",
  ]) {
    assert.is(memo(text, 5), text.length, text);
  }
});

test("hashes of any size and sign are fine", () => {
  const { memo } = lengths();
  for (const hash of [0, -1, 4095, 4096, 2 ** 31, -(2 ** 31), 2 ** 40, 1e300])
    assert.is(memo("abc", hash), 3);
});

test("an answer below 0 is not kept", () => {
  const { memo, computed } = lengths();
  assert.equal([memo("-x", 5), memo("-x", 5)], [-1, -1]);
  assert.equal(computed, ["-x", "-x"]);
});

test.run();
