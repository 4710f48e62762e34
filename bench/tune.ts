/** How near `tune` comes to the best setting of the whole grid, and with how many of its runs. */

import { TuneLab } from "../src/cli/tune-lab.js";
import type { Assignment } from "../src/scenario/set.js";
import { parseAssignment } from "../src/scenario/set.js";
import { runScenario } from "../src/study/run-scenario.js";
import { type Knob, parseKnob } from "../src/study/tune/knob.js";
import { parseObjective } from "../src/study/tune/objective.js";
import type { KnobValues } from "../src/study/tune/result.js";
import { gridSize, tune } from "../src/study/tune/tune.js";
import type { Measure } from "./measure.js";
import { measureWholeGrid } from "./whole-grid.js";

const PRE_ACCEPT = "firmware.preAcceptLimit=32MiB..4GiB";
const LATE = "policy=lazy";
const AFTER_BOOT = "workload=generate:heap?size=1GiB";

/** What is tuned: the objective, the knobs, what the scenario says instead, and seeds. */
const CASES: readonly (readonly [string, readonly string[], readonly string[], number])[] = [
  ["bootTimeNs", [PRE_ACCEPT], [LATE, "memory=[4GiB, 16GiB, 64GiB, 256GiB]"], 1],
  ["0.7*bootTimeNs/10s+0.3*overheadBytes/1GiB", [PRE_ACCEPT], [LATE], 1],
  [
    "bootTimeNs,overheadBytes",
    [PRE_ACCEPT, "host.pageSize=4KiB,2MiB"],
    [LATE, "memory=64GiB", "platform=snp"],
    1,
  ],
  [
    "0.2*bootTimeNs+0.8*waits.workload.totalNs",
    ["firmware.preAcceptLimit=32MiB..16GiB"],
    [LATE, "memory=16GiB", AFTER_BOOT],
    2,
  ],
  ["waits.workload.totalNs,bootTimeNs", [PRE_ACCEPT], [LATE, "memory=4GiB", "platform=snp", AFTER_BOOT], 1],
];

/** How much worse than the best of the whole grid the worst search of a case is; a search that found nothing is 1. */
export function measures(): readonly Measure[] {
  return CASES.map(([objective, knobs, set, seeds], index) => ({
    name: `tune/loss-${index + 1}`,
    goal: "at most 1 % worse than the best of the grid, with at most half of its runs",
    unit: "ratio",
    limit: 0.01,
    better: "less",
    peer: `the whole grid, for ${objective}`,
    rounds: 1,
    sample: async () => {
      const rows = await searchAndGrid(objective, knobs.map(parseKnob), set.map(parseAssignment), seeds);
      if (rows.some((row) => row.runs > row.gridRuns / 2)) throw new Error("bench: more runs than promised");
      return Math.max(...rows.map(({ loss }) => loss ?? 1));
    },
  }));
}

interface Row {
  readonly runs: number;
  readonly gridRuns: number;
  readonly loss: number | null;
}

async function searchAndGrid(
  objective: string,
  knobs: readonly Knob[],
  assignments: readonly Assignment[],
  seeds: number,
): Promise<Row[]> {
  const lab = new TuneLab("workloads/boot.yaml", assignments, knobs, false);
  const request = {
    objective: parseObjective(objective),
    constraints: [],
    knobs,
    seeds,
    budget: Math.floor(gridSize(knobs) / 2) * seeds,
  };
  const rows: Row[] = [];
  for (const guest of lab.guests.keys()) {
    const own = {
      run: async (values: KnobValues, seed: number) => {
        const own = lab.setting(guest, values, seed);
        return runScenario(own.scenario, own.recording, { check: false });
      },
    };
    const { findings, judge } = await tune(request, own);
    const grid = await measureWholeGrid(request, judge, own);
    const found = findings.best?.knobs ?? {};
    rows.push({
      runs: findings.evaluated,
      gridRuns: grid.runs,
      loss: grid.lossOf(found),
    });
  }
  return rows;
}
