// Takes 1 s.
import { resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { WorkloadLoader } from "../../src/cli/load-recording.js";
import { flatRecord, rowRecord } from "../../src/results/formats.js";
import { MEASURES, measuresIn, numberIn, ROW_FIELDS, valueIn } from "../../src/results/measures.js";
import { parseScenario } from "../../src/scenario/load.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { resultWith, rowWith } from "./rows.js";

const test = suite("results: measures");

const BOOT = resolve(import.meta.dirname, "../../workloads/recorded/linux-6.12.95-1c4g/recording.yaml");

test("every number has the unit that its name says, and one line that explains it", () => {
  for (const { name, is, doc } of MEASURES) {
    if (/Ns$/.test(name)) assert.is(is, "ns", name);
    if (/Bytes(Peak)?$/.test(name)) assert.is(is, "bytes", name);
    if (is === "ns") assert.match(name, /Ns$/);
    if (is === "bytes" && !name.startsWith("memory.acceptedBy.")) assert.match(name, /Bytes(Peak)?$/);
    assert.match(doc, /^\S.*\S\.$/);
  }
});

test("names are the paths in a row", () => {
  const { name, path } = MEASURES.find((one) => one.name === "waits.boot.p99Ns")!;
  assert.equal([name, path], ["waits.boot.p99Ns", ["waits", "boot", "p99Ns"]]);
  assert.is(valueIn({ path }, rowWith()), 20_300_000);
  const drain = MEASURES.find((one) => one.name === "drain.timeNs")!;
  assert.is(valueIn(drain, rowWith()), undefined);
  assert.is(numberIn(drain, rowWith()), 0);
});

test("what has a place in tables or texts has a label", () => {
  for (const place of ["repeat", "tune", "uncertainty"] as const) {
    const measures = measuresIn(place);
    assert.ok(measures.length > 0);
    for (const { name, label } of measures) assert.ok(label, name);
  }
});

test("a record has all that a run says, whatever its scenario asks for", () => {
  const base = `name: all\nworkload: ${BOOT}\npolicy: lazy\nmemory: 4GiB\n`;
  for (const [text, group] of [
    ["platform: tdx\nhotplug: { memory: 1GiB, acceptance: lazy }", "hotplug.addedBytes"],
    ["platform: tdx\nkexec: { kind: kdump, table: lost }", "kexec.vmcore.readBytes"],
    ["platform: tdx\nkexec: { kind: kexec, table: rebuilt }", "kexec.nextKernel.acceptedBytes"],
    ["platform: snp\nattack: { pages: 10 }", "attack.warnings"],
    ["platform: tdx\ndrain: { workers: 2 }", "drain.timeNs"],
    ["platform: tdx\nguest: { record: e820-kernel, commandLine: hugepages=8 }", "e820Record.entries"],
  ] as const) {
    const scenario = parseScenario(base + text, "all")[0]!;
    const run = runScenario(scenario, new WorkloadLoader().load(BOOT), { check: false, overTime: true });
    const row = rowWith(run);
    const flat = flatRecord(rowRecord(row));
    assert.ok(flat.has(group), group);
    for (const name of flatRecord(row).keys()) assert.ok(flat.has(name), `${name} is not declared`);
    for (const name of flat.keys()) {
      const isDeclared = ROW_FIELDS.some((field) => name === field.name || name.startsWith(`${field.name}.`));
      assert.ok(isDeclared, name);
    }
  }
});

test("what every row has is in every row", () => {
  const flat = Object.keys(rowRecord(rowWith(resultWith())));
  for (const { path, maybe } of ROW_FIELDS)
    if (maybe === undefined) assert.ok(flat.includes(path[0]!), path[0]);
});

test.run();
