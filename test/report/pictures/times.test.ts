import { suite } from "uvu";
import * as assert from "uvu/assert";
import { COLOURS } from "../../../src/report/pictures/theme.js";
import { times } from "../../../src/report/pictures/times.js";
import { GiB } from "../../../src/units.js";
import { rowWith } from "../../results/rows.js";
import { drawn, rowsResult, valuesOf } from "./results.js";

const test = suite("report: the picture of times");

const lazy = rowWith({
  bootAssumedNs: { launchNs: 350_000_000 },
  assumedPrices: { launchNs: { value: 140e6, low: 70e6, high: 350e6 } },
});

test("a bar from power-on to init, with the range over what is assumed", () => {
  const picture = drawn(times, rowsResult(lazy));
  const [bar] = valuesOf(picture);
  // 350 ms at half the price are 175 ms less, at 2.5 times the price 525 ms more.
  assert.equal(
    { from: bar!.from, to: bar!.to, low: bar!.low, high: bar!.high, label: bar!.label },
    { from: 0, to: 5.5, low: 5.325, high: 6.025, label: "5.5 s" },
  );
  assert.is(picture.title, "Time from power-on until init runs");
  assert.match(picture.description, "lazy takes 5.5 s.");
});

test("what --uncertainty ran goes before what is estimated", () => {
  const range = { low: 5e9, default: 5.5e9, high: 9e9, movedMostBy: null };
  const uncertainty = { runs: 2, failed: 0, bootTimeNs: range, totalTimeNs: range } as never;
  const [bar] = valuesOf(drawn(times, rowsResult({ ...lazy, uncertainty })));
  assert.equal([bar!.low, bar!.high], [5, 9]);
});

test("a workload besides the boot is a part of its own, and the total is what counts", () => {
  const row = rowWith({ workload: "compile", workloadTimeNs: 2e9, totalTimeNs: 7.5e9, assumedPrices: {} });
  const picture = drawn(times, rowsResult(row));
  assert.equal(
    valuesOf(picture).map(({ part, from, to, label }) => [part, from, to, label]),
    [
      ["boot", 0, 5.5, undefined],
      ["workload", 5.5, 7.5, "7.5 s"],
    ],
  );
  assert.is(picture.title, "Time from power-on until the workload is done");
});

test("what tells inputs apart parts panels, and what all share is said once", () => {
  const picture = drawn(
    times,
    rowsResult(
      lazy,
      { ...lazy, policy: "eager", bootTimeNs: 11e9 },
      { ...lazy, vcpus: 16 },
      { ...lazy, kernel: "7.3" },
      { ...lazy, settings: { "host.pageSizeBytes": 2 ** 21 } },
    ),
  );
  assert.equal(
    valuesOf(picture).map(({ panel, policy }) => [panel, policy].join(": ")),
    [
      "8 vCPUs, Linux 6.12: lazy",
      "8 vCPUs, Linux 6.12: eager",
      "8 vCPUs, Linux 6.12, host.pageSize 2 MiB: lazy",
      "8 vCPUs, Linux 7.3: lazy",
      "16 vCPUs, Linux 6.12: lazy",
    ],
  );
  assert.match(picture.description, "All: tdx, 64 GiB, workload idle.");
  assert.match(
    picture.description,
    "furthest apart: lazy 5.5 s against 11 s of eager on 8 vCPUs, Linux 6.12.",
  );
});

test("runs that agree in everything are told apart by file, or else by number", () => {
  const twins = drawn(times, rowsResult(lazy, lazy));
  assert.equal(
    valuesOf(twins).map(({ panel }) => panel),
    ["run 1", "run 2"],
  );
  const files = drawn(times, rowsResult(lazy), { ...rowsResult(lazy), file: "new.json" });
  assert.equal(
    valuesOf(files).map(({ panel }) => panel),
    ["rows.json", "new.json"],
  );
});

test("a run that did not get ready has no bar but a word, and a caveat counts it", () => {
  const picture = drawn(times, rowsResult(lazy, { ...lazy, policy: "eager", outcome: "oom" }));
  assert.equal(
    valuesOf(picture).map(({ policy, failed }) => [policy, failed]),
    [
      ["lazy", undefined],
      ["eager", "oom"],
    ],
  );
  assert.equal(picture.caveats, ["1 of 2 runs did not get ready without a problem and have no bar."]);
  const none = times.draw([rowsResult({ ...lazy, outcome: "oom" })], COLOURS.light);
  assert.is(none, "no run in it got ready without a problem");
});

test("policies that take the same time are not said to be faster", () => {
  const eager = { ...lazy, policy: "eager" };
  const larger = { memoryBytes: 8 * GiB };
  assert.match(
    drawn(times, rowsResult(lazy, eager, { ...lazy, ...larger }, { ...eager, ...larger, bootTimeNs: 9e9 }))
      .description,
    "lazy is fastest on 1 of 2 inputs, lazy and eager on 1; furthest apart: lazy 5.5 s against 9 s of eager",
  );
  assert.match(drawn(times, rowsResult(lazy, eager)).description, "No policy is faster than another: 5.5 s.");
});

test("more inputs than panels are spread out, and none is lost from the table", () => {
  const rows = Array.from({ length: 40 }, (_one, at) => ({
    ...lazy,
    memoryBytes: (at + 1) * GiB,
    bootTimeNs: (at + 1) * 1e9,
  }));
  const picture = drawn(times, rowsResult(...rows));
  const values = valuesOf(picture);
  assert.equal(values.at(-1), { panel: "tdx", policy: "lazy", seconds: 20, median: true, label: "20 s" });
  assert.is(values.filter(({ median }) => median === false).length, 40);
  assert.match(picture.caveats[0]!, "Each tick is one of 40 inputs");
  assert.is(picture.table.rows.length, 40);
});

test("sizes that read the same in three digits are told apart", () => {
  const picture = drawn(
    times,
    rowsResult({ ...lazy, memoryBytes: 66_817 * 2 ** 20 }, { ...lazy, memoryBytes: 66_800 * 2 ** 20 }),
  );
  assert.equal(
    valuesOf(picture).map(({ panel }) => panel),
    ["66,800 MiB", "66,817 MiB"],
  );
});

test("settings that read the same in three digits are told apart", () => {
  const at = (bytes: number, policy: string) => ({
    ...lazy,
    policy,
    settings: { "firmware.preAcceptLimitBytes": bytes },
  });
  const picture = drawn(
    times,
    rowsResult(
      at(2 ** 30, "lazy"),
      at(2 ** 30 + 4096, "lazy"),
      at(2 ** 30, "eager"),
      at(2 ** 30 + 4096, "eager"),
    ),
  );
  assert.equal(
    valuesOf(picture).map(({ panel, policy }) => [panel, policy]),
    [
      ["firmware.preAcceptLimitBytes 1073741824", "lazy"],
      ["firmware.preAcceptLimitBytes 1073741824", "eager"],
      ["firmware.preAcceptLimitBytes 1073745920", "lazy"],
      ["firmware.preAcceptLimitBytes 1073745920", "eager"],
    ],
  );
});

test.run();
