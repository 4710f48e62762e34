// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { onlyLine, unaccepted } from "./program.js";

const test = suite("cli: trackers");

test("JSON has a row for every tracker of every boot and of every worst case", async () => {
  const { code, stdout, stderr } = await unaccepted(["trackers", "--memory", "3GiB,4GiB", "--json"]);
  assert.is(code, 0, stderr);
  const report = JSON.parse(stdout);
  assert.is(report.schemaVersion, 2);
  assert.is(report.lineNs.basis, "assumed");
  assert.equal(
    report.boots.map(({ memoryBytes }: { memoryBytes: number }) => memoryBytes / 2 ** 30),
    [3, 4],
  );
  assert.equal(
    report.worstCases.map(({ name }: { name: string }) => name),
    ["isolated blocks", "all at once"],
  );
  for (const part of [...report.boots, ...report.worstCases]) {
    assert.is(part.trackers.length, 5);
    for (const row of part.trackers) {
      for (const key of ["memoryBytes", "entries", "splits", "gapBytes", "operations", "timeNs"]) {
        assert.type(row[key], "number", key);
      }
      assert.type(row.survivesKexec, "boolean");
    }
  }
});

test("a size that is named twice is booted once, with a remark", async () => {
  const { stdout, stderr } = await unaccepted(["trackers", "--memory", "4GiB,4096MiB", "--json"]);
  assert.is(onlyLine(stderr), "1 run is the same as another, and made once");
  assert.is(JSON.parse(stdout).boots.length, 1);
});

test("the table names each part, and what 4 PiB take", async () => {
  const { code, stdout } = await unaccepted(["trackers", "--memory", "4GiB"]);
  assert.is(code, 0);
  assert.match(stdout, /^boot, 4 GiB, 2 GiB of it unaccepted, \d+ requests$/m);
  assert.match(stdout, /^isolated blocks, 4 PiB, 4 PiB of it unaccepted, 2048 requests$/m);
  assert.match(stdout, /^all at once, 4 PiB, 4 PiB of it unaccepted, 1 request$/m);
  assert.match(stdout, /^bitmap-2m +256 MiB/m);
  assert.match(stdout, /^bitmap-4k +128 GiB/m);
  assert.ok(stdout.split("\n").every((line) => line.length <= 110));
});

test("complaints are one line and name the flag", async () => {
  for (const [argv, words] of [
    [["--memory", "2GiB"], /--memory 2 GiB: the firmware accepts all of it/],
    [["--memory", "2GB"], /--memory 2GB.*memory size/],
    [["--memory", "4GiB", "--memory", "8GiB"], /--memory was given twice/],
    [["--memori", "4GiB"], /--memori/],
  ] as const) {
    const { code, stdout, stderr } = await unaccepted(["trackers", ...argv]);
    assert.is(code, 2, stderr);
    assert.is(stdout, "");
    assert.match(onlyLine(stderr), words);
  }
});

test.run();
