// Takes 2 s.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunScenario } from "../../src/cli/io.js";
import { resultWith } from "../results/rows.js";
import { fakeRun, onlyLine, unaccepted, withFiles } from "./program.js";

const test = suite("cli: --timeline");

const GUEST = ["--platform", "tdx", "--policy", "lazy", "--memory", "4GiB"];

test("the ending of the name says the format, also beside JSON on stdout", async () => {
  await withFiles(async ({ scenario, directory }) => {
    const argv = ["run", scenario, ...GUEST, "--json", "--timeline"];
    const json = join(directory, "boot.json");
    const { code, stderr, stdout } = await unaccepted([...argv, json]);
    assert.is(code, 0);
    assert.is(onlyLine(stderr), `wrote ${json}`);
    assert.ok(JSON.parse(stdout).rows.length === 1);
    assert.is(JSON.parse(readFileSync(json, "utf8")).displayTimeUnit, "ns");
    const protobuf = join(directory, "boot.pftrace");
    assert.is((await unaccepted([...argv, protobuf])).code, 0);
    // A packet: field 1 of the trace.
    assert.is(readFileSync(protobuf)[0], 0x0a);
  });
});

test("what many spans and marks became is said, and a run that fails has its file", async () => {
  await withFiles(async ({ scenario, directory }) => {
    const file = join(directory, "boot.json");
    const argv = ["run", scenario, ...GUEST, "--timeline", file];
    const runScenario: RunScenario = (_scenario, _recording, { recorder }) => {
      for (let at = 0; at < 60_000; at++) {
        recorder!.span({ what: "busy", cpu: 0, startNs: at * 10_000, endNs: at * 10_000 + 10 });
        recorder!.moment("passed", 0, at * 10_000);
      }
      return resultWith({ outcome: "oom", reason: "no page" });
    };
    const { code, stderr } = await unaccepted(argv, { runScenario });
    assert.is(code, 1);
    assert.match(
      stderr,
      /wrote \S+boot\.json, where spans within \S+ [um]s and marks of a kind within \S+ [um]s are merged\n/,
    );
    assert.ok(JSON.parse(readFileSync(file, "utf8")).traceEvents.length > 1000);
  });
});

test("only where rows are JSON or files a run is to tell memory over time", async () => {
  await withFiles(async ({ scenario, directory }) => {
    const argv = ["compare", scenario, ...GUEST];
    for (const [words, expected] of [
      [[], false],
      [["--format", "csv"], false],
      [["--format", "md"], false],
      [["--json"], true],
      [["--format", "jsonl"], true],
      [["--out", directory], true],
    ] as const) {
      const asked: unknown[] = [];
      const runScenario: RunScenario = (...args) => {
        asked.push(args[2].overTime);
        return fakeRun(...args);
      };
      await unaccepted([...argv, ...words], { runScenario });
      assert.equal(asked, [expected], words.join(" "));
    }
  });
});

test("what cannot be written is one line before the run, and no file", async () => {
  await withFiles(async ({ scenario, directory }) => {
    const argv = ["run", scenario, ...GUEST, "--timeline"];
    const runScenario = (): never => {
      throw new Error("ran");
    };
    for (const [words, complaint] of [
      [["boot.svg"], /--timeline boot\.svg: expected a name that ends in \.pftrace or \.json$/],
      [["boot.json", "--uncertainty"], /--timeline: not with --uncertainty$/],
    ] as const) {
      const { code, stderr } = await unaccepted([...argv, ...words], { runScenario });
      assert.is(code, 2);
      assert.match(onlyLine(stderr), complaint);
    }
    assert.not(existsSync("boot.json"));
    const before = readdirSync(directory);
    const { code, stderr } = await unaccepted([...argv, join(directory, "none", "boot.json")], {
      runScenario,
    });
    assert.is(code, 2);
    assert.match(onlyLine(stderr), /boot\.json: cannot write: /);
    assert.equal(readdirSync(directory), before);
  });
});

test.run();
