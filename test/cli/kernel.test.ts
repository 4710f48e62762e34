// Takes 1 s.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { onlyLine, unaccepted, withFiles } from "./program.js";

const test = suite("cli: kernels by name");

test("a kernel of a distribution: the answer says whose rules it took, in every form", async () => {
  await withFiles(async ({ scenario }) => {
    const one = ["run", scenario, "--policy", "lazy", "--kernel", "6.8.0-1028-intel"];
    const { code, stdout, stderr } = await unaccepted(one);
    assert.is(code, 0);
    assert.match(stdout.replaceAll(/\s+/g, " "), "Linux 6.8.0-1028-intel by the rules of 6.8, ");
    const remark =
      "Linux 6.8.0-1028-intel has the rules of 6.8, the last that changed them; it counts as the release it was " +
      "built from, whatever its builder changed; it is by rule, not recorded";
    assert.match(stdout.replaceAll(/\s+/g, " "), remark);
    assert.is(stderr, "");
    const json = await unaccepted([...one, "--json"]);
    assert.is(onlyLine(json.stderr), remark);
    assert.is((await unaccepted([...one, "--json", "--quiet"])).stderr, "");
    const [row] = JSON.parse(json.stdout).rows;
    assert.equal(row.remarks, [remark]);
    assert.is(row.kernel, "6.8.0-1028-intel");
    assert.is(row.kernelRules, "6.8");
  });
});

test("several kernels: a remark for each that has the rules of another", async () => {
  await withFiles(async ({ scenario }) => {
    const { code, stdout, stderr } = await unaccepted([
      "compare",
      scenario,
      "--kernel",
      "6.6.35,6.12,7.9,7.0,7.9",
    ]);
    assert.is(code, 0);
    assert.equal(stderr.trimEnd().split("\n"), [
      "2 runs are the same as others, and made once",
      "8 runs to make",
      "Linux 6.6.35 has the rules of 6.6.5, the last that changed them; it is by rule, not recorded (eager on tdx, " +
        "4 GiB, 1 vCPU and 1 more)",
      "Linux 7.9 has the rules of 7.3, the newest that was reviewed; it is by rule, not recorded (eager on tdx, 4 GiB, " +
        "1 vCPU and 1 more)",
    ]);
    assert.match(stdout, "Linux 7.9 by the rules of 7.3\n");
    assert.match(stdout, "Linux 6.12\n");
  });
});

test("largest and tune say it too", async () => {
  await withFiles(async ({ scenario }) => {
    const remark = "Linux 6.10 has the rules of 6.9, the last that changed them; it is by rule, not recorded";
    for (const command of [
      ["largest", scenario, "--deadline", "10s"],
      ["tune", scenario, "--budget", "2"],
    ]) {
      const { stderr } = await unaccepted([
        ...command,
        "--platform",
        "tdx",
        "--policy",
        "lazy",
        "--kernel",
        "6.10",
      ]);
      assert.ok(stderr.split("\n").includes(remark), command[0]);
    }
  });
});

test("a kernel before 6.5 gets the same answer from a flag, --set and a file", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const message =
      'kernel: expected a Linux release from 6.5 on, as uname -r prints it, found "6.1"; Linux 6.1 knows nothing of ' +
      "unaccepted memory: for such a guest leave kernel out and take policy firmware-delegated, where the firmware " +
      "accepts all, or guest.unacceptedMemory=drops, where it is lost; unaccepted matrix shows both";
    const file = join(directory, "old.yaml");
    writeFileSync(file, 'name: old\nworkload: w\nplatform: tdx\nmemory: 4GiB\nkernel: "6.1"\n');
    for (const [args, place] of [
      [["run", scenario, "--kernel", "6.1"], "--kernel 6.1"],
      [["run", scenario, "--set", 'kernel="6.1"'], '--set kernel="6.1"'],
      [["run", file], `${file}:5:9`],
    ] as const) {
      const { code, stderr } = await unaccepted([...args]);
      assert.is(code, 2);
      assert.is(onlyLine(stderr), `unaccepted: ${place}: ${message}`);
    }
  });
});

test.run();
