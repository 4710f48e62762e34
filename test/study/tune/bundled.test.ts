// Takes 3 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { measureWholeGrid } from "../../../bench/whole-grid.js";
import { TuneLab } from "../../../src/cli/tune-lab.js";
import { parseAssignment } from "../../../src/scenario/set.js";
import { runScenario } from "../../../src/study/run-scenario.js";
import { parseKnob } from "../../../src/study/tune/knob.js";
import { parseObjective } from "../../../src/study/tune/objective.js";
import type { KnobValues } from "../../../src/study/tune/result.js";
import { tune } from "../../../src/study/tune/tune.js";

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

test.run();
