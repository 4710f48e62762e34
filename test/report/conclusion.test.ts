import { suite } from "uvu";
import * as assert from "uvu/assert";
import { conclusionOf } from "../../src/report/conclusion.js";
import { measureNamed } from "../../src/results/measures.js";
import type { CompareRow } from "../../src/results/row.js";
import { GiB } from "../../src/units.js";
import { rowWith } from "../results/rows.js";
import { NO_WAITS } from "../results/waits.js";

const test = suite("report: conclusion");

const group = (title: string, ...rows: CompareRow[]) => ({ title, rows });
const lazy = (changes: Partial<CompareRow> = {}): CompareRow =>
  rowWith({ bootTimeNs: 10e9, bootAssumedNs: {}, overheadBytes: 2 * GiB, ...changes });
const eager = (changes: Partial<CompareRow> = {}): CompareRow =>
  rowWith({
    policy: "eager",
    bootTimeNs: 127e9,
    bootAssumedNs: {},
    overheadBytes: 64 * GiB,
    waits: { boot: NO_WAITS, workload: NO_WAITS },
    ...changes,
  });

test("one input: who is first, by how much, at what cost, and what waits", () => {
  assert.equal(conclusionOf([group("tdx, 64 GiB", eager(), lazy())], "eager", undefined), [
    "lazy is ready 12.7 times earlier than eager, 10 s against 127 s, with 62 GiB less overhead. " +
      "7 of its 700 allocations wait, 60 ms in all, 21 ms at most.",
  ]);
});

test("with a workload it is the total time that counts, and the boot's does not", () => {
  const after = { boot: "debian", workload: "generate:heap?size=1GiB" };
  const [text] = conclusionOf(
    [
      group(
        "tdx, 64 GiB",
        lazy({ ...after, totalTimeNs: 200e9 }),
        eager({ ...after, totalTimeNs: 150e9, overheadBytes: 2 * GiB }),
      ),
    ],
    "eager",
    undefined,
  );
  assert.match(
    text!,
    /^eager is done 1.33 times earlier than lazy, 150 s against 200 s, with the same overhead\./,
  );
});

test("what is assumed stands as a range, with the price that decides it", () => {
  const [text] = conclusionOf(
    [group("tdx, 64 GiB", lazy(), eager({ bootAssumedNs: { acceptZero4kNs: 17e9 } }))],
    "eager",
    undefined,
  );
  // 17 s at 1.7 us are 3 s at 300 ns and 30 s at 3 us.
  assert.match(text!, "12.7 times earlier than eager (about 11.3 to 14 over what is assumed)");
  assert.match(text!, "What decides it most among assumed prices: acceptZero4kNs (1.7 us, 300 ns to 3 us).");
});

test("of many inputs it says on how many who is first, and both ends", () => {
  const [text] = conclusionOf(
    [
      group("tdx, 4 GiB", lazy(), eager({ bootTimeNs: 15e9, overheadBytes: 3 * GiB })),
      group("tdx, 64 GiB", lazy(), eager()),
      group("tdx, 8 GiB", lazy(), eager({ bootTimeNs: 50e9 })),
      group("snp, 4 GiB", lazy({ bootTimeNs: 20e9 }), eager({ bootTimeNs: 15e9 })),
    ],
    "eager",
    undefined,
  );
  assert.match(
    text!,
    "lazy is first on 3 of 4 inputs, eager on snp, 4 GiB: ready from 1.5 times (tdx, 4 GiB) to 12.7 times " +
      "(tdx, 64 GiB) earlier than eager, with 1 GiB to 62 GiB less overhead.",
  );
});

test("of very many inputs those of other winners are counted and not named", () => {
  const groups = (others: number): ReturnType<typeof group>[] =>
    Array.from({ length: 20 }, (_none, at) =>
      group(`input ${at}`, lazy({ bootTimeNs: at < others ? 200e9 : 10e9 }), eager()),
    );
  const [few] = conclusionOf(groups(8), "eager", undefined);
  assert.match(few!, /^lazy is first on 12 of 20 inputs, eager on input 0 and input 1 and .* and input 7: /);
  const [many] = conclusionOf(groups(9), "eager", undefined);
  assert.match(many!, /^lazy is first on 11 of 20 inputs, eager on 9 of them: /);
});

test("of many inputs with one run each it says from where to where they go", () => {
  const groups = [
    group("cma=8G", lazy({ bootTimeNs: 36.2e9 })),
    group("crashkernel=1G", lazy({ bootTimeNs: 13.8e9 })),
    group("", lazy({ bootTimeNs: 14e9 })),
  ];
  assert.match(
    conclusionOf(groups, "eager", undefined)[0]!,
    /^lazy is ready after 13\.8 s \(crashkernel=1G\) to 36\.2 s \(cma=8G\)\. 7 of its allocations/,
  );
  assert.match(
    conclusionOf(groups, "eager", [measureNamed("exits")])[0]!,
    /^lazy: exits 30,720 on all 3 inputs\./,
  );
  assert.match(
    conclusionOf([group("a", lazy()), group("b", eager())], "eager", undefined)[0]!,
    /^The best is ready after 10 s \(a\) to 127 s \(b\)\./,
  );
});

test("few inputs with different winners have a sentence each", () => {
  const [text] = conclusionOf(
    [
      group("snp, 4 GiB", lazy({ bootTimeNs: 20e9 }), eager({ bootTimeNs: 10e9 })),
      group("tdx, 64 GiB", lazy(), eager()),
    ],
    "eager",
    undefined,
  );
  assert.is(
    text,
    "eager on snp, 4 GiB is ready 2 times earlier than lazy, 10 s against 20 s, with 62 GiB more overhead. " +
      "lazy on tdx, 64 GiB is ready 12.7 times earlier than eager, 10 s against 127 s, with 62 GiB less overhead.",
  );
});

test("where nobody is earlier anywhere, it says so", () => {
  const even = (title: string) => group(title, lazy(), eager({ bootTimeNs: 10e9 }));
  const [text] = conclusionOf([even("tdx, 2 GiB"), even("tdx, 4 GiB")], "eager", undefined);
  assert.match(text!, "lazy is first on all 2 inputs: ready when eager is, with 62 GiB less overhead.");
  const [some] = conclusionOf(
    [even("tdx, 2 GiB"), group("tdx, 64 GiB", lazy(), eager())],
    "eager",
    undefined,
  );
  assert.match(some!, ": ready up to 12.7 times (tdx, 64 GiB) earlier than eager, with");
});

test("another rank decides, without a word about time", () => {
  const [text] = conclusionOf([group("tdx, 64 GiB", lazy(), eager())], "eager", [measureNamed("exits")]);
  assert.match(text!, /^(?:lazy|eager) is best by exits: 30,720 against 30,720 of (?:lazy|eager)\./);
});

test("a run that failed is first in no comparison, and named", () => {
  const failed = lazy({ outcome: "oom", reason: "no page", bootTimeNs: 1 });
  assert.equal(conclusionOf([group("tdx, 64 GiB", failed, eager())], "eager", undefined), [
    "eager is ready after 127 s. None of its allocations waits.",
    "1 of 2 runs failed: lazy on tdx, 64 GiB (out of memory).",
  ]);
  assert.equal(conclusionOf([group("tdx, 64 GiB", failed)], "eager", undefined), [
    "1 of 1 run failed: lazy on tdx, 64 GiB (out of memory).",
  ]);
});

test.run();
