// Takes 3 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { attack } from "../../src/after/attack.js";
import { loadScenarios } from "../../src/cli/load.js";
import { PLATFORMS } from "../../src/coco/platforms.js";
import type { Booted } from "../../src/guest/state.js";
import type { RunResult } from "../../src/results/row.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { PAGE_SIZE } from "../../src/units.js";
import { runBoot } from "../guest/run-boot.js";
import { LOADER } from "../loader.js";

const test = suite("guest: attack");

function attacked(...settings: readonly string[]): RunResult {
  return runBoot("memory=4GiB", "policy=lazy", "attack.pages=5", ...settings);
}

test("TDX: touching a page that the host gave anew ends the guest, whatever it would answer", () => {
  for (const answer of ["terminate", "warn", "ignore"]) {
    const run = attacked("platform=tdx", `attack.answer=${answer}`);
    assert.is(run.outcome, "terminated");
    assert.match(run.reason!, /leaves the TD/);
    assert.equal(run.attack, { pages: 1, warnings: 0, integrityViolations: 0 });
  }
});

for (const settings of [["platform=snp"], ["platform.kind=tdx", "guest.septVeDisable=false"]]) {
  const name = settings.join(", ");

  test(`${name}: a guest that stops loses nothing but itself`, () => {
    const run = attacked(...settings, "attack.answer=terminate");
    assert.is(run.outcome, "terminated");
    assert.match(run.reason!, /the guest stops/);
    assert.is(run.attack!.integrityViolations, 0);
  });

  test(`${name}: one that warns goes on and says so`, () => {
    const run = attacked(...settings, "attack.answer=warn");
    assert.is(run.outcome, "ready");
    assert.equal(run.attack, { pages: 5, warnings: 5, integrityViolations: 0 });
  });

  test(`${name}: one that ignores it goes on with other contents`, () => {
    const run = attacked(...settings, "attack.answer=ignore");
    assert.is(run.outcome, "ready");
    assert.equal(run.attack, { pages: 5, warnings: 0, integrityViolations: 5 });
  });
}

test("a plain guest cannot tell", () => {
  assert.is(attacked("platform=none").attack!.integrityViolations, 5);
});

test("what the guest shares is no target, also where a driver got memory of the kernel's image", () => {
  for (const platform of [["platform=snp"], ["platform.kind=tdx", "guest.septVeDisable=false"]]) {
    const run = runBoot(
      "workload=generate:boot",
      "memory=288MiB",
      "policy=lazy",
      "guest.dmaBuffers=30000",
      "attack.pages=9000",
      "attack.answer=ignore",
      ...platform,
    );
    assert.is(run.outcome, "ready");
    assert.is(run.attack!.integrityViolations, 9_000);
  }
});

test("SNP: one page of the host is at one address only; at a second one it is stopped, and then not validated", () => {
  const alias = ["platform=snp", "attack.kind=alias"];
  const stops = attacked(...alias);
  assert.is(stops.outcome, "terminated");
  assert.equal(stops.attack, { pages: 1, warnings: 0, integrityViolations: 0, stopped: 1 });
  // Both addresses have lost what was there: one its memory, the other one's entry its validated bit.
  for (const answer of ["warn", "ignore"]) {
    const { outcome, attack } = attacked(...alias, `attack.answer=${answer}`);
    assert.is(outcome, "ready");
    const lost = answer === "warn" ? [10, 0] : [0, 10];
    assert.equal([attack!.warnings, attack!.integrityViolations, attack!.stopped], [...lost, 5]);
  }
});

test("TDX: the module maps no page that is in use, and the address that lost its own ends the guest", () => {
  const alias = ["attack.kind=alias", "attack.answer=warn"];
  const run = attacked("platform=tdx", ...alias);
  assert.is(run.outcome, "terminated");
  assert.equal(run.attack, { pages: 1, warnings: 0, integrityViolations: 0, stopped: 1 });
  const withException = attacked("platform.kind=tdx", "guest.septVeDisable=false", ...alias);
  assert.equal(withException.attack, { pages: 5, warnings: 5, integrityViolations: 0, stopped: 5 });
});

test("a plain guest does not notice that two addresses are one", () => {
  const { attack } = attacked("platform=none", "attack.kind=alias");
  assert.equal(attack, { pages: 5, warnings: 0, integrityViolations: 10, stopped: 0 });
});

test("a page is put in the place of another one, and never of one that is shared", () => {
  const pairs: [start: number, other: number][] = [];
  const platform = {
    type: PLATFORMS.snp,
    alias: (start: number, other: number): string => {
      pairs.push([start, other]);
      return "blocked";
    },
    access: (): string => "ok",
  };
  // Of four pages two are private, so that half of all draws hit one page twice.
  const isShared = (address: number): boolean => address % (2 * PAGE_SIZE) === 0;
  const target = { start: 16 * PAGE_SIZE, end: 20 * PAGE_SIZE };
  const up = {
    guest: { platform, clock: { settle: () => 0 }, options: { seed: 1 } },
    kernel: { early: { earlyMap: { map: { isShared } } } },
    handOver: { kernel: target },
  } as unknown as Booted;
  const host = attack.begin(up, { pages: 64, kind: "alias", answer: "warn" })!;
  host.run();
  assert.is(pairs.length, 64);
  for (const pair of pairs) {
    assert.equal(
      [...pair].sort((a, b) => a - b),
      [17 * PAGE_SIZE, 19 * PAGE_SIZE],
    );
  }
  assert.is(host.result?.stopped, 64);
});

test("aliasing.yaml: nobody stops it in a plain guest, and in the others it ends the guest at the first page", () => {
  const runs = loadScenarios(["workloads/aliasing.yaml"], [], { loader: LOADER }).map(
    ({ scenario, recording }) => runScenario(scenario, recording, { check: true }),
  );
  assert.equal(
    runs.map(({ platform, outcome, attack }) => [platform, outcome, attack!.pages, attack!.stopped]),
    [
      ["none", "ready", 3, 0],
      ["tdx", "terminated", 1, 1],
      ["snp", "terminated", 1, 1],
    ],
  );
});

test("the seed decides which pages are hit", () => {
  const reasons = [1, 1, 2].map((seed) => attacked("platform=snp", `seed=${seed}`).reason);
  assert.is(reasons[0], reasons[1]);
  assert.is.not(reasons[0], reasons[2]);
});

test.run();
