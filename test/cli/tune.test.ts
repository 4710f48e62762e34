// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunScenario } from "../../src/cli/io.js";
import { GiB, MiB } from "../../src/units.js";
import { fakeRun, onlyLine, unaccepted, withFiles } from "./program.js";

const test = suite("cli: tune");

/** A valley of boot time round 512 MiB; less than 64 MiB does not boot. */
const valley: RunScenario = (scenario, loaded, options) => {
  const limit = scenario.firmware.preAcceptLimitBytes;
  const bootTimeNs = Math.round(1e9 * (1 + 0.1 * Math.log2(limit / (512 * MiB)) ** 2));
  const result = {
    ...fakeRun(scenario, loaded, options),
    boot: loaded.recording.name,
    bootTimeNs,
    bootAssumedNs: {},
  };
  return limit < 64 * MiB ? { ...result, outcome: "oom", reason: "no room" } : result;
};

test("begins with the advice in numbers, then how flat it is there and what a wrong step costs", async () => {
  await withFiles(async ({ scenario }) => {
    const { code, stdout, stderr } = await unaccepted(["tune", scenario], { runScenario: valley });
    assert.is(code, 0);
    const text = stdout.replaceAll(/\s+/g, " ");
    assert.match(
      text,
      /^Set firmware.preAcceptLimit 512 MiB: the time until init runs is 1 s, instead of 1.9 s as it stands \(90 % more\)\. /,
    );
    assert.match(stdout, /\n\ntdx, 4 GiB, 1 vCPU, lazy, kernel 7.3, tiny \(\d+ runs; /);
    assert.match(stdout, /\n {2}as it stands +4 GiB +90 % +1.9 s /);
    assert.match(text, /anything between 394 MiB and 664 MiB costs less than 2 % more/);
    assert.match(text, /one wrong step: 256 MiB costs 10 % more, 1 GiB costs 10 % more/);
    assert.match(text, /64 MiB is the least: with 58 MiB no room; 512 MiB is an address, /);
    assert.is(
      stderr,
      "tune: policy lazy of eager, lazy; --policy or --knob policy=... chooses others\nat most 27 runs to make\n",
    );
  });
});

test("the objective is the total time where a workload follows the boot, and the range goes up to all RAM", async () => {
  await withFiles(async ({ scenario }) => {
    const withLoad: RunScenario = (one, loaded, options) => {
      const { bootTimeNs } = valley(one, loaded, options);
      const totalTimeNs = bootTimeNs + (one.firmware.preAcceptLimitBytes < 6 * GiB ? 9e9 : 1e9);
      return { ...valley(one, loaded, options), workload: "load", totalTimeNs, workloadTimeNs: 9e9 };
    };
    const { stdout } = await unaccepted(["tune", scenario, "--json"], { runScenario: withLoad });
    const { objective, stages, time, best, curves, asItStands } = JSON.parse(stdout);
    assert.equal([objective, time], ["totalTimeNs", "totalTimeNs"]);
    assert.equal(stages, [{ unit: "ns", terms: [{ weight: 1, measure: "totalTimeNs" }] }]);
    assert.equal(best.knobs, { "firmware.preAcceptLimit": 6 * GiB });
    assert.equal(best.objective, [best.totalTimeNs]);
    assert.equal(asItStands, { "firmware.preAcceptLimit": 4 * GiB });
    const holes = [{ start: 2 * GiB, end: 4 * GiB }];
    assert.equal(curves[0].reach, { allBytes: 6 * GiB, is: "address", holes });
    assert.ok(curves[0].points.every(({ value }: { value: number }) => value <= 2 * GiB || value > 4 * GiB));
    const table = await unaccepted(["tune", scenario], { runScenario: withLoad });
    assert.match(table.stdout, /^Set firmware.preAcceptLimit all \(6 GiB\): the time from power-on /);
  });
});

test("as JSON: one object for one guest, a list for several", async () => {
  await withFiles(async ({ scenario }) => {
    const one = await unaccepted(["tune", scenario, "--json", "--quiet"], { runScenario: valley });
    assert.is(one.stderr, "");
    const tuning = JSON.parse(one.stdout);
    assert.equal(tuning.best.knobs, { "firmware.preAcceptLimit": 512 * MiB });
    assert.is(tuning.objective, "bootTimeNs");
    assert.equal(tuning.constraints, []);
    assert.ok(tuning.evaluated <= tuning.gridSize / 2);
    assert.is(tuning.points.find(({ outcome }: { outcome: string }) => outcome === "oom").loss, null);
    const two = await unaccepted(["tune", scenario, "--json", "--memory", "4GiB,8GiB"], {
      runScenario: valley,
    });
    const { schemaVersion, guests } = JSON.parse(two.stdout);
    assert.is(schemaVersion, 2);
    assert.equal(
      guests.map(({ memoryBytes }: { memoryBytes: number }) => memoryBytes),
      [4 * GiB, 8 * GiB],
    );
  });
});

test("the same bytes each time", async () => {
  await withFiles(async ({ scenario }) => {
    const argv = ["tune", scenario, "--json", "--uncertainty"];
    const [first, second] = [
      await unaccepted(argv, { runScenario: valley }),
      await unaccepted(argv, { runScenario: valley }),
    ];
    assert.is(first.stdout, second.stdout);
  });
});

test("a policy can be a knob, and then there is one guest", async () => {
  await withFiles(async ({ scenario }) => {
    const { stdout, stderr } = await unaccepted([
      "tune",
      scenario,
      "--knob",
      "policy=eager,lazy",
      "--objective",
      "bootTimeNs",
      "--json",
    ]);
    assert.is(stderr, "at most 3 runs to make\n");
    const { best, policy, curves } = JSON.parse(stdout);
    assert.equal([best.knobs, policy], [{ policy: "lazy" }, "lazy"]);
    assert.equal(
      curves[0].points.map(({ value }: { value: string }) => value),
      ["eager", "lazy"],
    );
  });
});

test("exit code 1 where no setting keeps to the constraints", async () => {
  await withFiles(async ({ scenario }) => {
    const argv = ["tune", scenario, "--constraint", "bootTimeNs<100ms"];
    const { code, stdout } = await unaccepted(argv, { runScenario: valley });
    assert.is(code, 1);
    assert.match(stdout, /no setting of those tried keeps to bootTimeNs<100ms/);
  });
});

test("--uncertainty says whether the setting survives", async () => {
  await withFiles(async ({ scenario }) => {
    const { stdout } = await unaccepted(["tune", scenario, "--uncertainty"], { runScenario: valley });
    assert.match(
      stdout.replaceAll(/\s+/g, " "),
      /Over low and high values of the \d+ assumed prices that act here, alone and together, it stays at 1 s and always /,
    );
  });
});

test("seeds matter only where something is random", async () => {
  await withFiles(async ({ scenario }) => {
    const recorded = await unaccepted(["tune", scenario, "--seeds", "3", "--policy", "lazy"]);
    assert.match(recorded.stderr, /nothing is random in this workload/);
    const seeds = new Set<number>();
    const random = await unaccepted(
      ["tune", scenario, "--seeds", "3", "--policy", "lazy", "--json"].concat(
        ["host.contiguity=0.5", "host.pageSize=2MiB"].flatMap((one) => ["--set", one]),
      ),
      {
        runScenario: (...run) => {
          seeds.add(run[0].seed);
          return valley(...run);
        },
      },
    );
    assert.is(JSON.parse(random.stdout).best.runs, 3);
    assert.is(seeds.size, 3);
  });
});

test("mistakes are one line and exit code 2", async () => {
  await withFiles(async ({ scenario }) => {
    for (const [flags, complaint] of [
      [
        ["--objective", "speed"],
        /--objective speed: column 1: expected a measure such as .*found "speed"; unaccepted schema results lists all$/,
      ],
      [
        ["--objective", "bootTimeNs+overheadBytes"],
        /--objective bootTimeNs\+overheadBytes: column 12: expected a measure in ns, .*found overheadBytes, which is in bytes$/,
      ],
      [
        ["--knob", "vcpus=1..all"],
        /--knob vcpus: .*a range up to all is known of firmware.preAcceptLimit only$/,
      ],
      [
        ["--constraint", "bootTimeNs<2GiB"],
        /--constraint bootTimeNs<2GiB: column 12: expected a time such as 60s, .*found "2GiB"$/,
      ],
      [["--knob", "host.pagesize=4KiB,2MiB"], /--knob host.pagesize=4096: host.pagesize: unknown key/],
      [["--knob", "vcpus=1,2", "--knob", "vcpus=4"], /--knob vcpus was given twice/],
      [["--budget", "few"], /--budget few: expected a whole number from 2 to 1000000$/],
      [["--seeds", "0"], /--seeds 0: expected a whole number from 1 to 1000000$/],
      [["--format", "csv"], /--format csv: with tune expected table or json$/],
      [["--out", "x"], /--out: not with tune/],
    ] as const) {
      const { code, stderr, stdout } = await unaccepted(["tune", scenario, ...flags]);
      assert.equal([code, stdout], [2, ""]);
      assert.match(onlyLine(stderr), complaint);
    }
  });
});

test("an interruption ends it between two runs", async () => {
  await withFiles(async ({ scenario }) => {
    const interruption = new AbortController();
    let runs = 0;
    const { code, stdout } = await unaccepted(["tune", scenario], {
      interrupted: interruption.signal,
      runScenario: (...run) => {
        if (++runs === 3) interruption.abort();
        return valley(...run);
      },
    });
    assert.equal([code, stdout, runs], [130, "", 3]);
  });
});

test.run();
