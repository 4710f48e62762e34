import { suite } from "uvu";
import * as assert from "uvu/assert";
import { allowedRange, isAllowed, type Tolerance } from "../../src/validate/claim.js";

const test = suite("validate: tolerance");

function allows(published: number | readonly [number, number], tolerance: Tolerance, value: number): boolean {
  return isAllowed(value, allowedRange(published, tolerance));
}

test("a share of a number, both ends allowed", () => {
  assert.equal(
    [7.9, 8, 12, 12.1].map((value) => allows(10, { within: 0.2 }, value)),
    [false, true, true, false],
  );
});

test("a share of the ends of a range", () => {
  assert.equal(
    [49, 50, 150, 300, 301].map((value) => allows([100, 200], { within: 0.5 }, value)),
    [false, true, true, true, false],
  );
});

test("bounds of their own", () => {
  assert.equal(
    [6.9, 7, 11, 11.1].map((value) => allows(8.8, { from: 7, to: 11 }, value)),
    [false, true, true, false],
  );
});

test("above and below leave the number itself out; exact allows only it", () => {
  assert.equal(
    [89, 90, 91].map((value) => allows(90, "above", value)),
    [false, false, true],
  );
  assert.equal(
    [14, 15, 16].map((value) => allows(15, "below", value)),
    [true, false, false],
  );
  assert.equal(
    [1024.999, 1025].map((value) => allows(1025, "exact", value)),
    [false, true],
  );
});

test("NaN is never allowed", () => {
  for (const tolerance of [{ within: 1 }, { from: 0, to: 1 }, "above", "below", "exact"] as const) {
    assert.not(allows(1, tolerance, Number.NaN));
  }
});

test("the texts that tables show", () => {
  const text = (tolerance: Tolerance): string => allowedRange(1, tolerance).text;
  assert.is(text({ within: 0.2 }), "±20 %");
  assert.is(text({ from: 2.5, to: 4 }), "2.5 to 4");
  assert.is(text("above"), "above");
});

test.run();
