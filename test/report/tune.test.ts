import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatTunings } from "../../src/report/tune.js";
import type { TunePoint, Tuning } from "../../src/study/tune/result.js";
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
  const curvePoint = { objective: [0], bootTimeNs: 0, overheadBytes: 0 };
  return {
    scenario: "boot",
    platform: "tdx",
    policy: "lazy",
    kernel: "6.12",
    kernelRules: "6.12.75",
    memoryBytes: 4 * GiB,
    vcpus: 2,
    workload: "idle",
    objective: "bootTimeNs",
    constraints: [],
    seeds: 1,
    evaluated: 5,
    gridSize: 6,
    start: point({ knobs: {}, loss: 0.0712 }),
    best: point(),
    front: [point(), point({ knobs: { "host.pageSize": 4096, policy: "lazy" }, loss: 0.5 })],
    hypervolume: { shareOfBox: 0.25, referenceBootTimeNs: 1e10, referenceOverheadBytes: GiB },
    curves: [
      {
        knob: "host.pageSize",
        unit: "bytes",
        best: 2 * MiB,
        points: [
          { value: 4096, loss: 0.5, meets: true, ...curvePoint },
          { value: 2 * MiB, loss: 0, meets: true, ...curvePoint },
        ],
        flat: { low: 2 * MiB, high: 2 * MiB, within: 0.02 },
        steps: [{ direction: "down", value: 4096, loss: 0.5 }],
      },
      {
        knob: "policy",
        unit: "name",
        best: "lazy",
        points: [
          { value: "lazy", loss: 0, meets: true, ...curvePoint },
          { value: "eager", loss: 1.5, meets: true, ...curvePoint },
          { value: "odd", loss: null, meets: false, ...curvePoint },
          { value: "large", loss: 0.1, meets: false, ...curvePoint },
        ],
        flat: null,
        steps: [],
      },
    ],
    points: [point()],
    ...changes,
  };
}

test("best, as it stands, each knob, and the front with values in their units", () => {
  assert.is(
    formatTunings([tuning()], wide),
    `smallest bootTimeNs

tdx, 4 GiB, 2 vCPUs, lazy, kernel 6.12, idle (5 runs; the whole grid has 6 settings)
  best: host.pageSize 2 MiB, policy lazy: boot 5.5 s, overhead 512 MiB
  as it stands: boot 5.5 s, overhead 512 MiB; costs 7.1 % more
  host.pageSize: no other value costs less than 2 % more; one wrong step: 4 KiB costs 50 % more
  policy: lazy is best; eager costs 150 % more, odd fails, large breaks a constraint
  Pareto front of boot time and overhead; dominates 25 % of the box:
    setting                            boot  overhead  accepted  worse by
    ─────────────────────────────────────────────────────────────────────
    host.pageSize 2 MiB, policy lazy  5.5 s   512 MiB   900 MiB       0 %
    host.pageSize 4 KiB, policy lazy  5.5 s   512 MiB   900 MiB      50 %
`,
  );
});

test("names what a setting does not survive, as a failure", () => {
  const variant = { end: "high" as const, outcome: "ready" as const, broken: [], best: { policy: "eager" } };
  const text = formatTunings(
    [
      tuning({
        uncertainty: {
          runs: 40,
          within: 0.02,
          survives: false,
          variants: [
            { ...variant, parameter: "tdcallNs", loss: 0.031 },
            { ...variant, parameter: "pageNs", loss: 0.004 },
            { ...variant, parameter: "all", loss: 0, broken: ["bootTimeNs<5s"] },
          ],
        },
      }),
    ],
    paintWith((role, part) => (role === "failure" ? `!${part}` : part)),
  );
  const line = text
    .split("\n")
    .filter((one) => one.startsWith("!"))
    .join(" ")
    .replaceAll(/[!\s]+/g, " ");
  assert.is(
    line.trim(),
    "does not survive: with tdcallNs high policy eager is better by 3.1 %; with all high it breaks " +
      "bootTimeNs<5s (40 runs over low and high values of every assumed parameter)",
  );
});

test("without a best setting it says why", () => {
  const oom = point({ outcome: "oom", reason: "no room", loss: null });
  assert.match(
    formatTunings([tuning({ best: null, points: [oom], curves: [], front: [], hypervolume: null })]),
    /\n {2}no setting gets ready: oom: no room\n$/,
  );
});

test.run();
