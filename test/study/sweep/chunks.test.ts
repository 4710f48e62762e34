import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  chunkCount,
  chunksOf,
  missingShards,
  parseShard,
  pointsOfChunk,
} from "../../../src/study/sweep/chunks.js";

const test = suite("study: chunks and shards");

test("chunks hold every point once, in order", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), (points) => {
      let next = 0;
      for (let chunk = 0; chunk < chunkCount(points); chunk++) {
        const { first, end } = pointsOfChunk(chunk, points);
        assert.is(first, next);
        assert.ok(end > first);
        next = end;
      }
      assert.is(next, points);
    }),
  );
});

test("shards hold every chunk once, whatever their number", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1, max: 50 }), (chunks, of) => {
      const all = Array.from({ length: of }, (_value, index) => chunksOf({ index, of }, chunks)).flat();
      assert.equal(
        all.sort((a, b) => a - b),
        Array.from({ length: chunks }, (_value, chunk) => chunk),
      );
    }),
  );
});

test("a shard is missing while one of its chunks is", () => {
  const there = new Set([0, 1, 3, 4, 6]);
  assert.equal(
    missingShards(3, 7, (chunk) => there.has(chunk)),
    [2],
  );
  assert.equal(
    missingShards(1, 7, (chunk) => there.has(chunk)),
    [0],
  );
  assert.equal(
    missingShards(3, 7, () => true),
    [],
  );
  // More shards than chunks: those without any are never missing.
  assert.equal(
    missingShards(10, 3, () => false),
    [0, 1, 2],
  );
});

test("a shard is i/n with i below n", () => {
  assert.equal(parseShard("0/1"), { index: 0, of: 1 });
  assert.equal(parseShard("19/20"), { index: 19, of: 20 });
  for (const text of ["20/20", "1", "1/0", "-1/3", "1/3/4", "a/3", "1.5/3", ""])
    assert.is(parseShard(text), undefined, text);
});

test.run();
