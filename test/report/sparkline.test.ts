import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sparkline } from "../../src/report/cells.js";

const test = suite("report: sparkline");

test("the lowest bar for 0 and the highest for the largest value", () => {
  assert.is(sparkline([0, 1, 2, 3, 4, 5, 6, 7]), "▁▂▃▄▅▆▇█");
  assert.is(sparkline([0, 500, 1000]), "▁▅█");
});

test("nothing, and nothing but 0", () => {
  assert.is(sparkline([]), "");
  assert.is(sparkline([0, 0]), "▁▁");
});

test.run();
