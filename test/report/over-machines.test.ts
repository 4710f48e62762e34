import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { conclusionOf } from "../../src/report/conclusion.js";
import { machinesSentence } from "../../src/report/over-machines.js";
import { measureNamed } from "../../src/results/measures.js";
import type { CompareRow } from "../../src/results/row.js";
import { GiB } from "../../src/units.js";
import { rowWith } from "../results/rows.js";

const test = suite("report: an order over machines");

function row(prices: string, policy: string, seconds: number, more: Partial<CompareRow> = {}): CompareRow {
  return rowWith({ prices, policy, bootTimeNs: seconds * 1e9, ...more });
}

test("an order that holds is said with the machines, the best first", () => {
  const rows = ["default", "a", "b"].flatMap((prices, at) => [
    row(prices, "eager", 30 + at),
    row(prices, "lazy", 10 + at),
    row(prices, "background", 20 + at),
  ]);
  assert.is(
    machinesSentence(rows, undefined),
    "The order lazy, background, eager holds at the prices of all 3 machines (default, a, b).",
  );
});

test("where it flips, the pair that flips most is named, with how much", () => {
  const seconds = { default: [10, 20, 30], a: [10, 11, 12], b: [24, 18, 12], c: [10, 33, 30] };
  const rows = Object.entries(seconds).flatMap(([prices, all]) =>
    ["lazy", "background", "eager"].map((policy, at) => row(prices, policy, all[at]!)),
  );
  assert.is(
    machinesSentence(rows, undefined),
    "The order lazy, background, eager holds at the prices default and a, and flips at b, where eager is 2.00 times " +
      "earlier than lazy, and at c, where eager is 1.10 times earlier than background.",
  );
});

test("runs that tables show as even flip nothing", () => {
  const rows = [
    row("default", "lazy", 10),
    row("default", "eager", 10.02),
    row("a", "lazy", 9),
    row("a", "eager", 8),
  ];
  assert.match(machinesSentence(rows, undefined), "holds at the prices of all 2 machines");
});

test("of several inputs the one that flips is named; other measures have their names", () => {
  const sizes = [4, 64].flatMap((size) =>
    ["default", "a"].flatMap((prices) => {
      const late = prices === "a" && size === 64 ? 3 : 1;
      const memoryBytes = size * GiB;
      return [row(prices, "lazy", 10 * late, { memoryBytes }), row(prices, "eager", 20, { memoryBytes })];
    }),
  );
  assert.is(
    machinesSentence(sizes, undefined),
    "The order of policies holds at the prices default, and flips at a, where eager is 1.50 times earlier than lazy " +
      "(tdx, 64 GiB, 8 vCPUs).",
  );
  const waits = [1, 2].flatMap((lazy) => [
    row(`m${lazy}`, "lazy", 1, { overheadBytes: lazy * lazy }),
    row(`m${lazy}`, "eager", 1, { overheadBytes: 2 }),
  ]);
  assert.match(
    machinesSentence(waits, [measureNamed("overheadBytes")]),
    "flips at m2, where eager is 2.00 times better by overheadBytes than lazy",
  );
});

test("one machine, one policy, or runs that failed make no sentence", () => {
  assert.is(machinesSentence([row("a", "lazy", 1), row("a", "eager", 2)], undefined), "");
  assert.is(machinesSentence([row("a", "lazy", 1), row("b", "lazy", 2)], undefined), "");
  const failed = { outcome: "oom", reason: "x" } as const;
  const rows = [
    row("a", "lazy", 1),
    row("a", "eager", 2),
    row("b", "lazy", 1, failed),
    row("b", "eager", 2, failed),
  ];
  assert.is(machinesSentence(rows, undefined), "");
});

test("it holds exactly where no pair is the other way round", () => {
  const policies = ["lazy", "eager", "background"];
  const times = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(times, times, (own, other) => {
      const rows = [own, other].flatMap((all, machine) =>
        all.map((seconds, at) => row(`m${machine}`, policies[at]!, seconds)),
      );
      const flips = policies.some((_one, a) =>
        policies.some((_two, b) => own[a]! < own[b]! && other[a]! > other[b]!),
      );
      assert.is(machinesSentence(rows, undefined).includes("flips"), flips);
    }),
  );
});

test("the conclusion of a comparison has it", () => {
  const group = (prices: string, lazy: number) => ({
    title: `tdx, 64 GiB, prices ${prices}`,
    rows: [row(prices, "lazy", lazy), row(prices, "eager", 30)],
  });
  const [text] = conclusionOf([group("default", 10), group("a", 12)], "eager", undefined);
  assert.match(text!, " The order lazy, eager holds at the prices of all 2 machines (default, a).");
});

test.run();
