import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  boundedStops,
  countStops,
  durationText,
  MEMORY_STOPS,
  nearestStop,
  preAcceptStops,
  priceStops,
  sizeText,
} from "../../../src/explorer/page/stops.js";
import { parseDuration, parseSize } from "../../../src/units.js";

const test = suite("explorer: positions of sliders");

const GiB = 2 ** 30;

test("memory goes from 1 GiB to 4 PiB, in whole MiB, each with the text that it reads from", () => {
  assert.equal(MEMORY_STOPS[0], { value: GiB, text: "1GiB" });
  assert.equal(MEMORY_STOPS.at(-1), { value: 2 ** 52, text: "4PiB" });
  assert.equal(
    MEMORY_STOPS.slice(0, 4).map(({ text }) => text),
    ["1GiB", "1152MiB", "1.25GiB", "1408MiB"],
  );
  for (const { text, value } of MEMORY_STOPS) {
    assert.is(parseSize(text), value, text);
    assert.is(value % 2 ** 20, 0, text);
  }
});

test("any size and any time has a text that reads back to it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 52 }), (bytes) => parseSize(sizeText(bytes)) === bytes),
  );
  fc.assert(fc.property(fc.integer({ min: 0, max: 1e15 }), (ns) => parseDuration(durationText(ns)) === ns));
});

test("a slider stands at each of its own values, and at the nearest for any other", () => {
  MEMORY_STOPS.forEach(({ value }, at) => {
    assert.is(nearestStop(MEMORY_STOPS, value), at);
  });
  assert.is(nearestStop(MEMORY_STOPS, 256 * 2 ** 20), 0);
  assert.is(MEMORY_STOPS[nearestStop(MEMORY_STOPS, 16.9 * GiB)]!.text, "16GiB");
});

test("the firmware accepts from nothing to everything", () => {
  const stops = preAcceptStops(4 * GiB);
  assert.equal(
    [stops[0]!.text, stops[1]!.text, stops.at(-2)!.text, stops.at(-1)!.text],
    ["0", "16MiB", "4GiB", "all"],
  );
  assert.is(nearestStop(stops, Number.POSITIVE_INFINITY), stops.length - 1);
  assert.is(nearestStop(stops, 64 * GiB), stops.length - 2, "a size is never all");
});

test("sizes of a parameter stay in its bounds", () => {
  const powers = boundedStops({ min: 4 * 2 ** 20, max: GiB, powerOfTwo: true, orAll: false });
  assert.equal([powers[0]!.text, powers[1]!.text, powers.at(-1)!.text], ["4MiB", "8MiB", "1GiB"]);
  const rates = boundedStops({ min: 3 * 2 ** 20, max: 8 * 2 ** 20, powerOfTwo: false, orAll: true });
  assert.equal(
    rates.map(({ text }) => text),
    ["3MiB", "4MiB", "5MiB", "6MiB", "7MiB", "8MiB", "all"],
  );
});

test("counts have both ends, and every small one", () => {
  assert.equal(
    countStops(1, 20).map(({ value }) => value),
    [1, 2, 3, 4, 6, 8, 12, 16, 20],
  );
});

test("a price goes from its low to its high value, its own among them", () => {
  const wide = priceStops(1500, 500, 10_000);
  assert.equal([wide[0]!.value, wide.at(-1)!.value], [500, 10_000]);
  assert.ok(wide.some(({ text }) => text === "1.5us"));
  for (const [at, { value }] of wide.entries())
    assert.ok(at === 0 || value > wide[at - 1]!.value, String(value));
  const narrow = priceStops(100, 100, 200);
  assert.is(narrow[0]!.text, "100ns");
  assert.is(narrow[1]!.value, 103);
  assert.equal(
    priceStops(7, 7, 7).map(({ text }) => text),
    ["7ns"],
  );
});

test.run();
