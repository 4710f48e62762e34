// Takes 5 s.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseDocument } from "yaml";
import { parseScenario } from "../../src/scenario/load.js";
import { GiB } from "../../src/units.js";
import { unaccepted } from "./program.js";

const test = suite("cli: init");

test("what it prints is a scenario that makes one run, of the standard boot", async () => {
  const { code, stdout, stderr } = await unaccepted(["init"]);
  assert.equal([code, stderr], [0, ""]);
  const [scenario, ...more] = parseScenario(stdout, "guest.yaml");
  assert.is(more.length, 0);
  assert.equal([scenario!.name, scenario!.policy, scenario!.memoryBytes], ["guest", "lazy", 4 * GiB]);
  assert.is(scenario!.workload, "linux-7.3.4-debian-1c4g");
});

test("every key has a comment above it, and what takes values says which", async () => {
  const { stdout } = await unaccepted(["init"]);
  const lines = stdout.split("\n");
  for (const [at, line] of lines.entries()) {
    if (/^ *\w+:/.test(line)) assert.match(lines[at - 1]!, /^ *# /, line);
    assert.ok(line.length <= 80, line);
  }
  const words = stdout.replaceAll(/\n *# */g, " ");
  assert.match(words, "Values: a memory size from 256MiB to 4PiB in whole MiB.");
  assert.match(words, "Values: 1 to 1024. Default: 1.");
  assert.match(words, "Values: eager, lazy, ");
});

test("flags give values, lists are lists, and a list of platforms runs", async () => {
  const argv = ["--platform", "tdx,none", "--memory", "8GiB,16GiB", "--vcpus", "4", "--kernel", "6.12"];
  const { stdout } = await unaccepted(["init", ...argv]);
  const document = parseDocument(stdout).toJS() as Record<string, unknown>;
  assert.equal(document.platform, ["tdx", "none"]);
  assert.equal(document.memory, ["8GiB", "16GiB"]);
  assert.equal([document.vcpus, document.kernel], [4, "6.12"]);
  assert.is(parseScenario(stdout, "guest.yaml").length, 4);
});

test("a key that matters on no platform of the guest is left out", async () => {
  const { stdout } = await unaccepted(["init", "--platform", "none"]);
  assert.not.match(stdout, "preAcceptLimit");
  assert.is(parseScenario(stdout, "guest.yaml").length, 1);
});

test("a value that no key takes is an error of its flag, and nothing is written", async () => {
  const { code, stdout, stderr } = await unaccepted(["init", "--memory", "5"]);
  assert.equal([code, stdout], [2, ""]);
  assert.match(stderr, /^unaccepted: --memory 5: memory: expected a memory size from 256MiB/);
});

test("a file is named after itself, stays as it is, and is written over by --force", async () => {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-"));
  try {
    const path = join(directory, "big.yaml");
    const first = await unaccepted(["init", path, "--memory", "64GiB"]);
    assert.equal(first, { code: 0, stdout: "", stderr: `wrote ${path}; try unaccepted run ${path}\n` });
    assert.is(parseScenario(readFileSync(path, "utf8"), path)[0]!.name, "big");
    const again = await unaccepted(["init", path]);
    assert.equal(
      [again.code, again.stderr],
      [2, `unaccepted: ${path}: is there already; --force writes over it\n`],
    );
    assert.match(readFileSync(path, "utf8"), "memory: 64GiB");
    assert.is((await unaccepted(["init", path, "--force", "--quiet"])).stderr, "");
    assert.match(readFileSync(path, "utf8"), "memory: 4GiB");
    const run = await unaccepted(["run", path]);
    assert.is(run.code, 0, run.stderr);
    assert.not(existsSync("guest.yaml"));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a file of a policy cannot be named in a scenario", async () => {
  const { code, stderr } = await unaccepted(["init", "--policy", "./workloads/policies/low-water.mjs"]);
  assert.is(code, 2);
  assert.match(stderr, "give a file of one to run");
});

test("a scenario from a pipe is compared, which looks at it before it reads it", async () => {
  const { stdout: scenario } = await unaccepted(["init", "--memory", "2GiB"]);
  // To a child of Node's, stdin would be a socket.
  const command = `printf '%s' "$1" | "$0" --import tsx src/cli/main.ts compare - --json`;
  const argv = ["-c", command, process.execPath, scenario];
  const { status, stdout, stderr } = spawnSync("sh", argv, { encoding: "utf8" });
  assert.is(status, 0, stderr);
  assert.is((JSON.parse(stdout) as { rows: unknown[] }).rows.length, 1);
});

test.run();
