import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatCount, formatInteger, formatRatio, formatShare, formatVcpus } from "../../src/report/cells.js";

const test = suite("report: cells");

test("ratios keep three digits", () => {
  assert.equal([0.5, 2.408, 12.34, 140.4].map(formatRatio), ["0.50x", "2.41x", "12.3x", "140x"]);
});

test("a missing ratio is a dash", () => {
  assert.is(formatRatio(null), "-");
});

test("shares are whole percent and never round to nothing or to all", () => {
  assert.equal([0, 0.001, 0.42, 0.999, 1].map(formatShare), ["0 %", "<1 %", "42 %", ">99 %", "100 %"]);
  assert.equal([0.0049, 0.005, 0.0099, 0.9949, 0.995].map(formatShare), [
    "<1 %",
    "1 %",
    "1 %",
    "99 %",
    ">99 %",
  ]);
});

test("counts have at most six characters", () => {
  assert.equal([0, 999999, 1234567, 45.6e6, 999.6e6, 12e9].map(formatCount), [
    "0",
    "999999",
    "1.23M",
    "45.6M",
    "1.00G",
    "12.0G",
  ]);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999e9 }), (count) => {
      assert.ok(formatCount(count).length <= 6, String(count));
    }),
  );
});

test("integers are grouped by three", () => {
  assert.equal([0, 999, 1000, 1048576].map(formatInteger), ["0", "999", "1,000", "1,048,576"]);
});

test("one vCPU is not two", () => {
  assert.equal([1, 2].map(formatVcpus), ["1 vCPU", "2 vCPUs"]);
});

test.run();
