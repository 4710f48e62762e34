// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunScenario } from "../../src/cli/io.js";
import { priceSetsFor } from "../../src/cli/price-sets.js";
import { TARGETS } from "../../src/validate/targets.js";
import { guestsOf } from "../../src/validate/validate.js";
import { fakeRun, onlyLine, unaccepted } from "./program.js";

const test = suite("cli: validate");

/** Answers every scenario, with a drain where there is one, and counts. */
function countingRun(): { readonly run: RunScenario; readonly count: () => number } {
  let count = 0;
  return {
    run: (scenario, recording, options) => {
      count++;
      const workers = scenario.drain?.workers;
      const result = { ...fakeRun(scenario, recording, options), costs: { vmgexitPsc: 10 } };
      return workers === undefined
        ? result
        : { ...result, drain: { workers, unacceptedBytes: 2 ** 30, timeNs: scenario.memoryBytes } };
    },
    count: () => count,
  };
}

test("without --only every target is simulated, each guest once", async () => {
  const { run, count } = countingRun();
  const { stdout, stderr } = await unaccepted(["validate"], { runScenario: run });
  assert.is(count(), guestsOf(TARGETS, priceSetsFor("")).length);
  for (const { id, claims } of TARGETS)
    for (const claim of claims) assert.match(stdout, `\n${claim.id} `, id);
  assert.is(stderr, `${count()} runs to make\n`);
  for (const line of stdout.split("\n")) assert.ok(line.length <= 110, line);
});

test("a target that holds: exit 0; one that does not: exit 1", async () => {
  const holds = await unaccepted(["validate", "--only", "VT10"]);
  assert.is(holds.code, 0);
  assert.match(holds.stdout, /^4 of 4 rows hold, 1 of 1 targets hold; 3 of the rows are predictions\.\n/);
  const { run } = countingRun();
  const fails = await unaccepted(["validate", "--only", "vt10, VT1"], { runScenario: run });
  assert.is(fails.code, 1);
  assert.match(fails.stdout, /VT1\.a .* NO /);
});

test("--json: one document, a row for each number", async () => {
  const { stdout } = await unaccepted(["validate", "--only", "VT10", "--json"]);
  const { schemaVersion, targets } = JSON.parse(stdout);
  assert.is(schemaVersion, 2);
  const { note: _, ...first } = targets[0];
  assert.equal(Object.keys(first).sort(), [
    "basis",
    "conditions",
    "holds",
    "id",
    "published",
    "simulated",
    "source",
    "tolerance",
    "unit",
    "what",
  ]);
  assert.equal(
    [first.id, first.published, first.simulated, first.basis],
    ["VT10.a", 8198, 8198, "calibration"],
  );
});

test("csv, jsonl and md have the same rows", async () => {
  for (const [format, lines] of [
    ["csv", 5],
    ["jsonl", 4],
  ] as const) {
    const { stdout } = await unaccepted(["validate", "--only", "VT10", "--format", format]);
    assert.is(stdout.trimEnd().split("\n").length, lines);
  }
  const { stdout } = await unaccepted(["validate", "--only", "VT10", "--format", "md"]);
  assert.match(stdout, /^4 of 4 rows hold, [^\n]*\n\n\| id \| what \|/);
});

test("what is wrong with the flags: one line, exit 2", async () => {
  for (const [argv, message] of [
    [["--only", "VT99"], "--only VT99: there is no target VT99, did you mean VT9?"],
    [["--only", "VT1,"], '--only VT1,: there is no target ""'],
    [["--format", "xml"], "--format xml: expected one of table, json, jsonl, csv, md"],
    [["--json", "--format", "csv"], "--json and --format exclude each other"],
  ] as const) {
    const { code, stdout, stderr } = await unaccepted(["validate", ...argv]);
    assert.is(code, 2);
    assert.is(stdout, "");
    assert.match(onlyLine(stderr), message);
  }
});

test("an interruption ends it between two guests", async () => {
  const interruption = new AbortController();
  const { run, count } = countingRun();
  const { code, stdout } = await unaccepted(["validate"], {
    interrupted: interruption.signal,
    runScenario: (...given) => {
      interruption.abort();
      return run(...given);
    },
  });
  assert.equal([code, stdout, count()], [130, "", 1]);
});

test("--help has examples", async () => {
  const { code, stdout } = await unaccepted(["validate", "--help"]);
  assert.is(code, 0);
  assert.match(stdout, "unaccepted validate --only VT1,VT7");
});

test.run();
