// Takes 2 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatJson } from "../../src/results/formats.js";
import { parseRows, type StoredRow } from "../../src/results/read.js";
import type { CompareRow, Repeats, RunResult } from "../../src/results/row.js";
import { parseScenario } from "../../src/scenario/load.js";
import { compare } from "../../src/study/compare.js";
import { diffRows, type RowDiff } from "../../src/study/diff.js";
import { eventChanges } from "../../src/study/diff-events.js";
import { repeatsChange, welchHalfWidth } from "../../src/study/diff-repeats.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { LOADER } from "../loader.js";
import { rowWith } from "../results/rows.js";

const test = suite("study: diff");

function only(a: Partial<CompareRow>, b: Partial<CompareRow>): RowDiff {
  const { pairs, unpaired } = diffRows([rowWith(a)], [rowWith(b)]);
  assert.equal([pairs.length, unpaired], [1, { a: [], b: [] }]);
  return pairs[0]!;
}

test("equal rows differ in nothing", () => {
  const { a: _a, b: _b, ...changes } = only({}, {});
  assert.equal(changes, { inputs: [], measures: [], others: [], phases: [], times: [] });
});

test("an event that happened more often accounts for its count at its price", () => {
  const { measures, times } = only(
    { vcpus: 1, bootTimeNs: 1_000_000 },
    { vcpus: 1, bootTimeNs: 1_250_000, bootCosts: { tdcall: 1048870, eptViolation: 98 } },
  );
  assert.equal(measures, [
    { name: "bootTimeNs", a: 1_000_000, b: 1_250_000, change: 250_000, share: 0.25, verdict: "worse" },
  ]);
  const share = { a: { count: 1048570, priceNs: 800 }, b: { count: 1048870, priceNs: 800 } };
  assert.equal(times, [
    {
      name: "bootTimeNs",
      changeNs: 250_000,
      events: [{ event: "tdcall", ...share, byCountNs: 240_000, byPriceNs: 0 }],
      otherNs: 10_000,
    },
  ]);
});

test("a price that changed accounts for its difference, as often as it was paid", () => {
  const eventPrices = { tdcall: 800, eptViolation: 7500 };
  const { times } = only({ vcpus: 1, bootTimeNs: 100_000 }, { vcpus: 1, bootTimeNs: 51_000, eventPrices });
  const [time] = times;
  assert.equal(time!.events, [
    {
      event: "eptViolation",
      a: { count: 98, priceNs: 8000 },
      b: { count: 98, priceNs: 7500 },
      byCountNs: 0,
      byPriceNs: -49_000,
    },
  ]);
  assert.is(time!.otherNs, 0);
});

test("an event that only one of them had has the price of that one", () => {
  const events = eventChanges({ counts: {}, prices: {} }, { counts: { npf4k: 3 }, prices: { npf4k: 7000 } });
  assert.equal(events, [
    {
      event: "npf4k",
      a: { count: 0, priceNs: null },
      b: { count: 3, priceNs: 7000 },
      byCountNs: 21_000,
      byPriceNs: 0,
    },
  ]);
});

test("counts and prices together are the whole difference, whatever changed", () => {
  const events = fc.dictionary(
    fc.constantFrom("a", "b", "c", "d"),
    fc.record({ count: fc.integer({ min: 1, max: 1e6 }), priceNs: fc.integer({ min: 0, max: 1e6 }) }),
  );
  const priced = events.map((all) => ({
    counts: Object.fromEntries(Object.entries(all).map(([name, { count }]) => [name, count])),
    prices: Object.fromEntries(Object.entries(all).map(([name, { priceNs }]) => [name, priceNs])),
  }));
  const sum = ({ counts, prices }: Parameters<typeof eventChanges>[0]): number =>
    Object.entries(counts).reduce((all, [name, count]) => all + count * prices[name]!, 0);
  fc.assert(
    fc.property(priced, priced, (a, b) => {
      const changes = eventChanges(a, b);
      const changed = changes.reduce((all, { byCountNs, byPriceNs }) => all + byCountNs + byPriceNs, 0);
      assert.is(changed, sum(b) - sum(a));
      assert.ok(changes.every((one) => one.a.count !== one.b.count || one.byPriceNs !== 0));
    }),
  );
});

test("what happens on several CPUs at once, or has no price in one of them, is no sum of the time", () => {
  const slower = { bootTimeNs: 6_000_000_000, bootCosts: { tdcall: 1048571, eptViolation: 98 } };
  assert.is(only({}, slower).times[0]!.otherNs, null);
  const { eventPrices: _prices, ...unpriced } = rowWith({ vcpus: 1 });
  const { pairs } = diffRows([unpriced], [rowWith({ vcpus: 1, ...slower })]);
  assert.equal(pairs[0]!.times, [{ name: "bootTimeNs", changeNs: 500_000_000, events: [], otherNs: null }]);
});

test("rows pair by what they ran on, in any order; the others are told", () => {
  const rows = [
    rowWith(),
    rowWith({ policy: "eager" }),
    rowWith({ settings: { seed: 1, "host.prefault": true } }),
    rowWith({ memoryBytes: 2 ** 32 }),
  ];
  const like = [
    rowWith({ settings: { "host.prefault": true, seed: 1 }, bootTimeNs: 3 }),
    rowWith({ policy: "background" }),
    rowWith({ bootTimeNs: 1 }),
    rowWith({ policy: "eager", bootTimeNs: 2 }),
  ];
  const { pairs, unpaired } = diffRows(rows, like);
  assert.equal(
    pairs.map(({ a, b, inputs }) => [rows.indexOf(a as CompareRow), b.bootTimeNs, inputs.length]),
    [
      [0, 1, 0],
      [1, 2, 0],
      [2, 3, 0],
    ],
  );
  assert.equal(unpaired, { a: [rows[3]], b: [like[1]] });
});

test("rows that are alike within a result pair in their order, and what is left over is told", () => {
  const at = (bootTimeNs: number): CompareRow => rowWith({ bootTimeNs });
  const { pairs, unpaired } = diffRows([at(1), at(2)], [at(3), at(4), at(5)]);
  assert.equal(
    pairs.map(({ a, b }) => [a.bootTimeNs, b.bootTimeNs]),
    [
      [1, 3],
      [2, 4],
    ],
  );
  assert.equal(
    unpaired.b.map(({ bootTimeNs }) => bootTimeNs),
    [5],
  );
});

test("the only rows of two results are a pair whatever they ran on, which is told", () => {
  const { inputs } = only({ settings: { seed: 1 } }, { policy: "eager", vcpus: 4, settings: { swap: true } });
  assert.equal(inputs, [
    { name: "policy", a: "lazy", b: "eager" },
    { name: "vcpus", a: 8, b: 4 },
    { name: "settings.seed", a: 1, b: undefined },
    { name: "settings.swap", a: undefined, b: true },
  ]);
});

test("less is better or worse as the measure says, and nothing of a guest that never came up", () => {
  const verdicts = (b: Partial<CompareRow>): unknown =>
    only({}, { bootTimeNs: 1, bootRatio: 9, touchedBytes: 1, exits: 30_721, ...b }).measures.map(
      ({ name, verdict }) => [name, verdict],
    );
  assert.equal(verdicts({}), [
    ["bootTimeNs", "better"],
    ["bootRatio", "better"],
    ["touchedBytes", "better"],
    ["exits", "worse"],
  ]);
  const failed = verdicts({ outcome: "oom", reason: "no page" }) as [string, string][];
  assert.ok(failed.every(([, verdict]) => verdict === "neither"));
  assert.equal(only({}, { outcome: "oom", reason: "no page" }).others, [
    { name: "outcome", a: "ready", b: "oom" },
    { name: "reason", a: undefined, b: "no page" },
  ]);
});

test("a measure that one of them lacks is no change by a number", () => {
  const { measures } = only({}, { workloadTimeNs: 5 });
  assert.equal(measures, [
    { name: "workloadTimeNs", a: null, b: 5, change: null, share: null, verdict: "neither" },
  ]);
});

test("phases that moved, the farthest first", () => {
  const phases = [
    { name: "firmware", ns: 1_100_000_001 },
    { name: "stub", ns: 50 },
  ];
  assert.equal(only({}, { phases }).phases, [
    { name: "kernel", aNs: 4_400_000_000, bNs: null, changeNs: -4_400_000_000 },
    { name: "stub", aNs: null, bNs: 50, changeNs: 50 },
    { name: "firmware", aNs: 1_100_000_000, bNs: 1_100_000_001, changeNs: 1 },
  ]);
});

const NONE = { mean: 0, halfWidth: 0 };

function repeatsWith(runs: number, mean: number, halfWidth: number, failed = 0): Repeats {
  const all = { workloadTimeNs: NONE, totalTimeNs: NONE, overheadBytes: NONE };
  return { runs, failed, ...all, bootTimeNs: { mean, halfWidth } } as Repeats;
}

test("Welch's interval is that of the textbook", () => {
  // Standard deviations 1 and 2 of 5 and 8 runs: standard error sqrt(0.7), 10.72 degrees of freedom; t is 2.2281 for 10 and 2.2010 for 11.
  const [a, b] = [
    { runs: 5, mean: 10, halfWidth: 2.776_445 / Math.sqrt(5) },
    { runs: 8, mean: 12, halfWidth: (2.364_624 * 2) / Math.sqrt(8) },
  ] as const;
  assert.ok(Math.abs(welchHalfWidth(a, b) - 2.2081 * Math.sqrt(0.7)) < 1e-4);
  // Twice the same sample: that of Student's t with both degrees of freedom, 8.
  const twice = welchHalfWidth(a, a);
  assert.ok(Math.abs(twice - 2.306_004 * Math.sqrt(0.4)) < 1e-5, String(twice));
});

test("means that differ by more than their interval do so by more than chance", () => {
  const verdict = (b: Repeats): unknown => {
    const { means } = repeatsChange(repeatsWith(5, 100, 10), b)!;
    return means.map(({ name, change, isSignificant }) => [name, change, isSignificant]);
  };
  assert.equal(verdict(repeatsWith(5, 130, 10)), [["bootTimeNs", 30, true]]);
  assert.equal(verdict(repeatsWith(5, 105, 10)), [["bootTimeNs", 5, false]]);
  assert.equal(verdict(repeatsWith(5, 100, 99)), []);
  // Where no seed makes a difference, any change is one.
  const certain = repeatsChange(repeatsWith(3, 100, 0), repeatsWith(3, 101, 0))!;
  assert.equal([certain.means[0]!.halfWidth, certain.means[0]!.isSignificant], [0, true]);
});

test("where nothing can be said of chance, the reason is", () => {
  const repeats = repeatsWith(5, 100, 10);
  assert.is(repeatsChange(undefined, undefined), undefined);
  assert.equal(repeatsChange(repeats, undefined), {
    runs: { a: 5, b: 1 },
    means: [],
    whyNot: "only A was repeated with other seeds",
  });
  assert.is(
    repeatsChange(repeats, repeatsWith(5, 1, 1, 1))!.whyNot,
    "some of the runs with other seeds failed",
  );
});

async function simulated(...assignments: string[]): Promise<readonly StoredRow[]> {
  const text =
    "name: s\nworkload: generate:heap?size=2GiB\nplatform: [tdx, snp]\npolicy: [eager, lazy]\nmemory: 4GiB\nfirmware: { preAcceptLimit: 512MiB }\n";
  const scenarios = parseScenario(text, "s.yaml", assignments);
  const rows = await compare(
    scenarios,
    (scenario): RunResult => runScenario(scenario, LOADER.generate(scenario), { check: false }),
  );
  return parseRows(formatJson(rows), "s.json").rows;
}

test("of a real run on one CPU a price accounts for all that it changed, and an exit for its own", async () => {
  const base = await simulated();
  const dearer = [
    ...(await simulated("platform=tdx", "platform.acceptZero4kNs=3us")),
    ...(await simulated("platform=snp", "platform.npf4kNs=9us")),
  ];
  const { pairs } = diffRows(base, dearer);
  assert.is(pairs.length, 4);
  for (const { times, b } of pairs) {
    assert.equal(
      times.map(({ name }) => name),
      ["bootTimeNs", "totalTimeNs"],
    );
    for (const { events, otherNs, changeNs } of times) {
      assert.equal(
        events.map(({ event }) => event),
        [b.platform === "tdx" ? "acceptZero4k" : "npf4k"],
      );
      // Times are rounded once, in each row.
      assert.ok(changeNs > 0 && Math.abs(otherNs!) <= 1, `${otherNs}`);
    }
  }
  const lazy = pairs.find(({ b }) => b.policy === "lazy")!;
  const [inBoot, inAll] = lazy.times.map(({ events }) => events[0]!.b.count);
  assert.ok(inBoot! + 100_000 < inAll!, `${inBoot} of ${inAll} before the heap of 524,288 pages`);
  const huge = diffRows(base, await simulated("host.pageSize=2MiB")).pairs;
  for (const { times } of huge) {
    const [boot] = times;
    assert.ok(boot!.events.length > 3 && boot!.changeNs < 0);
    assert.ok(Math.abs(boot!.otherNs!) <= 1, `${boot!.otherNs} of ${boot!.changeNs}`);
  }
});

test.run();
