import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bytesIn, columnRuns } from "../../../src/explorer/page/strip.js";

const test = suite("explorer: strips of addresses");

test("ranges become the columns that they touch, and neighbours one run", () => {
  assert.equal(
    columnRuns(
      [
        [0, 25],
        [25, 50],
        [80, 100],
      ],
      100,
      10,
    ),
    [
      [0, 5],
      [8, 10],
    ],
  );
  assert.equal(columnRuns([[12, 13]], 100, 10), [[1, 2]]);
});

test("a page of the largest guest has a column, and what is empty or beyond the end has none", () => {
  assert.equal(columnRuns([[2 ** 51, 2 ** 51 + 4096]], 2 ** 52, 1000), [[500, 501]]);
  assert.equal(
    columnRuns(
      [
        [5, 5],
        [100, 200],
      ],
      100,
      10,
    ),
    [],
  );
  assert.equal(columnRuns([[95, 200]], 100, 10), [[9, 10]]);
});

test("there are never more runs than columns", () => {
  const ranges = Array.from({ length: 100_000 }, (_value, at) => [at * 10, at * 10 + 1] as const);
  assert.equal(columnRuns(ranges, 1_000_000, 1000), [[0, 1000]]);
  assert.is(bytesIn(ranges), 100_000);
});

test.run();
