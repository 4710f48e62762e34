// Takes 3 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { measureWholeGrid } from "../../../bench/whole-grid.js";
import { TuneLab } from "../../../src/cli/tune-lab.js";
import type { RunResult } from "../../../src/results/row.js";
import { parseAssignment } from "../../../src/scenario/set.js";
import { runScenario } from "../../../src/study/run-scenario.js";
import { parseKnob } from "../../../src/study/tune/knob.js";
import { parseObjective } from "../../../src/study/tune/objective.js";
import type { KnobValues } from "../../../src/study/tune/result.js";
import { tune } from "../../../src/study/tune/tune.js";
import { GiB } from "../../../src/units.js";

const test = suite("study: tune on the bundled boot");

test("comes within 1 % of the whole grid with at most half of its runs", async () => {
  const knobs = [parseKnob("firmware.preAcceptLimit=32MiB..1GiB")];
  const set = ["policy=lazy", "memory=4GiB", "platform=[tdx, snp]"].map(parseAssignment);
  const lab = new TuneLab("workloads/boot.yaml", set, knobs, false);
  assert.equal(
    lab.guests.map(({ scenario }) => scenario.platform.kind),
    ["tdx", "snp"],
  );
  for (const guest of lab.guests.keys()) {
    const request = { objective: parseObjective("bootTimeNs"), constraints: [], knobs, budget: 20, seeds: 1 };
    const own = {
      run: async (values: KnobValues, seed: number) => {
        const { scenario, recording } = lab.setting(guest, values, seed);
        return runScenario(scenario, recording, { check: false });
      },
    };
    const { findings, judge } = await tune(request, own);
    const grid = await measureWholeGrid(request, judge, own);
    assert.ok(findings.evaluated <= grid.runs / 2, `${findings.evaluated} of ${grid.runs}`);
    assert.ok(grid.lossOf(findings.best!.knobs)! <= 0.01);
  }
});

test("the objective that is told is the sum of the measures of a run with that setting", async () => {
  const knobs = [parseKnob("firmware.preAcceptLimit=256MiB,1GiB,all")];
  const set = ["policy=lazy", "memory=2GiB", "platform=[tdx, snp]", "workload=generate:heap?size=64MiB"];
  const lab = new TuneLab("workloads/boot.yaml", set.map(parseAssignment), knobs, false);
  for (const guest of lab.guests.keys()) {
    assert.is(lab.isRandom(guest, {}), false, "a heap leaves nothing to chance");
    const run = async (values: KnobValues, seed: number): Promise<RunResult> => {
      const { scenario, recording } = lab.setting(guest, values, seed);
      return runScenario(scenario, recording, { check: false });
    };
    const asked = { constraints: [], knobs, budget: 4, seeds: 1 };
    const sums = "bootTimeNs+workloadTimeNs,0.5*bootTimeNs/10s+2*overheadBytes/1GiB";
    const own = await tune({ ...asked, objective: parseObjective(sums) }, { run });
    const usual = await tune({ ...asked, objective: undefined }, { run });
    assert.is(usual.findings.objective, "totalTimeNs");
    for (const [at, { knobs: values, objective }] of own.findings.points.entries()) {
      const { bootTimeNs, workloadTimeNs = 0, totalTimeNs, overheadBytes } = await run(values, 0);
      const weighted = (0.5 * bootTimeNs) / 10e9 + (2 * overheadBytes) / GiB;
      assert.equal(objective, [bootTimeNs + workloadTimeNs, weighted]);
      assert.equal(usual.findings.points[at]!.objective, [totalTimeNs]);
      assert.is(totalTimeNs, objective[0]);
    }
  }
});

test("chance is where a generator takes it, or the host", () => {
  const isRandom = (...set: string[]): boolean => {
    const all = ["platform=tdx", "policy=lazy", "memory=2GiB", ...set].map(parseAssignment);
    return new TuneLab("workloads/boot.yaml", all, [], false).isRandom(0, {});
  };
  assert.is(isRandom(), false);
  assert.is(isRandom("workload=generate:fragmentation?size=64MiB&operations=100"), true);
  assert.is(isRandom("workload=generate:heap?size=64MiB", "host.contiguity=0.5", "host.pageSize=2MiB"), true);
});

test.run();
