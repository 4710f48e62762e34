import { suite } from "uvu";
import * as assert from "uvu/assert";
import { exponent, median, medianInterval } from "../../bench/harness/statistics.js";

const test = suite("bench: what samples say");

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => count - at);

test("the median of an even number of samples lies between the two in the middle", () => {
  assert.is(median([4, 1, 3]), 3);
  assert.is(median([4, 1, 3, 2]), 2.5);
});

// Order statistics of a binomial with p = 1/2, as tables of the sign test have them.
test("the interval of the median leaves out as many samples at each end as 95 % allow", () => {
  assert.is(medianInterval(upTo(5)), undefined);
  assert.equal(medianInterval(upTo(6)), { low: 1, high: 6 });
  assert.equal(medianInterval(upTo(8)), { low: 1, high: 8 });
  assert.equal(medianInterval(upTo(9)), { low: 2, high: 8 });
  assert.equal(medianInterval(upTo(11)), { low: 2, high: 10 });
  assert.equal(medianInterval(upTo(20)), { low: 6, high: 15 });
});

test("the exponent is the slope through the logarithms", () => {
  const squares = [1, 2, 4, 8].map((x) => [x, 3 * x ** 2] as const);
  assert.ok(Math.abs(exponent(squares) - 2) < 1e-12);
});

test.run();
