import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatDiff, formatDiffCsv, formatDiffJson, formatDiffMarkdown } from "../../src/report/diff.js";
import { diffSentences, percentText } from "../../src/report/diff-lead.js";
import { formatJson } from "../../src/results/formats.js";
import { parseRows, type StoredRow } from "../../src/results/read.js";
import type { CompareRow, Repeats } from "../../src/results/row.js";
import { type Diff, diffRows } from "../../src/study/diff.js";
import { GiB, MiB } from "../../src/units.js";
import { rowWith } from "../results/rows.js";

const test = suite("report: diff");

const SNP = {
  platform: "snp",
  vcpus: 1,
  memoryBytes: 4 * GiB,
  bootTimeNs: 10_000_000_000,
  costs: { vmgexitPsc: 1000, npf4k: 50 },
  bootCosts: { vmgexitPsc: 1000, npf4k: 50 },
  eventPrices: { vmgexitPsc: 3550, npf4k: 7000 },
} as const satisfies Partial<CompareRow>;

/** Rows as JSON has them. */
function stored(...rows: Partial<CompareRow>[]): readonly StoredRow[] {
  return parseRows(formatJson(rows.map((row) => rowWith({ ...SNP, ...row }))), "x").rows;
}

/** 338,000 more exits, which take 1.2 s of 1.3 s. */
const SLOWER = {
  bootTimeNs: 11_300_000_000,
  costs: { ...SNP.costs, vmgexitPsc: 339_000 },
  bootCosts: { ...SNP.bootCosts, vmgexitPsc: 339_000 },
};

function sentences(a: readonly StoredRow[], b: readonly StoredRow[]): string[] {
  return diffSentences(diffRows(a, b));
}

test("a sentence says how much, where, and which event accounts for how much of it", () => {
  const policies = ["lazy", "eager", "background", "page-flag"];
  const a = stored(...policies.map((policy) => ({ policy })));
  const b = stored(...policies.map((policy, at) => ({ policy, ...(at < 3 ? SLOWER : {}) })));
  assert.equal(sentences(a, b), [
    "B is 13 % slower to boot on 3 of 4 runs, because of 1,014,000 more vmgexitPsc (an exit that asks for page " +
      "state changes): 3.6 s of 3.9 s.",
  ]);
});

test("of one run the values are told; a price names what it was", () => {
  const eventPrices = { ...SNP.eventPrices, vmgexitPsc: 1_003_550 };
  assert.equal(sentences(stored({}), stored({ bootTimeNs: 11_000_000_000, eventPrices })), [
    "B is 10 % slower to boot (11 s, A 10 s), because of the price of vmgexitPsc (an exit that asks for page state " +
      "changes), 1 ms rather than 3.55 us: 1 s of 1 s.",
  ]);
});

test("both directions, ranges, memory, and a part that no event accounts for", () => {
  const a = stored({}, { policy: "eager" }, { policy: "background" });
  const b = stored(
    { bootTimeNs: 9_000_000_000 },
    { policy: "eager", bootTimeNs: 11_000_000_000 },
    { policy: "background", bootTimeNs: 12_000_000_000, overheadBytes: 3184 * MiB * 1.5 },
  );
  assert.equal(sentences(a, b), [
    "B is 10 % to 20 % slower to boot on 2 of 3 runs and 10 % faster to boot on 1 of 3 runs; no priced event accounts " +
      "for it: it is the guest's own work, or waiting.",
    "B has 50 % more memory overhead on 1 of 3 runs.",
  ]);
});

test("an event that accounts for less than half is not called the cause", () => {
  const [text] = sentences(stored({}), stored({ ...SLOWER, bootTimeNs: 13_000_000_000 }));
  assert.match(
    text!,
    /^B is 30 % slower to boot \(13 s, A 10 s\); the most that an event accounts for: 338,000 more /,
  );
  const many = sentences(stored({ vcpus: 8 }), stored({ vcpus: 8, ...SLOWER }));
  assert.match(many[0]!, /, because of 338,000 more vmgexitPsc .*: 1\.2 s of the CPUs' time together\.$/);
});

test("what comes after the boot is told where it moved on its own", () => {
  const [a, b, c] = [
    { totalTimeNs: 30_000_000_000 },
    { totalTimeNs: 31_300_000_000, ...SLOWER },
    { totalTimeNs: 33_000_000_000 },
  ];
  assert.is(sentences(stored(a), stored(b)).length, 1);
  assert.match(
    sentences(stored(a), stored(c))[0]!,
    /^B is 10 % slower from power-on to the last request \(33 s, A 30 s\)/,
  );
});

test("a guest that no longer comes up is said first", () => {
  const failed = { outcome: "oom", reason: "no page", bootTimeNs: 1 } as const;
  const [a, b] = [stored({}, { policy: "eager" }), stored({ ...failed }, { policy: "eager" })];
  assert.equal(sentences(a, b), ["B does not get ready on 1 of 2 runs where A gets ready: oom."]);
  assert.equal(sentences(b, a), ["A does not get ready on 1 of 2 runs where B gets ready: oom."]);
});

test("nothing that differs, little that differs, and rows without their like", () => {
  const a = stored({}, { policy: "eager" });
  assert.equal(sentences(a, a), ["B is the same as A in all 2 runs."]);
  assert.equal(sentences(stored({}), stored({})), ["B is the same as A in its run."]);
  assert.equal(sentences(stored({}), stored({ kernelRules: "7.3", spinNs: 1, touchedBytes: 1 })), [
    "Times and overhead are the same; what differs: touchedBytes, spinNs, kernelRules.",
  ]);
  assert.is(
    sentences(a, stored({}, { policy: "background" }, { policy: "page-flag" })).at(-1),
    "Not compared, having no like: 1 run of A and 2 runs of B.",
  );
});

test("seeds: whether it is more than chance, or why that cannot be said", () => {
  const repeats = (mean: number): { repeats: Repeats } => ({
    repeats: { runs: 4, failed: 0, bootTimeNs: { mean, halfWidth: 1e8 } } as unknown as Repeats,
  });
  const diff = diffRows(stored(repeats(10e9)), stored({ ...SLOWER, ...repeats(11.3e9) }));
  assert.is(
    diffSentences(diff).at(-1),
    "Over seeds the mean boot time differs by more than chance on 1 of 1 run that were repeated (Welch's t test, 5 %).",
  );
  assert.match(
    formatDiff(diff, NAMES),
    /over seeds: bootTimeNs \+1\.3 s ± 109 ms, more than chance \(4 and 4\s+runs\)/,
  );
  const once = formatDiff(diffRows(stored(repeats(10e9)), stored(SLOWER)), NAMES);
  assert.match(once, /whether that is chance cannot be said: only A was repeated with\s+other seeds/);
});

const NAMES = { a: "old.json", b: "new.json" };
const DIFF: Diff = diffRows(
  stored({}, { policy: "eager" }),
  stored(
    { ...SLOWER, exits: 368_720, phases: [{ name: "firmware", ns: 2_400_000_000 }] },
    { policy: "eager" },
  ),
);

test("the table for people: sentences, measures of each run that differs, events, phases", () => {
  assert.is(
    formatDiff(DIFF, NAMES),
    `B is 13 % slower to boot on 1 of 2 runs, because of 338,000 more vmgexitPsc (an
  exit that asks for page state changes): 1.2 s of 1.3 s.

A is old.json, B is new.json

measure        A       B  change   of A
──────────────────────────────────────────────
lazy on snp, 4 GiB, 1 vCPU
bootTimeNs  10 s  11.3 s  +1.3 s  +13 %  worse
  and 1 more measure
  boot: vmgexitPsc (an exit that asks for page state changes): +338,000 at 3.55
    us, +1.2 s
  boot: +100 ms of +1.3 s is no event's: own work, waiting
  phases of the boot: kernel -4.4 s, firmware +1.3 s

of A: the change as a share of A's value.
Deeper: --json has every measure, phase and event of every pair, --fail-on makes
  a check of it.
`,
  );
  const same = formatDiff(diffRows(stored({}), stored({})), NAMES);
  assert.is(same, "B is the same as A in its run.\n\nA is old.json, B is new.json\n");
});

test("Markdown, with names that would break a table", () => {
  const odd = diffRows(stored({}, { scenario: "a|b" }), stored(SLOWER, { scenario: "a|b", ...SLOWER }));
  const lines = formatDiffMarkdown(odd, NAMES).split("\n");
  assert.ok(lines.includes("| run | measure | A | B | change | of A |  |"));
  const cells = "| bootTimeNs | 10 s | 11.3 s | +1.3 s | +13 % | worse |";
  assert.ok(lines.includes(`| lazy on snp, 4 GiB, 1 vCPU, scenario a\\|b ${cells}`));
  assert.ok(
    lines.some((line) => line.startsWith("- lazy on snp, 4 GiB, 1 vCPU, scenario boot: boot: vmgexitPsc")),
  );
});

test("JSON has each pair with what it ran on and all that differs, and the rows without a like", () => {
  const unlike = diffRows(stored({}, { policy: "eager" }), stored(SLOWER, { policy: "background" }));
  const { schemaVersion, a, b, pairs, unpaired } = JSON.parse(formatDiffJson(unlike, NAMES));
  assert.equal([schemaVersion, a, b, pairs.length], [2, "old.json", "new.json", 1]);
  const [{ policy, isChanged, outcome, measures, times }] = pairs;
  assert.equal([policy, isChanged, outcome], ["lazy", true, { a: "ready", b: "ready" }]);
  assert.is(measures[0].change, 1_300_000_000);
  assert.equal(
    [times[0].events[0].byCountNs, times[0].otherNs],
    [338_000 * 3550, 1_300_000_000 - 338_000 * 3550],
  );
  assert.equal([unpaired.a[0].policy, unpaired.b[0].policy], ["eager", "background"]);
});

test("CSV has a line for each number that differs", () => {
  const [head, ...lines] = formatDiffCsv(DIFF).trimEnd().split("\r\n");
  assert.is(
    head,
    "scenario,platform,policy,kernel,prices,memoryBytes,vcpus,workload,boot,settings,name,a,b,change,share,verdict," +
      "meanChange,meanHalfWidth",
  );
  const before = "boot,snp,lazy,6.12,default,4294967296,1,idle,idle,{},";
  assert.equal(
    lines.map((line) => line.slice(before.length)),
    [
      "bootTimeNs,10000000000,11300000000,1300000000,0.13,worse,,",
      "exits,30720,368720,338000,11.002604166666666,worse,,",
      "phases.kernel,4400000000,,-4400000000,-1,neither,,",
      "phases.firmware,1100000000,2400000000,1300000000,1.1818181818181819,neither,,",
      "costs.vmgexitPsc,1000,339000,338000,338,neither,,",
    ],
  );
  assert.ok(lines.every((line) => line.startsWith(before)));
});

test("shares never read as nothing", () => {
  assert.equal([0.000_01, 0.0042, 0.042, 0.42, 12].map(percentText), [
    "<0.1 %",
    "0.4 %",
    "4.2 %",
    "42 %",
    "1,200 %",
  ]);
});

test.run();
