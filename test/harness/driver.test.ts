// Takes 5 s.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  findTestFiles,
  formatReasons,
  formatTotal,
  longestFirst,
  quickFiles,
  unrunSuites,
} from "./driver.js";

const root = dirname(dirname(import.meta.dirname));

interface Outcome {
  readonly exitCode: number;
  readonly output: string;
  readonly lastLine: string;
}

/** Runs the driver in a process of its own: a broken test file could also break these tests. */
function runDriver(...filters: string[]): Promise<Outcome> {
  return new Promise((done) => {
    const args = ["--import", "tsx", "test/run.ts", ...filters];
    execFile(
      process.execPath,
      args,
      { cwd: root, env: { ...process.env, NO_COLOR: "1" } },
      (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : Number(error.code);
        done({ exitCode, output: stdout + stderr, lastLine: stdout.trimEnd().split("\n").at(-1)! });
      },
    );
  });
}

const fixture = (name: string): string => `test/harness/fixtures/${name}.fixture.ts`;

const test = suite("driver: counts and faults");

/**
 * A run of the driver over fixtures, and the exit code and last line it must come to. All
 * processes start at once, because each needs a third of a second.
 */
function expects(name: string, fixtures: string, exitAndTotal: string, text: RegExp): void {
  const running = runDriver(...fixtures.split(" ").map(fixture));
  test(name, async () => {
    const { exitCode, output, lastLine } = await running;
    assert.is(`${exitCode}: ${lastLine}`, exitAndTotal);
    assert.match(output, text);
  });
}

expects(
  "suites that pass",
  "passing",
  "0: 3 passed, 0 failed, 1 skipped",
  /^output of a test\nok .*passing/m,
);
expects(
  "a test fails",
  "failing passing",
  "1: 4 passed, 1 failed, 1 skipped",
  /wrong.*512.*511.*^ok .*passing/ms,
);
expects("a before hook throws", "before-throws", "1: 0 passed, 2 failed", /before.*2 of 2 tests did not end/);
expects("an after hook throws", "after-throws", "1: 1 passed, 1 failed", /after hook threw.*pages left over/);
expects(
  "a hook after a test throws",
  "after-each-throws",
  "1: 1 passed, 2 failed",
  /2 of 3 tests did not end/,
);
expects("a test throws what is no Error", "throws-text", "1: 0 passed, 1 failed", /1 of 1 tests did not end/);
expects(
  "run was forgotten",
  "run-forgotten",
  "1: 0 passed, 1 failed",
  /run-forgotten.*test\.run\(\) is missing/s,
);
expects("one of two forgotten", "one-run-forgotten", "1: 1 passed, 1 failed", /second\.run\(\) is missing/);
expects("a file without tests", "no-tests", "1: 0 passed, 1 failed", /no-tests.*queued no tests/s);
expects("an import fails", "import-error", "1: 0 passed, 1 failed", /import-error.*broken at load time/s);
expects("a test never ends", "never-ends", "1: 0 passed, 1 failed", /never-ends.*ended early/s);
expects(
  "a test exits",
  "passing process-exits",
  "1: 3 passed, 1 failed, 1 skipped",
  /process-exits.*ended early/s,
);
expects("only skipped tests", "only-skipped", "1: 0 passed, 0 failed, 1 skipped", /no test ran/);

const unmatched = runDriver("no-such-room", fixture("passing"));
test("a filter that matches nothing fails even beside one that does", async () => {
  const { exitCode, output, lastLine } = await unmatched;
  assert.is(exitCode, 1);
  assert.is(lastLine, "3 passed, 0 failed, 1 skipped");
  assert.match(output, /no test file matches "no-such-room"/);
});

test("reasons for skipping are told once each, with all the tests that they skipped", () => {
  const report = { file: "", passed: 2, failed: 0, skipped: 0, timeMs: 0, problems: [] };
  const skipping = { ...report, skipped: 2, reason: "there is no browser" };
  assert.equal(formatReasons([report, skipping, { ...skipping, skipped: 5 }]), [
    "7 skipped, because there is no browser",
  ]);
});

test("the total is the sum over files, with skipped tests only when there are any", () => {
  const report = { file: "", passed: 2, failed: 1, skipped: 0, timeMs: 0, problems: [] };
  assert.is(formatTotal([report, report]), "4 passed, 2 failed");
  assert.is(formatTotal([report, { ...report, skipped: 3 }]), "4 passed, 2 failed, 3 skipped");
});

test("without a filter all test files are found and no fixture", () => {
  const { files, unmatched: none } = findTestFiles(root, []);
  assert.ok(files.includes("test/harness/driver.test.ts"));
  assert.not.ok(files.some((file) => file.includes("fixture")));
  assert.equal(none, []);
});

test("a filter is a part of a path, and files are not run twice", () => {
  const { files } = findTestFiles(root, ["harness/driver", "driver.test"]);
  assert.equal(files, ["test/harness/driver.test.ts"]);
});

test("files that say how long they take begin first, and are no quick ones", () => {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-driver-"));
  try {
    const first = { a: "", b: "// Takes 2 s.\n", c: "// Takes 12 s.\n", d: "// Takes long.\n" };
    for (const [name, text] of Object.entries(first)) writeFileSync(join(directory, name), text);
    assert.equal(longestFirst(directory, ["a", "b", "c", "d"]), ["c", "b", "a", "d"]);
    assert.equal(quickFiles(directory, ["a", "b", "c", "d"]), ["a", "d"]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a test after the last run counts as not run", () => {
  const source = ['const a = suite("a");', 'a("one", f);', "a.run();"];
  assert.equal(unrunSuites(source.join("\n")), []);
  assert.equal(unrunSuites([...source, 'a("two", f);'].join("\n")), ["a"]);
  assert.equal(unrunSuites(source.with(2, "// a.run();").join("\n")), ["a"]);
});

test.run();
