import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { DocumentRow } from "../../../src/report/pictures/documents.js";
import { memory } from "../../../src/report/pictures/memory.js";
import { phases } from "../../../src/report/pictures/phases.js";
import { prices } from "../../../src/report/pictures/prices.js";
import { scaling } from "../../../src/report/pictures/scaling.js";
import { COLOURS } from "../../../src/report/pictures/theme.js";
import { waits } from "../../../src/report/pictures/waits.js";
import { GiB } from "../../../src/units.js";
import { rowWith } from "../../results/rows.js";
import { drawn, rowsResult, valuesOf } from "./results.js";

const test = suite("report: pictures of rows");

const row = rowWith();

test("phases lie end to end, and what is short everywhere is summed up", () => {
  const picture = drawn(
    phases,
    rowsResult({
      ...row,
      phases: [
        { name: "firmware", ns: 1e9 },
        { name: "short", ns: 1e6 },
        { name: "empty", ns: 0 },
        { name: "deferred init", ns: 4.499e9 },
      ],
    }),
  );
  assert.equal(
    valuesOf(picture).map(({ phase, from, to, label }) => [phase, from, Number(to).toFixed(3), label]),
    [
      ["firmware", 0, "1.000", undefined],
      ["deferred init", 1, "5.499", undefined],
      ["other phases", 5.499, "5.500", "5.5 s"],
    ],
  );
  assert.is(
    picture.description,
    "lazy takes 5.5 s. Longest phase: deferred init, 4.5 s. All: tdx, 64 GiB, 8 vCPUs, Linux 6.12, workload idle.",
  );
  assert.equal(picture.table.rows[1], ["lazy", "short", "1 ms"]);
});

/** As rows of run and compare have it, without what no picture shows. */
function withMemory(host: readonly number[]): DocumentRow {
  const overTime = { timeNs: [0, 2e9], acceptedBytes: [0, 2 * GiB], touchedBytes: [0, GiB], hostBytes: host };
  return { ...row, overTime } as unknown as DocumentRow;
}

test("memory over time: three lines for each run", () => {
  const picture = drawn(
    memory,
    rowsResult(withMemory([0, 3 * GiB]), { ...withMemory([GiB, 4 * GiB]), policy: "eager" }),
  );
  assert.equal(
    valuesOf(picture).map(({ panel, line, seconds, gib }) => [panel, line, seconds, gib]),
    [
      ["lazy", "host", 0, 0],
      ["lazy", "host", 2, 3],
      ["lazy", "accepted", 0, 0],
      ["lazy", "accepted", 2, 2],
      ["lazy", "touched", 0, 0],
      ["lazy", "touched", 2, 1],
      ["eager", "host", 0, 1],
      ["eager", "host", 2, 4],
      ["eager", "accepted", 0, 0],
      ["eager", "accepted", 2, 2],
      ["eager", "touched", 0, 0],
      ["eager", "touched", 2, 1],
    ],
  );
  assert.match(picture.description, "lazy, after 2 s: host 3 GiB, accepted 2 GiB, touched 1 GiB.");
});

test("memory over time: touched memory that falls is explained, and only that", () => {
  const rising = withMemory([0, 3 * GiB]);
  const falling = {
    ...rising,
    overTime: { ...rising.overTime!, touchedBytes: [2 * GiB, GiB] },
  } as DocumentRow;
  assert.match(drawn(memory, rowsResult(rising)).description, "Touched: used by the guest so far. All:");
  assert.match(
    drawn(memory, rowsResult(falling)).description,
    "Touched: used by the guest so far; falls as memory becomes shared",
  );
});

test("rows without memory over time have no such picture, and a mixture says how many lack it", () => {
  const why = memory.draw([rowsResult(row)], COLOURS.light);
  assert.is(why, "its rows have no overTime, which run and compare write as JSON");
  assert.equal(drawn(memory, rowsResult(row, withMemory([0, GiB]))).caveats, [
    "1 of 2 rows do not have their memory over time.",
  ]);
});

test("waits: of all allocations the share that waits longer, to where the longest ends", () => {
  const distribution = { atMostNs: [0, 1000, 2000, 4000], allocations: [90, 0, 9, 1] };
  const calm = { atMostNs: [0], allocations: [100] };
  const own = {
    ...row,
    waits: {
      boot: { ...row.waits.boot, distribution },
      workload: { ...row.waits.workload, distribution: calm },
    },
  };
  const picture = drawn(waits, rowsResult(own));
  assert.equal(
    valuesOf(picture).map(({ panel, ns, share }) => [panel, ns, share]),
    [
      ["of the boot", 1000 / 1.5, 0.1],
      ["of the boot", 1000, 0.1],
      ["of the boot", 2000, 0.01],
      ["of the boot", 4000, 0.01],
    ],
  );
  assert.is(
    waits.draw([rowsResult({ ...own, waits: { ...own.waits, boot: own.waits.workload } })], COLOURS.light),
    "no allocation in it waits",
  );
});

test("scaling: a line for each policy along what the runs have more of", () => {
  const rows = [4, 64].flatMap((gib) => [
    rowWith({ memoryBytes: gib * GiB, bootTimeNs: gib * 1e9, overheadBytes: gib * GiB, assumedPrices: {} }),
    rowWith({
      policy: "eager",
      memoryBytes: gib * GiB,
      bootTimeNs: gib * 2e9,
      overheadBytes: gib * GiB,
      assumedPrices: {},
    }),
  ]);
  const picture = drawn(scaling, rowsResult(...rows));
  const [time, over] = (picture.spec as { vconcat: { data: { values: Record<string, unknown>[] } }[] })
    .vconcat;
  assert.equal(
    time!.data.values.map(({ policy, size, value }) => [policy, size, value]),
    [
      ["lazy", 4, 4],
      ["eager", 4, 8],
      ["lazy", 64, 64],
      ["eager", 64, 128],
    ],
  );
  assert.equal(
    over!.data.values.map(({ value }) => value),
    [4, 4, 64, 64],
  );
  assert.equal(picture.caveats, [
    "Lines on each other, as they differ by less than 4 %: lazy, eager (overhead by memory).",
  ]);
  assert.match(
    picture.description,
    "From the least to the most memory: lazy 4 s to 64 s, eager 8 s to 128 s.",
  );
  const why = scaling.draw([rowsResult(rows[0]!)], COLOURS.light);
  assert.is(why, "it needs runs with several sizes of memory or numbers of vCPUs");
});

test("prices: what a boot rests on, and how far one price moves it", () => {
  const own = rowWith({
    bootCosts: { tdcall: 2, initStructPage: 3 },
    eventPrices: { tdcall: 100, initStructPage: 200 },
    bootAssumedNs: { tdcallNs: 1_000_000_000 },
    assumedPrices: { tdcallNs: { value: 800, low: 400, high: 1600 } },
  });
  const picture = drawn(prices, rowsResult(own));
  const [shares, moves] = (picture.spec as { vconcat: { data: { values: Record<string, unknown>[] } }[] })
    .vconcat;
  assert.equal(
    shares!.data.values.map(({ origin, from, to, label }) => [origin, from, to, label]),
    [
      ["assumed", 0, 0.25, "25 %"],
      ["derived", 0.25, 1, "75 %"],
    ],
  );
  const [move] = moves!.data.values;
  assert.equal([move!.price, move!.low, move!.own, move!.high], ["tdcallNs", 5, 5.5, 6.5]);
  assert.match(picture.description, "tdcallNs moves most: 5 s to 6.5 s, where it is 400 ns to 1.6 us.");
});

test("of another machine's prices rows say only which are assumed", () => {
  const own = rowWith({
    prices: "lab",
    bootCosts: { tdcall: 1, initStructPage: 1 },
    eventPrices: { tdcall: 1, initStructPage: 1 },
    assumedPrices: { tdcallNs: { value: 1, low: 1, high: 1 } },
  });
  assert.equal(drawn(prices, rowsResult(own)).table.rows[0]!.slice(1, 6), [
    "50 %",
    "0 %",
    "0 %",
    "50 %",
    "0 %",
  ]);
});

test.run();
