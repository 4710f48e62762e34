// Takes 6 s.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import type { RunResult } from "../../src/results/row.js";
import { parseScenario } from "../../src/scenario/load.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { MiB } from "../../src/units.js";
import { LOADER } from "../loader.js";
import { runBoot } from "./run-boot.js";

const test = suite("guest: the e820 table as record");

const SHUFFLE = "guest.commandLine=page_alloc.shuffle=1";
const HEAP = "workload=generate:heap?size=256MiB";

test("workloads/e820-record.yaml: 128 entries overflow in a kernel that takes memory out of order", () => {
  const loaded = loadScenarios(["workloads/e820-record.yaml"], [], { loader: LOADER });
  assert.is(loaded.length, 12);
  for (const { scenario, recording } of loaded) {
    const { outcome, e820Record, kexec } = runScenario(scenario, recording, { check: true });
    assert.is(outcome, "ready");
    const { record, commandLine } = scenario.guest;
    const overflows = commandLine !== "";
    assert.is(kexec!.table, record === "bitmap" ? "handed-over" : "rebuilt");
    if (record === "bitmap") {
      assert.is(e820Record, undefined);
      continue;
    }
    const { entries, gapBytes } = e820Record!;
    if (!overflows) assert.ok(entries < 30 && gapBytes === 0);
    else if (record === "e820-zero-page") assert.ok(entries === 128 && gapBytes > 200 * MiB);
    else assert.ok(entries > 128 && gapBytes === 0);
    // What the kernel's own table has room for, the zero page of the next kernel has not.
    assert.is(kexec!.gapBytes! > 0, overflows && record === "e820-kernel");
    assert.ok(kexec!.mapEntries! <= 128);
  }
});

test("a gap is accepted once, and counts with what the kernel accepted", () => {
  for (const policy of ["lazy", "fault-driven", "background"]) {
    const run = (record: string): RunResult =>
      runBoot("platform=snp", "memory=4GiB", `policy=${policy}`, HEAP, SHUFFLE, `guest.record=${record}`);
    const [bitmap, e820] = [run("bitmap"), run("e820-zero-page")];
    assert.is(e820.outcome, "ready");
    // Of what lies in a gap a kernel with a bitmap accepts a little as well, later.
    const { gapBytes } = e820.e820Record!;
    const more = e820.memory.acceptedBy.kernel - bitmap.memory.acceptedBy.kernel;
    assert.ok(more <= gapBytes && more > 0.8 * gapBytes - 1, policy);
    assert.is(e820.e820Record!.gapBytes > 0, policy === "fault-driven", policy);
  }
});

test("the record changes nothing about who is accepted when, as long as it has room", () => {
  for (const policy of ["eager", "lazy", "fault-driven"]) {
    const run = (record: string): RunResult =>
      runBoot("platform=tdx", "memory=4GiB", `policy=${policy}`, `guest.record=${record}`);
    const { e820Record, ...rest } = run("e820-kernel");
    assert.equal(rest, run("bitmap"), policy);
    assert.is(e820Record!.gapBytes, 0);
  }
});

test("a guest without unaccepted memory has nothing to record", () => {
  assert.throws(
    () => runBoot("platform=none", "memory=4GiB", "policy=lazy", "guest.record=e820-kernel"),
    /guest.record: changes nothing here/,
  );
});

test("what has another record, or memory that the table cannot hold, is refused", () => {
  const text = readFileSync("workloads/e820-record.yaml", "utf8");
  const refuse = (from: string, to: string): (() => void) => {
    assert.ok(text.includes(from));
    return () => parseScenario(text.replace(from, to), "x.yaml");
  };
  assert.throws(
    refuse("fault-driven", "page-flag"),
    /guest\.record: policy page-flag has flags in struct pages/,
  );
  assert.throws(
    refuse("kexec: { kind: kexec, table: handed-over }", "hotplug: {}"),
    /guest\.record: not in one scenario/,
  );
  assert.throws(refuse("e820-kernel", "e821"), /guest\.record.*one of bitmap, e820-zero-page, e820-kernel/);
});

test("shuffling changes the order of free blocks by the seed, and nothing about how many there are", () => {
  const run = (...changes: readonly string[]): RunResult =>
    runBoot(
      "platform=tdx",
      "memory=4GiB",
      "policy=fault-driven",
      HEAP,
      "guest.record=e820-kernel",
      ...changes,
    );
  const [plain, one, other] = [run(), run(SHUFFLE), run(SHUFFLE, "seed=2")];
  assert.ok(one!.e820Record!.entries > 4 * plain!.e820Record!.entries);
  assert.is.not(one!.e820Record!.entries, other!.e820Record!.entries);
  // But for the longer command line, of which the kernel has copies.
  assert.ok(Math.abs(one!.touchedBytes - plain!.touchedBytes) < 4096);
  assert.equal(run(SHUFFLE).e820Record, one!.e820Record);
  assert.equal(one!.remarks, [
    "page_alloc.shuffle=1: blocks that become free later are not put at random ends",
  ]);
});

test("a guest too large to shuffle says so", () => {
  const { remarks, outcome } = runBoot("platform=tdx", "memory=128GiB", "policy=lazy", SHUFFLE);
  assert.is(outcome, "ready");
  assert.ok(remarks!.includes("ignored: page_alloc.shuffle in a guest of more than 64 GiB"));
});

test.run();
