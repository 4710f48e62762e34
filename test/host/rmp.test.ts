import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RmpHost } from "../../src/host/rmp/plan.js";
import { type ReadyRmp, type RmpStart, startRmp } from "../../src/host/rmp/start.js";
import type { RunResult } from "../../src/results/row.js";
import { parseScenario } from "../../src/scenario/load.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { LOADER } from "../loader.js";

const test = suite("host: the reverse map table of an SNP host");

function hostOf(ramEnd: number, table: RmpHost["table"], rest: Partial<RmpHost> = {}): RmpHost {
  const memory = [{ start: 4 * GiB, end: ramEnd, usedBytes: 0 }];
  return { memory, ...(table === undefined ? {} : { table }), segments: [], ...rest };
}

function readyOf(start: RmpStart): ReadyRmp {
  assert.is(start.outcome, "ready");
  return start as ReadyRmp;
}

/** A table of so many MiB at 512 MiB. */
function tableOf(mib: number): RmpHost["table"] {
  return { start: 512 * MiB, end: (512 + mib) * MiB };
}

test("a table has 16 bytes for each 4 KiB up to the end of RAM, and 16 KiB besides", () => {
  // Reported sizes: coconut-svsm issue 409, AMDSEV issue 159, and boot logs with a table of 1543 and 262 MiB.
  for (const mib of [3078, 521, 1543, 262]) {
    const end = (mib * MiB - 16 * KiB) * 256;
    const { tableBytes, coveredBytes } = readyOf(startRmp(hostOf(end, tableOf(mib))));
    assert.equal([tableBytes, coveredBytes], [mib * MiB, end]);
    const { outcome, ...rest } = startRmp(hostOf(end + 4 * KiB, tableOf(mib)));
    assert.is(outcome, "failed");
    const [needs, has] = [mib * MiB + 16, mib * MiB].map((bytes) => bytes.toString(16));
    assert.match((rest as { reason: string }).reason, `needs 0x${needs} bytes, has 0x${has}`);
  }
});

test("3078 MiB do for 768 GiB behind a hole of 1.25 GiB, and not for one of 2 GiB", () => {
  assert.is(startRmp(hostOf(769.25 * GiB, tableOf(3078))).outcome, "ready");
  assert.is(startRmp(hostOf(770 * GiB, tableOf(3078))).outcome, "failed");
});

test("the table has entries for itself, where it lies above RAM", () => {
  // Enough for RAM and the bookkeeping, but not for the table as well.
  const table = { start: 8 * GiB, end: 8 * GiB + 32 * MiB + 64 * KiB };
  const { outcome } = startRmp(hostOf(8 * GiB, table));
  assert.is(outcome, "failed");
  assert.is(startRmp(hostOf(8 * GiB, { ...table, end: 8 * GiB + 34 * MiB })).outcome, "ready");
});

test("a firmware that reserved nothing leaves the host without SNP", () => {
  const start = startRmp(hostOf(64 * GiB, undefined));
  assert.equal(start, {
    outcome: "failed",
    reason: "its firmware reserved no memory for the reverse map table",
  });
});

/** As AMD's instructions for SNP hosts show it: a machine with RAM below 34 GiB and from 1 to 1.25 TiB. */
const TURIN: Partial<RmpHost> = {
  segmentSizeBytes: 128 * GiB,
  segments: [
    { number: 0, start: 0x8800000, mappedBytes: 34 * GiB },
    { number: 8, start: 0x55b00000, mappedBytes: 128 * GiB },
    { number: 9, start: 0x35a00000, mappedBytes: 128 * GiB },
  ],
};
const LIST = { start: 0x9ba00000, end: 0x9ba05000 };

test("segments take what they map, and the last one below the end of RAM has to reach it", () => {
  const { tableBytes, coveredBytes } = readyOf(startRmp(hostOf(0x14000000000, LIST, TURIN)));
  assert.is(tableBytes, 0x8800000 + 2 * 0x20000000 + 0x5000);
  assert.is(coveredBytes, 0x14000000000);
  const { outcome, ...rest } = startRmp(hostOf(0x14000000000 + MiB, LIST, TURIN));
  assert.is(outcome, "failed");
  assert.match((rest as { reason: string }).reason, "ends at 0x14000100000, and they at 0x14000000000");
});

test("a segment maps no more than its size, and one of devices above RAM does not count", () => {
  const segments = [
    { number: 0, start: GiB, mappedBytes: 512 * GiB },
    { number: 4, start: 2 * GiB, mappedBytes: 128 * GiB },
  ];
  const host = hostOf(64 * GiB, LIST, { segmentSizeBytes: 128 * GiB, segments });
  const { tableBytes, coveredBytes } = readyOf(startRmp(host));
  assert.is(tableBytes, 2 * 512 * MiB + 0x5000);
  assert.is(coveredBytes, 128 * GiB);
  assert.is(startRmp({ ...host, memory: [{ start: 0, end: 129 * GiB, usedBytes: 0 }] }).outcome, "failed");
});

test("RAM that shares 2 MiB with an end of the table is set aside, once", () => {
  // As logged for these segments: 2 MiB each at 0x55a00000 and 0x75a00000.
  const memory = [
    { start: MiB, end: 0x8800000, usedBytes: 0 },
    { start: 0x55a00000, end: 0x55b00000, usedBytes: 0 },
    { start: 0x75b00000, end: 0x80000000, usedBytes: 4 * MiB },
  ];
  const { setAsideBytes, freeBytes } = readyOf(startRmp(hostOf(0, LIST, { ...TURIN, memory })));
  assert.is(setAsideBytes, 2 * MiB, "1 MiB before the one, and 1 MiB after the other");
  assert.is(freeBytes, 0x8800000 - MiB + 0x80000000 - 0x75c00000 - 4 * MiB);
});

function scenarioOf(rmp: object, changes: object = {}): Scenario {
  const text = JSON.stringify({
    name: "rmp",
    workload: "generate:heap?size=64MiB",
    platform: "snp",
    memory: "4GiB",
    host: { rmp },
    ...changes,
  });
  return parseScenario(text, "rmp")[0]!;
}

function run(rmp: object, changes: object = {}): RunResult {
  const scenario = scenarioOf(rmp, changes);
  return runScenario(scenario, LOADER.generate(scenario), { check: true });
}

const HOST = {
  memory: [
    { start: "1MiB", end: "1GiB" },
    { start: "4GiB", end: "32GiB", used: "24GiB" },
  ],
  table: { start: "1GiB", end: "1153MiB" },
};

test("a guest runs on what is left of its host", () => {
  const { outcome, rmp } = run(HOST);
  assert.is(outcome, "ready");
  assert.is(rmp!.freeBytes, 5 * GiB - MiB);
  const [low, high] = HOST.memory;
  const crowded = run({ ...HOST, memory: [low, { ...high, used: "28GiB" }] });
  assert.is(crowded.outcome, "terminated");
  assert.match(crowded.reason!, /^the host has given the guest the 1023 MiB that it has for it/);
});

test("without a table there is no guest, and a guest of another platform does not ask", () => {
  const { outcome, reason, bootTimeNs } = run({ ...HOST, table: { start: "1GiB", end: "1152MiB" } });
  assert.is(outcome, "terminated");
  assert.match(
    reason!,
    /^the host has no SNP: what its firmware reserved .* \(needs 0x8004000 bytes, has 0x8000000/,
  );
  assert.is(bootTimeNs, 0);
  assert.throws(() => scenarioOf(HOST, { platform: "tdx" }), /host\.rmp: changes nothing here/);
});

test("what cannot be is refused", () => {
  const refusal = (rmp: object, expected: RegExp, changes: object = {}): void => {
    assert.throws(() => scenarioOf(rmp, changes), expected);
  };
  refusal(
    { ...HOST, table: { start: "2GiB", end: "1GiB" } },
    /rmp\.table\.end: expected an end above the start/,
  );
  refusal(
    { ...HOST, table: { start: "512MiB", end: "2GiB" } },
    /rmp\.table\.start: expected a range outside/,
  );
  refusal({ ...HOST, segments: [{ number: 0, start: 0, mapped: "32GiB" }] }, /segments need a segmentSize/);
  refusal({ ...HOST, segmentSize: "100GiB" }, /segmentSize: expected a power of two/);
  refusal(HOST, /host\.memory: not in one scenario with host\.rmp/, { host: { rmp: HOST, memory: "8GiB" } });
});

test.run();
