// Takes 1 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { measureWholeGrid } from "../../../bench/whole-grid.js";
import { PLATFORMS } from "../../../src/coco/platforms.js";
import type { RunResult } from "../../../src/results/row.js";
import { parseKnob } from "../../../src/study/tune/knob.js";
import { Judge } from "../../../src/study/tune/measurement.js";
import { parseConstraint, parseObjective } from "../../../src/study/tune/objective.js";
import type { KnobValues } from "../../../src/study/tune/result.js";
import { refine } from "../../../src/study/tune/search.js";
import { type Lab, Trials } from "../../../src/study/tune/trials.js";
import { type TuneRequest, tune } from "../../../src/study/tune/tune.js";
import { GiB, MiB } from "../../../src/units.js";
import { resultWith } from "../../results/rows.js";

const test = suite("study: tune");

const LIMIT = "firmware.preAcceptLimit";
const limitKnob = parseKnob(`${LIMIT}=64MiB..4GiB`);

function request(changes: Partial<TuneRequest> = {}): TuneRequest {
  return {
    objective: parseObjective("bootTimeNs"),
    constraints: [],
    knobs: [limitKnob],
    budget: 24,
    seeds: 1,
    ...changes,
  };
}

/** Runs whose results are functions of the knobs; the scenario as it stands has 4 GiB. */
function labOf(
  change: (limit: number, seed: number, knobs: KnobValues) => Partial<RunResult>,
): Lab & { runs: number } {
  return {
    runs: 0,
    async run(knobs, seed) {
      this.runs++;
      return resultWith(change((knobs[LIMIT] as number | undefined) ?? 4 * GiB, seed, knobs));
    },
  };
}

/** A valley round one size: a second, and more the farther away it is. */
function valley(limit: number, bottom: number, steepness: number): number {
  return Math.round(1e9 * (1 + steepness * Math.log2(limit / bottom) ** 2));
}

test("finds the bottom of any valley within 1 % with at most half of the runs", async () => {
  const grid = limitKnob.values as readonly number[];
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: grid.length - 1 }),
      fc.double({ min: 0.001, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: grid.length - 1 }),
      async (bottom, steepness, firstReady) => {
        const lab = labOf((limit) => ({
          outcome: limit < grid[Math.min(firstReady, bottom)]! ? "oom" : "ready",
          bootTimeNs: valley(limit, grid[bottom]!, steepness),
        }));
        const { findings, judge } = await tune(request(), lab);
        const found = lab.runs;
        const whole = await measureWholeGrid(request(), judge, lab);
        assert.ok(whole.lossOf(findings.best!.knobs)! <= 0.01);
        assert.is(findings.evaluated, found);
        assert.ok(found <= whole.runs / 2, `${found} of ${whole.runs}`);
      },
    ),
    { numRuns: 60 },
  );
});

test("goes on from a good setting either way, as far as it gets better", async () => {
  const grid = limitKnob.values as readonly number[];
  for (const bottom of [3, grid.length - 4]) {
    const lab = labOf((limit) => ({ bootTimeNs: valley(limit, grid[bottom]!, 0.1) }));
    const trials = new Trials([limitKnob], [], lab, { seeds: 1, budget: 100 });
    await trials.measure([Math.floor(grid.length / 2)], 1);
    const judge = new Judge(parseObjective("bootTimeNs"));
    await refine(trials, judge, 1);
    assert.equal(judge.rank(trials.all())[0]!.setting, [bottom]);
  }
});

test("two knobs, one of them by name, that depend on each other", async () => {
  const knobs = [limitKnob, parseKnob("policy=eager,lazy")];
  const lab = labOf((limit, _seed, { policy }) => ({
    bootTimeNs: policy === "lazy" ? valley(limit, 300 * MiB, 0.1) : 2 * valley(limit, 2 * GiB, 0.1),
  }));
  const asked = request({ knobs, budget: 49 });
  const { findings, judge } = await tune(asked, lab);
  const whole = await measureWholeGrid(asked, judge, lab);
  assert.equal(findings.best!.knobs, whole.knobs);
  assert.is(findings.best!.knobs.policy, "lazy");
  const byName = findings.curves[1]!;
  assert.is(byName.flat, null);
  assert.ok(byName.points.find(({ value }) => value === "eager")!.loss! > 1);
});

test("says how flat the optimum is, and what half and twice the best value cost", async () => {
  // 2 % at 2^(1/sqrt 5) either way: the last values of the grid within are three steps away.
  const lab = labOf((limit) => ({ bootTimeNs: valley(limit, 512 * MiB, 0.1) }));
  const { best, curves } = (await tune(request(), lab)).findings;
  assert.equal(best!.knobs, { [LIMIT]: 512 * MiB });
  const grid = limitKnob.values;
  const { flat, steps } = curves[0]!;
  const at = grid.indexOf(512 * MiB);
  assert.equal(flat, { low: grid[at - 3], high: grid[at + 3], within: 0.02 });
  assert.equal(
    steps.map(({ direction, value, loss }) => [direction, value, loss!.toFixed(3)]),
    [
      ["down", 256 * MiB, "0.100"],
      ["up", 1 * GiB, "0.100"],
    ],
  );
});

test("a step to a setting that does not get ready has no cost, and the flat region ends before it", async () => {
  const lab = labOf((limit) => ({
    outcome: limit < 512 * MiB ? "oom" : "ready",
    bootTimeNs: 1e9 + limit / 1e9,
  }));
  const { best, curves } = (await tune(request(), lab)).findings;
  assert.equal(best!.knobs, { [LIMIT]: 512 * MiB });
  assert.is(curves[0]!.flat!.low, 512 * MiB);
  assert.is(curves[0]!.flat!.high, 4 * GiB);
  assert.is(curves[0]!.steps.find(({ direction }) => direction === "down")!.loss, null);
});

test("a knob whose values all give the same does not act; one that any result follows does", async () => {
  const acts = async (change: (limit: number) => Partial<RunResult>): Promise<boolean> =>
    (await tune(request(), labOf(change))).findings.curves[0]!.acts;
  assert.is(await acts(() => ({ bootTimeNs: 7 })), false);
  assert.is(await acts((limit) => ({ bootTimeNs: 7, acceptCalls: limit === GiB ? 1 : 2 })), true);
});

test("keeps to constraints, and says so where nothing can", async () => {
  const lab = labOf((limit) => ({ bootTimeNs: valley(limit, 4 * GiB, 0.1), acceptedBytes: limit }));
  const bound = await tune(request({ constraints: [parseConstraint("acceptedBytes<=1GiB")] }), lab);
  assert.equal(bound.findings.best!.knobs, { [LIMIT]: GiB });
  assert.ok(bound.findings.points.some(({ broken }) => broken.includes("acceptedBytes<=1GiB")));
  const never = await tune(request({ constraints: [parseConstraint("acceptedBytes<1MiB")] }), lab);
  assert.is(never.findings.best, null);
  assert.equal(never.findings.front, []);
  assert.is(never.findings.hypervolume, null);
});

test("the front has both ends of a trade-off", async () => {
  const lab = labOf((limit) => ({ bootTimeNs: Math.round(1e18 / limit), overheadBytes: limit }));
  const { front, hypervolume } = (await tune(request(), lab)).findings;
  assert.is(front[0]!.overheadBytes, 4 * GiB);
  assert.is(front.at(-1)!.overheadBytes, 64 * MiB);
  assert.ok(front.every(({ bootTimeNs }, at) => at === 0 || bootTimeNs > front[at - 1]!.bootTimeNs));
  assert.ok(hypervolume!.shareOfBox > 0.8 && hypervolume!.shareOfBox < 1);
});

test("every setting that is judged in the end has run with all seeds, the same for all", async () => {
  const seen = new Map<number, Set<number>>();
  const lab = labOf((limit, seed) => {
    seen.set(limit, (seen.get(limit) ?? new Set()).add(seed));
    return { bootTimeNs: valley(limit, 512 * MiB, 0.1) + [0, 9e6, -9e6, 3e6][seed]! };
  });
  const { best, evaluated } = (await tune(request({ seeds: 4, budget: 96 }), lab)).findings;
  assert.is(best!.runs, 4);
  assert.equal([...seen.get(512 * MiB)!], [0, 1, 2, 3]);
  assert.is(best!.bootTimeNs, 1e9 + 3e6 / 4);
  assert.is(lab.runs, evaluated);
  assert.ok(
    [...seen.values()].some((seeds) => seeds.size === 1),
    "a coarse look needs one seed only",
  );
});

test("a budget is never overdrawn", async () => {
  for (const budget of [2, 5, 9, 17]) {
    const lab = labOf((limit) => ({ bootTimeNs: valley(limit, 512 * MiB, 0.1) }));
    const { findings } = await tune(request({ budget }), lab);
    assert.ok(lab.runs <= budget);
    assert.is(findings.evaluated, lab.runs);
  }
});

test("of two stages the second decides among what the first has within 1 %", async () => {
  const lab = labOf((limit) => ({
    bootTimeNs: limit <= GiB ? 1_005_000_000 : 1_000_000_000,
    overheadBytes: limit,
  }));
  const { best } = (await tune(request({ objective: parseObjective("bootTimeNs,overheadBytes") }), lab))
    .findings;
  assert.equal(best!.knobs, { [LIMIT]: 64 * MiB });
});

test("the value of an objective is the sum of its terms, each divided by its own amount if it says one", async () => {
  const lab = labOf((limit) => ({ bootTimeNs: 2 * limit, workloadTimeNs: 7, overheadBytes: 3 * limit }));
  const value = async (text: string): Promise<readonly number[]> =>
    (await tune(request({ objective: parseObjective(text) }), lab)).findings.start.objective;
  assert.equal(await value("bootTimeNs+2*workloadTimeNs"), [8 * GiB + 14]);
  assert.equal(await value("0.5*bootTimeNs/2s+overheadBytes/1GiB,overheadBytes"), [
    (2 * GiB) / 1e9 + 12,
    12 * GiB,
  ]);
});

test("what is assumed moves the time of the best setting, not that of another", async () => {
  const charged = (limit: number): Partial<RunResult> => ({
    bootTimeNs: valley(limit, 512 * MiB, 0.1),
    bootAssumedNs: { launchNs: limit === 512 * MiB ? 140e6 : 1 },
    totalAssumedNs: {},
    boot: "idle",
  });
  const { findings } = await tune(request({ objective: undefined }), labOf(charged));
  assert.equal([findings.objective, findings.time], ["bootTimeNs", "bootTimeNs"]);
  const { low, high, value } = PLATFORMS.tdx.parameters.launchNs!;
  assert.is(value, 140e6);
  assert.equal(findings.timeRange, {
    low: 1e9 + low - value,
    high: 1e9 + high - value,
    decidedBy: "launchNs",
  });
});

test.run();
