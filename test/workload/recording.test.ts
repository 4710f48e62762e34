import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ScenarioError } from "../../src/scenario/error.js";
import { parseYamlWithPositions } from "../../src/scenario/yaml.js";
import { type Recording, recordingSchema } from "../../src/workload/recording.js";

const test = suite("workload: recording.yaml");

const DESCRIPTION = `schemaVersion: 1
name: small
kernel: "6.12"
command: { machine: qemu -m 1G, kernel: quiet }
recordedWith: QEMU
date: "2026-01-31"
machine:
  memory: 1.5GiB
  vcpus: 2
  nodes: 1
  zones: [{ node: 0, name: DMA32, start: 0x1000, end: 0x60000000 }]
clock:
  statement: real
  timeScale: { value: 1, low: 0.5, high: 2, basis: measured, source: a watch }
trace:
  file: t.trace
  sha256: ${"ab".repeat(32)}
reserved: [{ name: initrd, start: 0x2000000, end: 0x2001000 }]
milestones: { ready: 1.000000001 }
modelled: [{ name: deferredInit, start: 0.25, end: 0.5 }]
beforeTracing: { pages: 7, source: a log }
instrument: { pages: 0, source: none }
`;

function parse(text: string): Recording {
  return parseYamlWithPositions(text, "recording.yaml", recordingSchema);
}

function errorOf(from: string, to: string): string {
  assert.ok(DESCRIPTION.includes(from), from);
  try {
    parse(DESCRIPTION.replace(from, to));
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
  throw new Error(`was accepted: ${to}`);
}

test("times become nanoseconds, sizes bytes", () => {
  const recording = parse(DESCRIPTION);
  assert.is(recording.machine.memoryBytes, 1.5 * 2 ** 30);
  assert.equal(recording.milestones, { ready: 1_000_000_001 });
  assert.equal(recording.modelled, [{ name: "deferredInit", startNs: 250_000_000, endNs: 500_000_000 }]);
  assert.equal(recording.reserved, [{ name: "initrd", start: 0x2000000, end: 0x2001000 }]);
});

test("milestones are optional", () => {
  assert.equal(parse(DESCRIPTION.replace("{ ready: 1.000000001 }", "{}")).milestones, {});
});

test("mistakes are told with their place", () => {
  assert.is(
    errorOf("1.5GiB", "1.5GB"),
    'recording.yaml:8:11: machine.memory: expected a size such as 4GiB, found "1.5GB"',
  );
  assert.is(
    errorOf("1.000000001", "soon"),
    'recording.yaml:19:22: milestones.ready: expected seconds on the clock of the trace, found "soon"',
  );
  assert.is(errorOf("end: 0.5", "end: 0.1").split(": expected")[0], "recording.yaml:20:52: modelled[0].end");
  assert.is(
    errorOf("sha256: ab", "sha256: xy").split(", found")[0],
    "recording.yaml:17:11: trace.sha256: expected 64 hex digits",
  );
  assert.is(
    errorOf("nodes: 1", "nodes: 0"),
    "recording.yaml:10:10: machine.nodes: expected at least 1, found 0",
  );
});

test("a recording of one more CPU needs a place for its requests", () => {
  const more = "milestones: { smpDone: 0.5, ready: 1 }\ncpuBringUp: ../other/recording.yaml";
  const recording = parse(DESCRIPTION.replace("milestones: { ready: 1.000000001 }", more));
  assert.is(recording.cpuBringUp, "../other/recording.yaml");
  assert.is(
    errorOf("instrument:", "cpuBringUp: other.yaml\ninstrument:").split(", found")[0],
    "recording.yaml:22:13: cpuBringUp: expected milestones.smpDone, where further CPUs come up",
  );
});

test("keys that nobody reads are refused", () => {
  assert.match(errorOf("ready:", "redy:"), "milestones.redy: unknown key");
  assert.match(errorOf("nodes: 1", "nodes: 1\n  sockets: 1"), "machine.sockets: unknown key");
});

test.run();
