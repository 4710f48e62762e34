// Takes 9 s.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CALIBRATED_BOOT } from "../../src/cli/bundled.js";
import { priceSetsFor } from "../../src/cli/price-sets.js";
import { formatValidationMarkdown } from "../../src/report/validate.js";
import { runScenario } from "../../src/study/run-scenario.js";
import type { Claim, Setup, Target } from "../../src/validate/claim.js";
import { DRAIN_TIMES, LKVS_SERIES } from "../../src/validate/lkvs.js";
import { TARGETS } from "../../src/validate/targets.js";
import {
  guestsOf,
  type ValidatedClaim,
  type ValidatedTarget,
  validate,
} from "../../src/validate/validate.js";
import { LOADER } from "../loader.js";

const test = suite("study: targets");

const claims: readonly Claim[] = TARGETS.flatMap((target) => target.claims);

const SETS = priceSetsFor("");

test("numbered targets, and lettered rows in each", () => {
  assert.equal(
    TARGETS.map(({ id }) => id),
    Array.from({ length: TARGETS.length }, (_, index) => `VT${index + 1}`),
  );
  for (const target of TARGETS) {
    assert.equal(
      target.claims.map(({ id }) => id),
      target.claims.map((_, index) => `${target.id}.${"abcdefghijklmnop"[index]}`),
    );
  }
});

test("at least half of the rows are predictions", () => {
  const predictions = claims.filter(({ basis }) => basis === "prediction");
  assert.ok(2 * predictions.length >= claims.length, `${predictions.length} of ${claims.length}`);
});

test("of the twelve drains one in each series is a calibration, and the other eight are predictions", () => {
  const points = DRAIN_TIMES.claims.slice(0, 12);
  assert.is(points.filter(({ basis }) => basis === "prediction").length, 8);
  for (let series = 0; series < 4; series++) {
    const own = points.slice(3 * series, 3 * series + 3);
    assert.is(own.filter(({ basis }) => basis === "calibration").length, 1);
  }
});

test("what rests on the price of idle CPUs, which comes from the same report, is no prediction", async () => {
  const many = TARGETS.find(({ id }) => id === "VT4")!.claims.map(({ id, basis }) => [id, basis]);
  assert.equal(many, [
    ["VT4.a", "prediction"],
    ["VT4.b", "calibration"],
    ["VT4.c", "calibration"],
    ["VT4.d", "calibration"],
    ["VT4.e", "calibration"],
  ]);
});

test("calibrated parameters stay within their ranges", () => {
  const { low, high } = SETS.find("tdx-lkvs-spr")!.prices.userTouch4kNs!;
  for (const { userTouch4kNs } of LKVS_SERIES) {
    if (userTouch4kNs !== undefined) assert.ok(userTouch4kNs >= low && userTouch4kNs <= high);
  }
});

test("a calibration says what was calibrated, in its note or in that of a row before it", () => {
  for (const { claims: own } of TARGETS) {
    const calibrations = own.filter(({ basis }) => basis === "calibration");
    if (calibrations.length > 0) assert.ok(calibrations[0]!.note !== undefined, calibrations[0]!.id);
  }
});

test("every setup is one guest", () => {
  assert.ok(guestsOf(TARGETS, SETS).length > 20);
});

/** The targets as far as they are quick. */
async function validated(targets: readonly Target[]): Promise<ValidatedTarget[]> {
  const recording = LOADER.load(CALIBRATED_BOOT);
  return validate(targets, (scenario) => runScenario(scenario, recording, { check: false }), SETS);
}

test("targets that need no drain of a large guest hold", async () => {
  const quick = TARGETS.filter(({ id }) => ["VT2", "VT3", "VT5", "VT8", "VT9", "VT10", "VT11"].includes(id));
  const found = await validated(quick);
  for (const { claims: own } of found) {
    for (const { id, holds, simulated } of own) assert.ok(holds, `${id} is ${simulated}`);
  }
  const isRow = (line: string): boolean => /^\| VT\d/.test(line);
  const rows = formatValidationMarkdown(found).split("\n").filter(isRow);
  assert.ok(rows.length > 10);
  const page = readFileSync("results/README.md", "utf8");
  for (const row of rows) assert.ok(page.includes(`\n${row}\n`), row);
});

test("the small drains hold, of every series", async () => {
  const small = DRAIN_TIMES.claims.filter(({ what }) => /^drain (8|16) GiB/.test(what));
  assert.is(small.length, 4);
  for (const { claims: own } of await validated([{ ...DRAIN_TIMES, claims: small }])) {
    for (const { id, holds, simulated } of own) assert.ok(holds, `${id} is ${simulated}`);
  }
});

/** The simulated number of a row on other guests than its own. */
async function elsewhere(id: string, change: (setup: Setup) => Setup): Promise<ValidatedClaim> {
  const claim = claims.find((candidate) => candidate.id === id)!;
  const changed = { ...claim, runs: claim.runs.map(change) };
  return (await validated([{ id: "VT0", title: "elsewhere", claims: [changed] }]))[0]!.claims[0]!;
}

test("what notes say of other conditions is so", async () => {
  for (const [id, change] of [
    // Firmware that accepts more, a host that does not prefault.
    ["VT3.a", (setup) => ({ ...setup, firmware: { preAcceptLimit: "4GiB" } })],
    ["VT9.a", (setup) => ({ ...setup, host: { prefault: false } })],
  ] as readonly (readonly [string, (setup: Setup) => Setup])[]) {
    const { simulated, holds } = await elsewhere(id, change);
    assert.type(simulated, "number");
    assert.not(holds, `${id} is ${simulated}`);
  }
});

test("no number of CPUs suits both sizes of VT2", async () => {
  for (const vcpus of [1, 2, 4, 8, 16]) {
    const small = await elsewhere("VT2.a", (setup) => ({ ...setup, vcpus }));
    const large = await elsewhere("VT2.b", (setup) => ({ ...setup, vcpus }));
    assert.not(small.holds && large.holds, `${vcpus} CPUs: ${small.simulated}, ${large.simulated}`);
  }
});

test.run();
