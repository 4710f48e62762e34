// Takes 1 s.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const test = suite("workload: scripts that record");

const FOLDER = "workloads/record";
const SCRIPTS: readonly string[] = readdirSync(FOLDER).filter((name) => name.endsWith(".sh"));

function run(name: string, ...argv: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync("bash", [`${FOLDER}/${name}`, ...argv], { encoding: "utf8" });
}

test("each prints its help", () => {
  assert.ok(SCRIPTS.includes("describe.sh"));
  for (const name of SCRIPTS) {
    for (const flag of ["--help", "-h"]) {
      const { status, stdout, stderr } = run(name, flag);
      assert.equal([status, stderr], [0, ""], name);
      assert.match(stdout, `usage: ${name} `);
    }
  }
});

test("each refuses a flag that it does not have, with one line", () => {
  for (const name of SCRIPTS) {
    const { status, stdout, stderr } = run(name, "--nonsense");
    assert.equal(
      [status, stdout, stderr],
      [1, "", `${name}: --nonsense: no such option; see ${name} --help\n`],
    );
  }
});

test.run();
