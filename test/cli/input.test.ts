// Takes 1 s.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunScenario } from "../../src/cli/io.js";
import { fakeRun, onlyLine, unaccepted, withFiles } from "./program.js";

const test = suite("cli: input files");

/** The one line about a scenario that must end with exit code 2 before anything is simulated. */
async function complaintAbout(scenario: string, ...flags: string[]): Promise<string> {
  const runScenario: RunScenario = () => {
    throw new Error("nothing should run");
  };
  const { code, stdout, stderr } = await unaccepted(["compare", scenario, ...flags], { runScenario });
  assert.is(code, 2, stderr);
  assert.is(stdout, "");
  return onlyLine(stderr);
}

/** Replaces the trace, and the sha256 that the description expects if `described`. */
function replaceTrace(directory: string, bytes: Uint8Array, described: boolean): void {
  writeFileSync(join(directory, "tiny/trace.txt.gz"), bytes);
  if (!described) return;
  const path = join(directory, "tiny/recording.yaml");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  writeFileSync(path, readFileSync(path, "utf8").replace(/sha256: \w+/, `sha256: ${sha256}`));
}

test("a scenario file that is not there, or a directory", async () => {
  await withFiles(async ({ directory }) => {
    const missing = join(directory, "missing.yaml");
    assert.is(await complaintAbout(missing), `unaccepted: ${missing}: no such file or directory`);
    assert.match(
      await complaintAbout(directory),
      `unaccepted: ${directory}: illegal operation on a directory`,
    );
  });
});

test("a mistake in a scenario file, with its place", async () => {
  await withFiles(async ({ scenario }) => {
    writeFileSync(scenario, readFileSync(scenario, "utf8").replace("lazy", "lasy"));
    assert.match(await complaintAbout(scenario), `unaccepted: ${scenario}:4:`);
  });
});

test("several mistakes make one line that counts the others", async () => {
  await withFiles(async ({ scenario }) => {
    writeFileSync(scenario, readFileSync(scenario, "utf8").replace("lazy", "lasy").replace("4GiB", "4GB"));
    assert.match(await complaintAbout(scenario), /\(and 1 more\)$/);
  });
});

test("a mistake in a flag names the flag", async () => {
  await withFiles(async ({ scenario }) => {
    assert.match(await complaintAbout(scenario, "--policy", "lasy"), /^unaccepted: --policy lasy: policy: /);
    assert.match(await complaintAbout(scenario, "--vcpus", "many"), /^unaccepted: --vcpus many: vcpus: /);
    assert.match(await complaintAbout(scenario, "--set", "memori=1GiB"), /^unaccepted: --set memori=1GiB: /);
  });
});

test("a recording that is not there", async () => {
  await withFiles(async ({ directory, scenario }) => {
    rmSync(join(directory, "tiny/recording.yaml"));
    const path = join(directory, "tiny/recording.yaml");
    assert.is(await complaintAbout(scenario), `unaccepted: ${path}: no such file or directory`);
  });
});

test("a mistake in the description of a recording, with its place", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const path = join(directory, "tiny/recording.yaml");
    writeFileSync(path, readFileSync(path, "utf8").replace("vcpus: 1", "vcpus: none"));
    assert.match(await complaintAbout(scenario), new RegExp(`^unaccepted: ${path}:\\d+:\\d+: `));
  });
});

test("a truncated trace", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const trace = readFileSync(join(directory, "tiny/trace.txt.gz"));
    replaceTrace(directory, trace.subarray(0, trace.length - 9), false);
    assert.match(await complaintAbout(scenario), "tiny/trace.txt.gz: truncated, damaged or another file");
    replaceTrace(directory, trace.subarray(0, trace.length - 9), true);
    assert.match(
      await complaintAbout(scenario),
      `tiny/trace.txt.gz: byte ${trace.length - 9}: expected the rest of a gzip file, found its end`,
    );
  });
});

test("a damaged trace, with the byte at which it shows", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const trace = readFileSync(join(directory, "tiny/trace.txt.gz"));
    // The checksum takes bytes 8 to 5 from the end; zlib looks at it when it has the last of them.
    trace[trace.length - 8]! ^= 1;
    replaceTrace(directory, trace, true);
    assert.match(
      await complaintAbout(scenario),
      `tiny/trace.txt.gz: byte ${trace.length - 5}: expected whole gzip data, found damage here (incorrect data check)`,
    );
  });
});

test("a file that is no trace, with the place", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const path = join(directory, "tiny/recording.yaml");
    writeFileSync(path, readFileSync(path, "utf8").replace("trace.txt.gz", "trace.txt"));
    const text = Buffer.from("# tracer: nop\nthis is no event\n");
    writeFileSync(join(directory, "tiny/trace.txt"), text);
    const sha256 = createHash("sha256").update(text).digest("hex");
    writeFileSync(path, readFileSync(path, "utf8").replace(/sha256: \w+/, `sha256: ${sha256}`));
    assert.match(await complaintAbout(scenario), /^unaccepted: .*tiny\/trace.txt:2:\d+: expected /);
  });
});

test("a workload is looked for beside the file that names it", async () => {
  await withFiles(async ({ directory, scenario }) => {
    mkdirSync(join(directory, "deeper"));
    const moved = join(directory, "deeper/boot.yaml");
    writeFileSync(moved, readFileSync(scenario, "utf8").replace("tiny/", "../tiny/"));
    assert.is((await unaccepted(["compare", moved])).code, 0);
    writeFileSync(moved, readFileSync(scenario, "utf8").replace("tiny/", `${directory}/tiny/`));
    assert.is((await unaccepted(["compare", moved])).code, 0);
  });
});

test("runs share one recording, which has the requests of the trace", async () => {
  await withFiles(async ({ scenario }) => {
    const seen = new Set<unknown>();
    const runScenario: RunScenario = (one, recording, options) => {
      seen.add(recording);
      assert.is(recording.recording.name, "tiny");
      assert.is(recording.requests.count, 2);
      assert.is(recording.report.events, 2);
      return fakeRun(one, recording, options);
    };
    assert.is((await unaccepted(["compare", scenario], { runScenario })).code, 0);
    assert.is(seen.size, 1);
  });
});

test.run();
