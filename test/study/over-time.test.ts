// Takes 10 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import { formatCsv, formatJson } from "../../src/results/formats.js";
import { parseRows } from "../../src/results/read.js";
import type { RunResult } from "../../src/results/row.js";
import { OVER_TIME } from "../../src/results/series.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { diffRows } from "../../src/study/diff.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { Recorder } from "../../src/timeline/recorder.js";
import { LOADER } from "../loader.js";
import { rowWith } from "../results/rows.js";

const test = suite("study: memory over time");

function run(assignments: readonly string[], overTime: boolean, recorder?: Recorder): RunResult {
  const [loaded] = loadScenarios(["workloads/boot.yaml"], assignments.map(parseAssignment), {
    loader: LOADER,
  });
  const more = recorder === undefined ? {} : { recorder };
  return runScenario(loaded!.scenario, loaded!.recording, { check: false, overTime, ...more });
}

const LAZY = ["platform.kind=tdx", "policy=lazy", "memory=4GiB", "vcpus=1"];
const SETTINGS: readonly (readonly string[])[] = [
  LAZY,
  ["platform.kind=tdx", "policy=eager", "memory=16GiB", "vcpus=4", "guest.dmaBuffers=40"],
  ["platform.kind=snp", "policy=lazy", "memory=4GiB", "vcpus=4", "host.keepsConverted=true"],
  [
    "platform.kind=tdx",
    "policy=lazy",
    "memory=4GiB",
    "vcpus=2",
    "workload=generate:heap?size=512MiB&threads=2",
  ],
  [
    "platform.kind=tdx",
    "policy=lazy",
    "memory=1GiB",
    "vcpus=2",
    "workload=generate:heap?size=4GiB&threads=2",
  ],
  ["platform.kind=none", "policy=lazy", "memory=4GiB", "vcpus=2"],
];

const ROWS: readonly RunResult[] = SETTINGS.map((setting) => run(setting, true));

test("the last point is what the row says, and the greatest its peak", () => {
  for (const [at, row] of ROWS.entries()) {
    const overTime = row.overTime!;
    const points = overTime.timeNs.length;
    assert.ok(points > 10 && points <= 128, `${SETTINGS[at]!.join(" ")}: ${points} points`);
    for (const name of OVER_TIME) assert.is(overTime[name].length, points, name);
    assert.equal(
      [overTime.timeNs, overTime.acceptedBytes, overTime.touchedBytes, overTime.hostBytes].map((one) =>
        one.at(-1),
      ),
      [row.totalTimeNs ?? overTime.timeNs.at(-1), row.acceptedBytes, row.touchedBytes, row.hostBytes],
    );
    for (const name of ["privateBytes", "keptBytes", "sharedBytes", "bitmapBytes"] as const)
      assert.is(overTime[name].at(-1), row.hostUse[name]);
    assert.is(Math.max(...overTime.hostBytes), row.hostBytesPeak);
    assert.equal(
      overTime.timeNs,
      overTime.timeNs.toSorted((one, other) => one - other),
    );
  }
  assert.is(ROWS[4]!.outcome, "oom");
});

test("a plain guest's host gives memory as it is touched", () => {
  const { overTime } = ROWS[5]!;
  const half = Math.floor(overTime!.timeNs.length / 2);
  assert.ok(overTime!.touchedBytes[half]! > 0);
  assert.ok(overTime!.sharedBytes[half]! >= overTime!.touchedBytes[half]!);
});

test("what is accepted at a point is what had been accepted by then", () => {
  const recorder = new Recorder();
  const { acceptedBytes, timeNs } = run(LAZY, true, recorder).overTime!;
  const { memory } = recorder.timeline();
  for (const [at, ns] of timeNs.entries()) {
    const known = memory.filter((one) => one.atNs <= ns).map((one) => one.acceptedBytes);
    assert.ok((known.at(-1) ?? 0) >= acceptedBytes[at]!, `${ns} ns`);
    const before = memory.filter((one) => one.atNs < ns).map((one) => one.acceptedBytes);
    assert.ok(acceptedBytes[at]! >= (before.at(-1) ?? 0), `${ns} ns`);
  }
});

test("who records a timeline and who asks for memory over time do not put each other off", () => {
  const recorded = (overTime: boolean): [RunResult, Recorder] => {
    const recorder = new Recorder();
    return [run(SETTINGS[4]!, overTime, recorder), recorder];
  };
  const [row, both] = recorded(true);
  const [, alone] = recorded(false);
  assert.equal(row.overTime, ROWS[4]!.overTime);
  const { moments } = both.timeline();
  assert.ok(moments.some(({ what }) => what.endsWith(" watermark")));
  assert.equal(moments, alone.timeline().moments);
});

test("a run that is watched has the results of one that is not", () => {
  for (const [at, setting] of SETTINGS.entries()) {
    const { overTime, waits, ...watched } = ROWS[at]!;
    const { waits: alone, ...others } = run(setting, false);
    assert.equal(watched, others);
    for (const phase of ["boot", "workload"] as const) {
      const { distribution, ...summary } = waits[phase];
      assert.equal(summary, alone[phase]);
      assert.is(
        distribution!.allocations.reduce((sum, count) => sum + count, 0),
        summary.allocations,
      );
    }
    assert.is(overTime === undefined, false);
  }
});

test("series are read back from JSON, small, and are in no CSV and no diff", () => {
  const row = rowWith(ROWS[0]);
  const other = rowWith(run([...LAZY, "policy=eager"], true));
  const text = formatJson([row]);
  assert.equal(parseRows(text, "r.json").rows[0]!.overTime, row.overTime);
  assert.equal(parseRows(text, "r.json").unknown, []);
  const plain = rowWith(run(LAZY, false));
  assert.ok(text.length < formatJson([plain]).length + 12_000, `${text.length}`);
  assert.match(text, /\n {8}"timeNs": \[0,\d[\d,]*\],\n/);
  assert.is(formatCsv([row]), formatCsv([plain]));
  const [pair] = diffRows([row], [other]).pairs;
  assert.ok(pair!.measures.length > 0);
  assert.equal(
    pair!.others.filter(({ name }) => /overTime|distribution/.test(name)),
    [],
  );
});

test.run();
