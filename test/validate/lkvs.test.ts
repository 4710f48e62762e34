import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LKVS_SERIES, leastSquares } from "../../src/validate/lkvs.js";

const test = suite("validate: least squares");

test("points on a line give that line", () => {
  assert.equal(
    leastSquares([
      [1, 3],
      [2, 5],
      [4, 9],
    ]),
    { slope: 2, xIntercept: -0.5 },
  );
});

test("the published series have the slopes and intercepts that were worked out by hand", () => {
  const lines = LKVS_SERIES.map(({ points }) => leastSquares(points));
  assert.equal(
    lines.map(({ slope }) => slope.toFixed(3)),
    ["4.273", "3.452", "2.969", "0.339"],
  );
  assert.equal(
    lines.map(({ xIntercept }) => xIntercept.toFixed(2)),
    ["3.13", "3.33", "4.77", "-1.12"],
  );
});

test.run();
