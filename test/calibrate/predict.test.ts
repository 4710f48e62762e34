import { suite } from "uvu";
import * as assert from "uvu/assert";
import { calibrate } from "../../src/calibrate/calibrate.js";
import { measuredCurve, scoreCurves, simulatedCurve } from "../../src/calibrate/predict.js";
import type { RunResult } from "../../src/results/row.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { PAGE_SIZE } from "../../src/units.js";
import { overTimeOf, resultWith } from "../results/rows.js";

const test = suite("calibrate: the curve that feeds no price");

/** Looks at /proc/vmstat every 100 ms. */
function looks(...unaccepted: readonly number[]): { ns: number; unacceptedPages: number }[] {
  return unaccepted.map((unacceptedPages, at) => ({ ns: 5e9 + at * 1e8, unacceptedPages }));
}

/** A run whose drain of 1000 pages takes 0.4 s, in points of the host's spending. */
function drained(points: readonly (readonly [ns: number, pages: number])[]): RunResult {
  return resultWith({
    drain: { workers: 2, unacceptedBytes: 1000 * PAGE_SIZE, timeNs: 4e8 },
    totalTimeNs: 3e9,
    overTime: overTimeOf(
      points.map(([timeNs, pages]) => ({
        timeNs,
        privateBytes: pages * PAGE_SIZE,
        sharedBytes: 7 * PAGE_SIZE,
      })),
    ),
  });
}

test("from the last look before anything is accepted to the first after all is", () => {
  const curve = measuredCurve(looks(1000, 1000, 600, 200, 0, 0, 0));
  assert.equal(curve, [
    { ns: 0, bytes: 1000 * PAGE_SIZE },
    { ns: 1e8, bytes: 600 * PAGE_SIZE },
    { ns: 2e8, bytes: 200 * PAGE_SIZE },
    { ns: 3e8, bytes: 0 },
  ]);
  assert.equal(measuredCurve(looks(5, 5, 5)), []);
});

test("of a run, what it has accepted since its drain began", () => {
  const run = drained([
    [1e9, 200],
    [2.6e9, 500],
    [2.8e9, 1000],
    [3e9, 1500],
  ]);
  assert.equal(simulatedCurve(run), [
    { ns: 0, bytes: 0 },
    { ns: 2e8, bytes: 500 * PAGE_SIZE },
    { ns: 4e8, bytes: 1000 * PAGE_SIZE },
  ]);
  assert.equal(simulatedCurve(resultWith({})), []);
});

test("errors are shares of what there was to accept", () => {
  const lines = [
    '{"reading":"boot","boot":"a","platform":"tdx","ramBytes":4275000000,"vcpus":2,"kernel":"6.12.94+deb12-amd64","commandLine":""}',
    ...looks(1000, 750, 550, 250, 0).map((look) =>
      JSON.stringify({ reading: "G2", boot: "a", workers: 2, ...look }),
    ),
  ];
  const calibration = calibrate([{ name: "r.jsonl", text: lines.join("\n") }]);
  const asked: Scenario[] = [];
  const [score] = scoreCurves(calibration, "boot", (scenario) => {
    asked.push(scenario);
    return drained([
      [2.6e9, 500],
      [3e9, 1500],
    ]);
  });
  // Predicted 500 at the third look, measured 550.
  const { boot, workers, points, most, measuredNs, simulatedNs } = score!;
  assert.equal([boot, workers, points, measuredNs, simulatedNs], ["a", 2, 5, 4e8, 4e8]);
  assert.ok(Math.abs(most - 0.05) < 1e-12 && Math.abs(score!.rms - 0.05 / Math.sqrt(5)) < 1e-12);
  const [{ memoryBytes, vcpus, drain, kernel }] = asked as [Scenario];
  assert.equal([memoryBytes, vcpus, drain, kernel], [2 ** 32, 2, { workers: 2 }, "6.12.94+deb12-amd64"]);
});

test.run();
