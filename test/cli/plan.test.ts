// Takes 3 s.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fakeRun, onlyLine, unaccepted, withFiles } from "./program.js";

const test = suite("cli: how many runs");

/** 50 x 50 x 50 of the two policies of the file. */
const MANY = [
  ["--seed", Array.from({ length: 50 }, (_, seed) => seed).join(",")],
  ["--vcpus", Array.from({ length: 50 }, (_, more) => more + 1).join(",")],
  ["--memory", Array.from({ length: 50 }, (_, more) => `${more + 4}GiB`).join(",")],
].flat();

test("more than 10,000 runs are refused with their number where nobody can be asked", async () => {
  await withFiles(async ({ scenario }) => {
    const { code, stdout, stderr } = await unaccepted(["compare", scenario, ...MANY]);
    assert.is(code, 2);
    assert.is(stdout, "");
    assert.match(onlyLine(stderr), /^unaccepted: compare: 250,000 runs, more than 10,000; --yes /);
  });
});

test("a product that no memory holds is counted all the same", async () => {
  await withFiles(async ({ scenario }) => {
    const scales = Array.from({ length: 1000 }, (_, at) => (at + 1) / 1000).join(", ");
    const prices = Array.from({ length: 1000 }, (_, at) => `${at + 1}ns`).join(", ");
    const huge = ["--set", `guest.timeScale=[${scales}]`, "--set", `platform.tdcallNs=[${prices}]`];
    const { code, stderr } = await unaccepted(["compare", scenario, ...MANY, ...huge]);
    assert.is(code, 2);
    assert.match(onlyLine(stderr), "250,000,000,000 runs");
  });
});

test("tune, largest and run count before they expand", async () => {
  await withFiles(async ({ scenario }) => {
    const tuned = await unaccepted(["tune", scenario, ...MANY]);
    assert.match(onlyLine(tuned.stderr), /^unaccepted: tune: at most 27,000,000 runs, /);
    const largest = await unaccepted(["largest", scenario, "--deadline", "60s", ...MANY.slice(0, 4)]);
    assert.match(onlyLine(largest.stderr), /^unaccepted: largest: at most 550,000 runs, /);
    const run = await unaccepted(["run", scenario, ...MANY]);
    assert.match(onlyLine(run.stderr), "makes 250000 runs, and run makes one");
    assert.equal([tuned.code, largest.code, run.code], [2, 2, 2]);
  });
});

test("--max-runs lowers the limit, and --yes or who is asked lifts it", async () => {
  await withFiles(async ({ scenario }) => {
    const refused = await unaccepted(["compare", scenario, "--max-runs", "1"]);
    assert.is(refused.code, 2);
    assert.match(onlyLine(refused.stderr), "compare: 2 runs, more than 1; --yes");
    for (const agreed of [
      ["--max-runs", "1", "--yes"],
      ["--max-runs", "2"],
    ]) {
      assert.is((await unaccepted(["compare", scenario, ...agreed])).code, 0, agreed.join(" "));
    }
    const questions: string[] = [];
    const answering = (answer: boolean) => ({
      confirm: async (question: string) => {
        questions.push(question);
        return answer;
      },
    });
    const asked = await unaccepted(["compare", scenario, "--max-runs", "1"], answering(true));
    assert.is(asked.code, 0);
    const declined = await unaccepted(["compare", scenario, "--max-runs", "1"], answering(false));
    assert.equal([declined.code, declined.stdout], [0, ""]);
    assert.equal(questions, Array(2).fill("compare: 2 runs, more than 1; make them?"));
  });
});

test("--max-runs of something else", async () => {
  await withFiles(async ({ scenario }) => {
    for (const value of ["0", "-1", "many", "1e3"]) {
      const { code, stderr } = await unaccepted(["compare", scenario, `--max-runs=${value}`]);
      assert.is(code, 2);
      assert.is(onlyLine(stderr), `unaccepted: --max-runs ${value}: expected a whole number from 1`);
    }
  });
});

test("--dry-run makes one run, and tells how many there would be", async () => {
  await withFiles(async ({ scenario }) => {
    let runs = 0;
    const runScenario: typeof fakeRun = (...args) => {
      runs++;
      return fakeRun(...args);
    };
    const text = await unaccepted(["compare", scenario, ...MANY, "--dry-run"], { runScenario });
    assert.is(text.code, 0);
    assert.match(text.stdout, /^250,000 runs, about [\d.]+ \w+ on one CPU, by one that took [\d.]+ ms\n$/);
    const json = await unaccepted(["compare", scenario, "--dry-run", "--json"], { runScenario });
    const { runs: planned, estimateSeconds } = JSON.parse(json.stdout);
    assert.is(planned, 2);
    assert.ok(estimateSeconds > 0);
    assert.is(runs, 2);
  });
});

test("a sweep asks before it begins, and neither for a shard nor when it goes on", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const study = join(directory, "study.yaml");
    writeFileSync(
      study,
      `name: s\nscenario: ${scenario}\naxes: { seed: [1, 2, 1], memory: [4GiB, 4096MiB] }\n`,
    );
    const out = join(directory, "out");
    const sweep = (...more: string[]): ReturnType<typeof unaccepted> =>
      unaccepted(["sweep", study, "--jobs", "1", "--max-runs", "1", ...more]);
    const refused = await sweep("--out", out);
    assert.is(refused.code, 2);
    assert.match(onlyLine(refused.stderr), "sweep: 4 runs, more than 1; --yes");
    assert.not(existsSync(out));
    const planned = await sweep("--out", out, "--dry-run");
    assert.match(planned.stdout, /^4 runs, about /);
    const shard = await sweep("--out", join(directory, "shard"), "--shard", "0/1");
    assert.is(shard.code, 0, shard.stderr);
    assert.match(shard.stderr, /^2 values of axes say the same as others, and count once\n4 runs to make\n/);
    const begun = await sweep("--out", out, "--yes");
    assert.is(begun.code, 0, begun.stderr);
    assert.is((await sweep("--out", out)).code, 0);
  });
});

test("runs that are named twice are made once, with a remark", async () => {
  await withFiles(async ({ scenario }) => {
    const argv = ["compare", scenario, scenario, "--policy", "lazy,eager,lazy", "--memory", "4GiB,4096MiB"];
    const { code, stdout, stderr } = await unaccepted([...argv, "--json"]);
    assert.is(code, 0);
    assert.is(JSON.parse(stdout).rows.length, 2);
    assert.is(stderr, "10 runs are the same as others, and made once\n2 runs to make\n");
    const one = await unaccepted(["run", scenario, "--policy", "lazy,lazy", "--json"]);
    assert.is(one.code, 0);
    assert.is(onlyLine(one.stderr), "1 run is the same as another, and made once");
  });
});

test.run();
