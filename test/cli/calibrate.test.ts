// Takes 5 s.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parsePriceSet } from "../../src/scenario/price-set-file.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { madeUpMachine, SimulatedKit } from "../calibrate/simulated-kit.js";
import { unaccepted } from "./program.js";

const test = suite("cli: calibrate");

const RECORDED = join(import.meta.dirname, "../golden/calibrate/plain-2c2g");

let directory = "";
let readings = "";
test.before(() => {
  directory = mkdtempSync(join(tmpdir(), "calibrate-"));
  readings = join(directory, "readings");
  mkdirSync(readings);
  for (const { name, text } of new SimulatedKit(madeUpMachine(5)).files(0))
    writeFileSync(join(readings, name), text);
});
test.after(() => rmSync(directory, { recursive: true }));

test("what the scripts recorded of a real guest and host, packed", async () => {
  const { code, stdout, stderr } = await unaccepted(["calibrate", RECORDED]);
  assert.equal([code, stderr], [0, ""]);
  assert.match(stdout, /^1 price of this plain machine measured; /);
  assert.match(stdout, /\nuserTouch4kNs +[\d.]+ us /);
  assert.match(stdout, /\nG6 was not read, for want of perf of 6\.18 or later\.\n/);
});

test("the conclusion first, then the score, then the prices, in 80 columns", async () => {
  const { code, stdout } = await unaccepted(["calibrate", readings], { runScenario });
  assert.is(code, 0);
  const lines = stdout.split("\n");
  assert.match(lines[0]!, /^\d+ prices of this TDX machine measured/);
  assert.match(lines[1]!, /^The curve of nr_unaccepted, which feeds none of them: predicted to \d/);
  assert.match(stdout, /\neptViolation4kNs +[\d.]+ us +[\d.]+ us +[\d.]+ us +G4 H1 H2 /);
  assert.match(stdout, /\nCannot be told apart: acceptZero4kNs \+ tdcallNs = /);
  assert.equal(
    lines.filter((line) => line.length > 80),
    [],
  );
});

test("-o writes a price set that a run takes", async () => {
  const path = join(directory, "my-machine.yaml");
  const { code, stderr } = await unaccepted(["calibrate", readings, "-o", path]);
  assert.equal([code, stderr], [0, `wrote ${path}\n`]);
  const set = parsePriceSet(readFileSync(path, "utf8"), path);
  assert.equal([set.name, set.platform], ["my-machine", "tdx"]);
  const run = await unaccepted([
    "run",
    "boot",
    "--platform",
    "tdx",
    "--policy",
    "lazy",
    "--memory",
    "4GiB",
    "--prices",
    path,
    "--json",
  ]);
  assert.is(run.code, 0);
  assert.is(JSON.parse(run.stdout).rows[0].prices, "my-machine");
});

test("--json: prices in nanoseconds, with what says so", async () => {
  const { stdout } = await unaccepted(["calibrate", readings, "--json"], { runScenario });
  const { schemaVersion, platform, hostPages, prices, curves } = JSON.parse(stdout);
  assert.equal([schemaVersion, platform, hostPages], [2, "tdx", "4k"]);
  const fault = prices.find((one: { parameter: string }) => one.parameter === "eptViolation4kNs");
  assert.ok(fault.lowNs < fault.valueNs && fault.valueNs < fault.highNs);
  assert.equal(fault.readings, ["G4", "H1", "H2"]);
  assert.ok(curves[0].rms < 0.05);
});

test("what is wrong is one line with its place, exit 2", async () => {
  const errorOf = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await unaccepted(["calibrate", ...argv]);
    assert.equal([code, stdout], [2, ""]);
    return stderr.replaceAll(directory, "DIR");
  };
  assert.match(await errorOf(), /expected the directory of the readings/);
  assert.match(await errorOf(join(directory, "none")), /DIR\/none: cannot read this directory: no such file/);
  assert.match(
    await errorOf(join(import.meta.dirname, "../golden/calibrate")),
    /golden\/calibrate: expected files \*\.jsonl of workloads\/calibrate, found none\n$/,
  );
  const broken = join(directory, "broken");
  mkdirSync(broken);
  writeFileSync(join(broken, "guest.jsonl"), '{"reading":"G8","boot":"a"}\n');
  assert.match(
    await errorOf(broken),
    /DIR\/broken\/guest\.jsonl:1:2: expected a reading: boot, G1, .*, found "G8"\n$/,
  );
  assert.match(await errorOf(readings, "--format", "csv"), /--format csv: expected one of table, json/);
});

test("a refused price: exit 1", async () => {
  const disagreeing = join(directory, "disagreeing");
  mkdirSync(disagreeing);
  for (const { name, text } of new SimulatedKit(madeUpMachine(5)).files(0)) {
    const changed =
      name === "graph-drain.txt"
        ? text.replaceAll(/([\d.]+) us/g, (_all, us) => `${Number(us) * 1.5} us`)
        : text;
    writeFileSync(join(disagreeing, name), changed);
  }
  const { code, stdout } = await unaccepted(["calibrate", disagreeing]);
  assert.is(code, 1);
  assert.match(stdout, /refused, as readings disagree/);
});

test.run();
