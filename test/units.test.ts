import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseDuration } from "../src/units.js";

const test = suite("units");

test("durations in every unit", () => {
  for (const [text, ns] of [
    ["7ns", 7],
    ["7us", 7e3],
    ["7ms", 7e6],
    ["7s", 7e9],
    ["7m", 420e9],
    ["1.5m", 90e9],
  ] as const)
    assert.is(parseDuration(text), ns, text);
});

test.run();
