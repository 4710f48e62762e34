import { suite } from "uvu";
import * as assert from "uvu/assert";
import { beginsAfterBoot, describeTrace, followingBoot } from "../../src/workload/after-boot.js";
import { buildRequests } from "../../src/workload/build-requests.js";
import { allocText, freeText, line, read } from "./lines.js";
import { RECORDING } from "./machine.js";

const test = suite("workload: after boot");

const EVENTS = read(
  line(freeText(0x300), { timeNs: 5e9, cpu: 1 }) +
    line(allocText(0x140000, 9, 1), { timeNs: 5e9 + 1000, cpu: 1 }) +
    line(allocText(0x20), { timeNs: 5e9 + 5000, cpu: 3 }),
);

test("a trace alone is described by what its events show", () => {
  const recording = describeTrace("x", EVENTS, undefined);
  assert.ok(beginsAfterBoot(recording));
  assert.equal([recording.name, recording.kernel], ["x", "not known"]);
  assert.equal([recording.machine.memoryBytes, recording.machine.vcpus], [0x140200 * 4096, 4]);
  assert.equal(
    recording.machine.zones.map(({ name, end }) => [name, end]),
    [
      ["DMA", 2 ** 24],
      ["DMA32", 2 ** 32],
      ["Normal", 0x140200 * 4096],
    ],
  );
});

test("what was allocated before the trace is allocated first, and the machine's uptime is no work", () => {
  const recording = describeTrace("x", EVENTS, "6.18.44");
  const { requests, report } = buildRequests(EVENTS, recording);
  assert.is(report.beforeTracing, 1);
  assert.equal([...requests.kind], [0, 3, 0, 0]);
  assert.equal([...requests.thinkNs], [0, 0, 1000, 5000]);
  assert.equal(requests.marks.ready, { request: 0, startNs: 0, endNs: 0 });
});

test("behind a boot its times are on the clock of the boot", () => {
  const recording = describeTrace("x", EVENTS, undefined);
  const own = { recording, ...buildRequests(EVENTS, recording) };
  const timeScale = { ...RECORDING.clock.timeScale, value: 0.5 };
  const boot = { ...own, recording: { ...RECORDING, clock: { ...RECORDING.clock, timeScale } } };
  const workload = followingBoot(boot, own);
  assert.is(workload.recording, boot.recording);
  assert.is(workload.requests, boot.requests);
  assert.equal([...workload.afterBoot!.requests.thinkNs], [0, 0, 2000, 10000]);
  assert.is(workload.afterBoot!.recording, recording);
});

test("a recording with a boot in it needs none in front", () => {
  assert.not.ok(beginsAfterBoot(RECORDING));
  assert.not.ok(beginsAfterBoot({ ...RECORDING, milestones: { ready: 3e9 } }));
});

test.run();
