import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatTunings } from "../../src/report/tune.js";
import { parseObjective } from "../../src/study/tune/objective.js";
import type { Sensitivity, TunePoint, Tuning } from "../../src/study/tune/result.js";
import { GiB, MiB } from "../../src/units.js";
import { paintWith, wide } from "./paint.js";

const test = suite("report: tune");

function point(changes: Partial<TunePoint> = {}): TunePoint {
  return {
    knobs: { "host.pageSize": 2 * MiB, policy: "lazy" },
    runs: 1,
    outcome: "ready",
    bootTimeNs: 5_500_000_000,
    overheadBytes: 512 * MiB,
    acceptedBytes: 900 * MiB,
    hostBytes: GiB,
    totalTimeNs: 6_500_000_000,
    "waits.boot.totalNs": 0,
    "waits.boot.p99Ns": 0,
    "waits.workload.totalNs": 0,
    "waits.workload.p99Ns": 0,
    objective: [5_500_000_000],
    loss: 0,
    broken: [],
    ...changes,
  };
}

function tuning(changes: Partial<Tuning> = {}): Tuning {
  const curvePoint = point();
  const lazy = { policy: "lazy" };
  return {
    scenario: "boot",
    platform: "tdx",
    policy: "lazy",
    kernel: "6.12",
    kernelRules: "6.12.75",
    prices: "default",
    memoryBytes: 4 * GiB,
    vcpus: 2,
    workload: "idle",
    objective: "bootTimeNs",
    stages: parseObjective("bootTimeNs").stages,
    time: "bootTimeNs",
    timeRange: null,
    asItStands: { "host.pageSize": 4096, ...lazy },
    constraints: [],
    seeds: 1,
    evaluated: 5,
    gridSize: 6,
    start: point({ knobs: {}, loss: 0.0712, objective: [5_891_600_000] }),
    best: point(),
    front: [point(), point({ knobs: { "host.pageSize": 4096, ...lazy }, loss: 0.5 })],
    hypervolume: { shareOfBox: 0.25, referenceTimeNs: 1e10, referenceOverheadBytes: GiB },
    curves: [
      {
        knob: "host.pageSize",
        unit: "bytes",
        best: 2 * MiB,
        acts: true,
        least: null,
        points: [
          { ...curvePoint, value: 4096, loss: 0.5, meets: true },
          { ...curvePoint, value: 2 * MiB, loss: 0, meets: true },
        ],
        flat: { low: 2 * MiB, high: 2 * MiB, within: 0.02 },
        steps: [{ direction: "down", value: 4096, loss: 0.5 }],
      },
      {
        knob: "policy",
        unit: "name",
        best: "lazy",
        acts: true,
        least: null,
        points: [
          { ...curvePoint, value: "lazy", loss: 0, meets: true },
          { ...curvePoint, value: "eager", loss: 1.5, meets: true },
          { ...curvePoint, value: "odd", loss: null, meets: false },
          { ...curvePoint, value: "large", loss: 0.1, meets: false },
        ],
        flat: null,
        steps: [],
      },
    ],
    points: [point(), point({ knobs: { "host.pageSize": 4096, ...lazy }, loss: 0.5 })],
    ...changes,
  };
}

/** A tuning of the firmware's limit on a workload, whose best is 3 GiB of a guest with RAM up to 6 GiB. */
function limitTuning(changes: Partial<Tuning> = {}): Tuning {
  const at = (value: number, loss: number, totalTimeNs: number): TunePoint =>
    point({ knobs: { "firmware.preAcceptLimit": value }, objective: [totalTimeNs], totalTimeNs, loss });
  const points = [at(GiB, 0.5, 15e9), at(5 * GiB, 0, 10e9), at(6 * GiB, 1.2, 22e9)];
  const holes = [{ start: 2 * GiB, end: 4 * GiB }];
  return tuning({
    objective: "totalTimeNs",
    stages: parseObjective("totalTimeNs").stages,
    time: "totalTimeNs",
    start: at(4 * GiB, 2, 30e9),
    asItStands: { "firmware.preAcceptLimit": 4 * GiB },
    best: points[1]!,
    points,
    front: [points[1]!],
    curves: [
      {
        knob: "firmware.preAcceptLimit",
        unit: "bytes",
        reach: { is: "address", allBytes: 6 * GiB, holes },
        best: 5 * GiB,
        acts: true,
        least: { value: GiB, below: 64 * MiB, why: "there is no room" },
        points: points.map((one) => ({ ...one, value: one.knobs["firmware.preAcceptLimit"]!, meets: true })),
        flat: { low: 5 * GiB, high: 5 * GiB, within: 0.02 },
        steps: [
          { direction: "down", value: GiB, loss: 0.5 },
          { direction: "up", value: 6 * GiB, loss: 1.2 },
        ],
      },
    ],
    ...changes,
  });
}

test("the advice in numbers, then best and steps, each knob, and the front", () => {
  assert.is(
    formatTunings([tuning()], wide),
    `Set host.pageSize 2 MiB, policy lazy: the time until init runs is 5.5 s, instead of 5.89 s as it stands (7.1 %
  more).

tdx, 4 GiB, 2 vCPUs, lazy, kernel 6.12, idle (5 runs; the whole grid has 6 settings)
                setting                           worse by   boot  overhead  accepted
  ───────────────────────────────────────────────────────────────────────────────────
  best          host.pageSize 2 MiB, policy lazy       0 %  5.5 s   512 MiB   900 MiB
  a step down   host.pageSize 4 KiB, policy lazy      50 %  5.5 s   512 MiB   900 MiB
  as it stands  host.pageSize 4 KiB, policy lazy     7.1 %  5.5 s   512 MiB   900 MiB

  host.pageSize: no other value costs less than 2 % more; one wrong step: 4 KiB costs 50 % more
  policy: lazy is best; eager costs 150 % more, odd fails, large breaks a constraint

  Pareto front of boot time and overhead; dominates 25 % of the box:
  setting                           worse by   boot  overhead  accepted
  ─────────────────────────────────────────────────────────────────────
  host.pageSize 2 MiB, policy lazy       0 %  5.5 s   512 MiB   900 MiB
  host.pageSize 4 KiB, policy lazy      50 %  5.5 s   512 MiB   900 MiB

--uncertainty says whether the advice holds over what is assumed; --json has every setting that was tried, and
  plot draws it.
`,
  );
});

test("with a workload the total counts, and a limit says what it is to the firmware", () => {
  assert.is(
    formatTunings([limitTuning()], wide),
    `Set firmware.preAcceptLimit 5 GiB: the time from power-on until the workload is done is 10 s, instead of 30 s
  as it stands (3 times as much).

tdx, 4 GiB, 2 vCPUs, lazy, kernel 6.12, idle (5 runs; the whole grid has 6 settings)
                firmware.preAcceptLimit  worse by  total   boot  overhead  accepted  waited
  ─────────────────────────────────────────────────────────────────────────────────────────
  best                            5 GiB       0 %   10 s  5.5 s   512 MiB   900 MiB    0 ns
  a step down                     1 GiB      50 %   15 s  5.5 s   512 MiB   900 MiB    0 ns
  a step up                 all (6 GiB)     120 %   22 s  5.5 s   512 MiB   900 MiB    0 ns
  as it stands                    4 GiB     200 %   30 s  5.5 s   512 MiB   900 MiB    0 ns

  firmware.preAcceptLimit: no other value costs less than 2 % more; one wrong step: 1 GiB costs 50 % more, all
    (6 GiB) costs 120 % more; 1 GiB is the least: with 64 MiB there is no room; 5 GiB is an address, below
    which the firmware accepts all RAM, here 3 GiB

--uncertainty says whether the advice holds over what is assumed; --json has every setting that was tried, and
  plot draws it.
`,
  );
  const [curve] = limitTuning().curves;
  const amount = { ...curve!, reach: { is: "amount", allBytes: 6 * GiB, holes: [] } } as const;
  const all = { ...curve!, best: 6 * GiB };
  assert.match(
    formatTunings([limitTuning({ curves: [all] })]).replaceAll(/\s+/g, " "),
    "all is any address from 6 GiB on, where RAM ends",
  );
  assert.match(
    formatTunings([limitTuning({ curves: [amount] })]).replaceAll(/\s+/g, " "),
    "5 GiB is an amount: the firmware accepts so much RAM from address 0 on",
  );
});

test("a time says how far what is assumed moves it, unless the sentence behind it does", () => {
  const timeRange = { low: 5e9, high: 7e9, decidedBy: "tdcallNs" };
  const first = (changes: Partial<Tuning>): string =>
    formatTunings([tuning({ timeRange, ...changes })], wide).replaceAll(/\s+/g, " ");
  assert.match(first({}), "init runs is 5.5 s (about 5 s to 7 s over what is assumed), instead of");
  assert.match(first({ uncertainty: FOUND }), "init runs is 5.5 s, instead of");
  assert.match(
    first({ objective: "2*bootTimeNs", stages: parseObjective("2*bootTimeNs").stages }),
    "is 5.5 s, instead",
  );
});

test("a sum of different units has a column of its own, with what its terms are divided by in the advice", () => {
  const objective = "0.5*bootTimeNs/11s+overheadBytes/1GiB";
  const { stages } = parseObjective(objective);
  const sum = {
    objective,
    stages,
    best: point({ objective: [0.75] }),
    start: point({ objective: [1], loss: 1 / 3 }),
  };
  const text = formatTunings([tuning(sum)], wide);
  assert.match(text.replaceAll(/\s+/g, " "), `${objective} is 0.75, instead of 1 as it stands (33 % more).`);
  assert.match(text, / worse by +objective +boot +overhead +accepted\n/);
});

test("of several guests the advice comes first, each by its guest", () => {
  const lines = formatTunings([tuning(), limitTuning({ memoryBytes: 6 * GiB })], wide).split("\n");
  assert.match(lines[0]!, /^tdx, 4 GiB, 2 vCPUs: set host\.pageSize 2 MiB/);
  assert.match(lines[2]!, /^tdx, 6 GiB, 2 vCPUs: set firmware\.preAcceptLimit 5 GiB/);
});

test("a knob that changes nothing is no advice", () => {
  const curves = limitTuning().curves.map((curve) => ({ ...curve, acts: false }));
  const text = formatTunings([limitTuning({ curves })], wide);
  assert.match(text, /^No value of firmware\.preAcceptLimit changes anything in this guest: /);
  assert.not.match(text, "best ");
});

const FOUND: Sensitivity = {
  runs: 40,
  settings: 9,
  prices: ["tdcallNs", "pageNs"],
  within: 0.02,
  survives: true,
  objective: { low: 5e9, default: 5.5e9, high: 7e9 },
  regret: 0.012,
  variants: [
    {
      parameter: "tdcallNs",
      end: "high",
      valueNs: 1500,
      outcome: "ready",
      broken: [],
      objective: [7e9],
      best: { policy: "eager" },
      loss: 0.012,
    },
  ],
};

/** The second sentence, and whether it is told as a failure. */
function told(uncertainty: Sensitivity): string {
  const text = formatTunings(
    [tuning({ uncertainty })],
    paintWith((role, part) => (role === "failure" ? `!${part}` : part), 110),
  );
  const lines = text.slice(0, text.indexOf("\n\n")).split("\n").slice(2);
  return lines.join(" ").replaceAll(/\s+/g, " ");
}

test("what holds over the ranges of prices is said with its range and its regret", () => {
  assert.is(
    told(FOUND),
    "Over low and high values of the 2 assumed prices that act here, alone and together, it is 5 s to 7 s and at worst " +
      "1.2 % above the best of the 9 settings tried there: no price changes the advice.",
  );
  assert.match(told({ ...FOUND, regret: 0 }), "and always the best of the 9 settings");
  assert.is(
    told({ ...FOUND, variants: [], prices: [] }),
    "No assumed price acts here, so the advice stands.",
  );
});

test("which price would change the advice, at which end, to what", () => {
  const [variant] = FOUND.variants as [Sensitivity["variants"][number]];
  const changes = told({
    ...FOUND,
    survives: false,
    regret: 0.31,
    variants: [
      { ...variant, loss: 0.31 },
      { ...variant, parameter: "pageNs", valueNs: 4, loss: 0.004 },
      { ...variant, parameter: "all", end: "low", valueNs: null, loss: 0, broken: ["bootTimeNs<5s"] },
      { ...variant, parameter: "pageNs", end: "low", valueNs: 1, loss: null, best: null, outcome: "oom" },
    ],
  });
  assert.match(changes, /^!Over /);
  assert.match(changes.replaceAll(/! ?/g, ""), "at worst 31 % above the best of the 9 settings");
  assert.is(
    changes.replaceAll(/! ?/g, "").split(". What would change the advice: ")[1],
    "with tdcallNs 1.5 us (high) policy eager is better, by 31 %; with all prices low it breaks bootTimeNs<5s; " +
      "with pageNs 1 ns (low) it does not get ready (oom).",
  );
});

test("without a best setting it says why", () => {
  const oom = point({ outcome: "oom", reason: "no room", loss: null });
  assert.match(
    formatTunings([tuning({ best: null, points: [oom], curves: [], front: [], hypervolume: null })]),
    /^no setting gets ready: oom: no room\.\n\ntdx, 4 GiB, /,
  );
});

test("a guest at other prices than its platform's own says which", () => {
  const text = formatTunings([tuning(), tuning({ prices: "tdx-gcp" })], wide);
  assert.match(text, /^tdx at the prices tdx-gcp, 4 GiB, 2 vCPUs, lazy/m);
  assert.match(text, /^tdx, 4 GiB, 2 vCPUs, lazy/m);
});

test.run();
