// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunScenario } from "../../src/cli/io.js";
import { PLATFORMS } from "../../src/coco/platforms.js";
import { GiB } from "../../src/units.js";
import { fakeRun, onlyLine, unaccepted, withFiles } from "./program.js";

const test = suite("cli: questions to compare and largest");

/** Boot time rises with memory, four times as fast under eager. */
const growing: RunScenario = (scenario, loaded, options) => ({
  ...fakeRun(scenario, loaded, options),
  bootTimeNs: (scenario.memoryBytes / GiB) * (scenario.policy === "eager" ? 4e9 : 1e9),
});

test("compare --deadline: what is late says why, and the exit code is 1", async () => {
  await withFiles(async ({ scenario }) => {
    const { code, stdout } = await unaccepted(["compare", scenario, "--deadline", "10s"]);
    assert.is(code, 1);
    assert.match(stdout, /\nlazy +4 s /);
    assert.match(stdout, /\neager +LATE +1.00x /);
    assert.match(
      stdout,
      /\n {2}deadline after 12 s: 2 s more than the deadline of 10 s; kernel takes 4.4 s of\n {4}it\n/,
    );
    assert.is((await unaccepted(["compare", scenario, "--deadline", "12s"])).code, 0);
  });
});

test("compare --baseline: ratios are of that policy, and the notes say so", async () => {
  await withFiles(async ({ scenario }) => {
    const { stdout } = await unaccepted(["compare", scenario, "--baseline", "lazy"]);
    assert.match(stdout, /\neager +12 s +0.33x /);
    assert.match(stdout, "ratio: boot time of lazy on the same machine");
  });
});

test("compare --fail-on: exit 1 and a line for each run for which it holds", async () => {
  await withFiles(async ({ scenario }) => {
    const held = await unaccepted([
      "compare",
      scenario,
      "--fail-on",
      "bootTimeNs>1.1*baseline",
      "--baseline",
      "lazy",
      "--quiet",
    ]);
    assert.is(held.code, 1);
    assert.is(onlyLine(held.stderr), "--fail-on bootTimeNs>1.1*baseline: eager on tdx, 4 GiB, 1 vCPU");
    const fine = await unaccepted(["compare", scenario, "--fail-on", "bootTimeNs>1.1*baseline", "--quiet"]);
    assert.is(fine.code, 0);
    assert.is(fine.stderr, "");
  });
});

test("compare --repeat: runs other seeds where anything is random, and shows intervals", async () => {
  await withFiles(async ({ scenario }) => {
    const seeds: number[] = [];
    const bySeed: RunScenario = (one, loaded, options) => {
      seeds.push(one.seed);
      return { ...fakeRun(one, loaded, options), bootTimeNs: one.seed * 1e9, workloadTimeNs: 5e9 };
    };
    const random = ["--set", "host.pageSize=2MiB", "--set", "host.contiguity=0.5", "--policy", "lazy"];
    const { code, stdout } = await unaccepted(["compare", scenario, "--repeat", "3", ...random], {
      runScenario: bySeed,
    });
    assert.is(code, 0);
    assert.equal(seeds, [1, 2, 3]);
    assert.match(stdout, /\nlazy +1 s /);
    assert.match(
      stdout,
      /\n {2}3 seeds: boot 2 s ± 2.48 s, workload 5 s ± 0 ns, overhead 3.11 GiB ± 0 B, boot\n {4}waited /,
    );
    seeds.length = 0;
    await unaccepted(["compare", scenario, "--repeat", "3", "--policy", "lazy"], { runScenario: bySeed });
    assert.equal(seeds, [1], "a recording is the same each time");
  });
});

test("compare --repeat: the exit code is 1 where only another seed fails", async () => {
  await withFiles(async ({ scenario }) => {
    const argv = [
      "compare",
      scenario,
      "--repeat",
      "3",
      "--set",
      "host.pageSize=2MiB",
      "--set",
      "host.contiguity=0.5",
      "--policy",
      "lazy",
    ];
    const failing =
      (seed: number): RunScenario =>
      (one, loaded, options) => ({
        ...fakeRun(one, loaded, options),
        ...(one.seed === seed ? { outcome: "oom" as const, reason: "no page" } : {}),
      });
    for (const [seed, code] of [[4, 0] as const, [3, 1] as const, [1, 1] as const]) {
      assert.is((await unaccepted(argv, { runScenario: failing(seed) })).code, code, `seed ${seed}`);
    }
  });
});

test("flags that say nothing sensible are refused in one line", async () => {
  await withFiles(async ({ scenario }) => {
    for (const [flags, complaint] of [
      [["--deadline", "soon"], /--deadline soon: expected a time such as 60s$/],
      [["--baseline", "lasy"], /--baseline lasy: expected one of eager, .*, did you mean lazy\?$/],
      [["--repeat", "0"], /--repeat 0: expected a whole number from 1 to 1000$/],
      [["--fail-on", "x>1"], /--fail-on x>1: column 1: expected /],
      [["--uncertainty", "--repeat", "3"], /--repeat: not with --uncertainty/],
    ] as const) {
      const { code, stderr } = await unaccepted(["compare", scenario, ...flags]);
      assert.is(code, 2);
      assert.match(onlyLine(stderr), complaint);
    }
  });
});

/** The same, and a half or twice as much with the assumed prices at an end, which one of them shows. */
const assuming: RunScenario = (scenario, loaded, options) => {
  const { low, value, high } = PLATFORMS.tdx.parameters.acceptZero4kNs!;
  const price = scenario.platform.parameters.acceptZero4kNs ?? value;
  const factor = price === low ? 0.5 : price === high ? 2 : 1;
  const own = growing(scenario, loaded, options);
  const bootTimeNs = own.bootTimeNs * factor;
  return { ...own, bootTimeNs, bootAssumedNs: { acceptZero4kNs: 1e9 }, costs: { acceptZero4k: 9 } };
};

test("largest: the size up to which each policy boots in time surely, at the defaults, and perhaps", async () => {
  await withFiles(async ({ scenario }) => {
    const world = { runScenario: assuming, env: { COLUMNS: "140" } };
    const { code, stdout } = await unaccepted(["largest", scenario, "--deadline", "60s"], world);
    assert.is(code, 0);
    assert.match(
      stdout.replaceAll(/\s+/g, " "),
      /^On tdx lazy boots 60 GiB \(surely 30 GiB, none above 120 GiB\) within 60 s, eager 15 GiB \(surely 7 GiB, none above 30 GiB\)\. Most depends on acceptZero4kNs, an assumption: alone it makes 60 GiB boot in 30 s to 120 s\. /,
    );
    assert.match(
      stdout,
      /\neager +tdx +1 +7 GiB +15 GiB +30 GiB +64 s, of which kernel 4.4 s +acceptZero4kNs: 30 s to 120 s\n/,
    );
    assert.match(stdout, /\nlazy +tdx +1 +30 GiB +60 GiB +120 GiB +61 s, /);
    const json = await unaccepted(["largest", scenario, "--deadline", "60s", "--json"], world);
    const { rows } = JSON.parse(json.stdout);
    const [eager] = rows;
    const border = ({ prices, largestBytes, nextBytes }: Record<string, number>): unknown[] => [
      prices,
      largestBytes! / GiB,
      nextBytes! / GiB,
    ];
    assert.equal(
      rows.map(({ policy }: { policy: string }) => policy),
      ["eager", "lazy"],
    );
    assert.equal(border(eager.surely), ["high", 7, 8]);
    assert.equal(border(eager.default), ["default", 15, 16]);
    assert.equal(border(eager.may), ["low", 30, 31]);
    assert.equal(eager.movedMostBy, {
      parameter: "acceptZero4kNs",
      priceNs: { low: 300, high: 3000 },
      memoryBytes: 15 * GiB,
      bootTimeNs: { low: 30e9, high: 120e9 },
    });
  });
});

test("largest --no-uncertainty: the default prices alone, and it says so", async () => {
  await withFiles(async ({ scenario }) => {
    const prices = new Set<unknown>();
    const world = {
      env: { COLUMNS: "140" },
      runScenario: (...run: Parameters<RunScenario>) => {
        prices.add(run[0].platform.parameters.acceptZero4kNs);
        return assuming(...run);
      },
    };
    const argv = ["largest", scenario, "--deadline", "60s", "--no-uncertainty"];
    const { stdout } = await unaccepted(argv, world);
    assert.match(stdout, /^On tdx lazy boots 60 GiB within 60 s, eager 15 GiB\.\n/);
    assert.match(stdout, /\neager +tdx +1 +15 GiB +64 s, of which kernel 4.4 s\n/);
    assert.match(
      stdout.replaceAll(/\s+/g, " "),
      "The assumed prices are at their defaults; without --no-uncertainty",
    );
    assert.equal([...prices], [undefined]);
    const [row] = JSON.parse((await unaccepted([...argv, "--json"], world)).stdout).rows;
    assert.equal([row.default.largestBytes, row.surely, row.movedMostBy], [15 * GiB, undefined, undefined]);
  });
});

test("largest --constraint: what must hold besides the deadline", async () => {
  await withFiles(async ({ scenario }) => {
    const argv = ["largest", scenario, "--deadline", "60s", "--no-uncertainty", "--policy", "lazy"];
    const bound = ["--constraint", "bootTimeNs<=20s"];
    const { stdout } = await unaccepted([...argv, ...bound], { runScenario: growing });
    assert.match(stdout, /^On tdx lazy boots 20 GiB within 60 s, with bootTimeNs<=20s\.\n/);
    assert.match(stdout, /\nlazy +tdx +1 +20 GiB +breaks bootTimeNs<=20s\n/);
    const json = await unaccepted([...argv, ...bound, "--json"], { runScenario: growing });
    const { constraints, rows } = JSON.parse(json.stdout);
    assert.equal([constraints, rows[0].default.broken], [["bootTimeNs<=20s"], ["bootTimeNs<=20s"]]);
  });
});

test("largest: no guest in time is exit 1; no deadline, or a size, is a mistake", async () => {
  await withFiles(async ({ scenario }) => {
    const world = { runScenario: growing, env: { COLUMNS: "140" } };
    const none = await unaccepted(["largest", scenario, "--deadline", "1ms"], world);
    assert.is(none.code, 1);
    assert.match(none.stdout, /^On tdx no guest boots within 1 ms: lazy 1 s, of which kernel 4.4 s\.\n/);
    assert.match(none.stdout, /\neager +tdx +1 +- +- +- {2}4 s, /);
    for (const [flags, complaint] of [
      [[], /expected --deadline, a time such as 60s/],
      [["--deadline", "60s", "--memory", "4GiB"], /--memory: that is what largest looks for/],
      [["--deadline", "60s", "--format", "csv"], /--format csv: largest prints table or json/],
      [["--deadline", "60s", "--out", "x"], /--out: largest writes no files/],
    ] as const) {
      const { code, stderr } = await unaccepted(["largest", scenario, ...flags], world);
      assert.is(code, 2);
      assert.match(onlyLine(stderr), complaint);
    }
  });
});

test("memory that could not be plugged in: exit 1 and the reason, and largest takes a size at which it can", async () => {
  await withFiles(async ({ scenario }) => {
    const plugging: RunScenario = (one, loaded, options) => ({
      ...fakeRun(one, loaded, options),
      hotplug: {
        acceptance: "assumed",
        outcome: one.memoryBytes > 8 * GiB ? "online" : "failed",
        ...(one.memoryBytes > 8 * GiB ? {} : { reason: "no room for struct pages" }),
        blockBytes: 0,
        addedBytes: 0,
        memmapBytes: 0,
        acceptedOnlineBytes: 0,
        unacceptedBytes: 0,
        timeNs: 0,
      },
    });
    const world = { runScenario: plugging };
    const { code, stdout } = await unaccepted(["compare", scenario], world);
    assert.is(code, 1);
    assert.match(stdout, /\n {2}hot-plug failed: no room for struct pages\n/);
    assert.not.match(stdout, /\*/);
    assert.is((await unaccepted(["compare", scenario, "--memory", "16GiB"], world)).code, 0);
    const largest = await unaccepted(["largest", scenario, "--deadline", "60s"], world);
    assert.is(largest.code, 1);
    assert.match(largest.stdout.replaceAll(/\s+/g, " "), "hot-plug failed: no room");
  });
});

test.run();
