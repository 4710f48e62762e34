// Takes 15 s.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import type { RunResult } from "../../src/results/row.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { Recorder, type Slice, type Timeline } from "../../src/timeline/recorder.js";
import { formatTraceEvents } from "../../src/timeline/trace-event.js";
import { formatTrackEvents } from "../../src/timeline/track-event.js";
import { countersOf, flowsOf, tracksOf } from "../../src/timeline/tracks.js";
import { MiB } from "../../src/units.js";
import { LOADER } from "../loader.js";
import { type ReadSlice, type ReadTrace, readTraceEvents, readTrackEvents } from "./readers.js";

const test = suite("timeline: what a run tells a viewer");

interface Recorded {
  readonly row: RunResult;
  readonly timeline: Timeline;
}

function record(spansMax: number | undefined, ...assignments: string[]): Recorded {
  const [loaded] = loadScenarios(["workloads/boot.yaml"], assignments.map(parseAssignment), {
    loader: LOADER,
  });
  const recorder = new Recorder(spansMax);
  const row = runScenario(loaded!.scenario, loaded!.recording, { check: false, recorder });
  return { row, timeline: recorder.timeline() };
}

function all(slices: readonly Slice[]): Slice[] {
  return slices.flatMap((slice) => [slice, ...all(slice.children)]);
}

const LAZY = ["platform.kind=tdx", "policy=lazy", "memory=4GiB", "vcpus=4"];
const SETTINGS: readonly (readonly string[])[] = [
  LAZY,
  ["platform.kind=tdx", "policy=eager", "memory=8GiB", "vcpus=4"],
  ["platform.kind=snp", "policy=lazy", "memory=4GiB", "vcpus=2", "kernel=6.5"],
  ["platform.kind=snp", "policy=firmware-delegated", "memory=4GiB", "vcpus=1"],
  [
    "platform.kind=tdx",
    "policy=background",
    "memory=4GiB",
    "vcpus=2",
    "strategy.threads=2",
    "drain.workers=2",
  ],
  ["platform.kind=tdx", "policy=fault-driven", "memory=4GiB", "vcpus=1", "guest.dmaBuffers=40"],
  ["platform.kind=none", "policy=lazy", "memory=4GiB", "vcpus=2"],
  ["platform.kind=tdx", "policy=lazy", "memory=2GiB", "vcpus=64", "kernel=6.5"],
  [
    "platform.kind=tdx",
    "policy=lazy",
    "memory=1GiB",
    "vcpus=2",
    "workload=generate:heap?size=4GiB&threads=2",
  ],
  [
    "platform.kind=tdx",
    "policy=eager",
    "memory=8GiB",
    "vcpus=2",
    "numa=[{ start: 0, end: 2GiB, node: 0, cpus: '0' }, { start: 4GiB, end: 10GiB, node: 1, cpus: '1' }]",
  ],
];
const whole = SETTINGS.map((setting) => record(undefined, ...setting));
const lazy = whole[0]!;
const merged = SETTINGS.map((setting) => record(100, ...setting));

test("slices of a CPU lie one after the other, and those within others fill no more than those", () => {
  const check = (slices: readonly Slice[], startNs: number, endNs: number, where: string): void => {
    let fromNs = startNs;
    for (const one of slices) {
      assert.ok(
        Number.isSafeInteger(one.startNs) && one.startNs >= fromNs,
        `${where}: ${one.what} at ${one.startNs}`,
      );
      assert.ok(one.endNs > one.startNs && one.endNs <= endNs, `${where}: ${one.what} up to ${one.endNs}`);
      check(one.children, one.startNs, one.endNs, `${where} > ${one.what}`);
      fromNs = one.endNs;
    }
  };
  for (const [at, { timeline }] of [...whole, ...merged].entries()) {
    for (const [cpu, slices] of timeline.cpus.entries())
      check(slices, 0, Number.POSITIVE_INFINITY, `${SETTINGS[at % SETTINGS.length]!.join(" ")}: CPU ${cpu}`);
  }
});

test("an observed run has the results of one that nobody observes", () => {
  for (const [at, setting] of SETTINGS.entries()) {
    const [loaded] = loadScenarios(["workloads/boot.yaml"], setting.map(parseAssignment), { loader: LOADER });
    const alone = runScenario(loaded!.scenario, loaded!.recording, { check: false });
    assert.equal(whole[at]!.row, alone);
  }
});

test("phases and waits are those of the row", () => {
  const { row, timeline } = lazy;
  const phases = timeline.cpus[0]!.filter(({ what }) => row.phases.some(({ name }) => name === what));
  for (const { name, ns } of row.phases.filter((phase) => phase.ns > 0)) {
    const slice = phases.find(({ what }) => what === name)!;
    assert.ok(Math.abs(slice.endNs - slice.startNs - ns) <= 1, name);
  }
  const waits = timeline.cpus.flatMap(all).filter(({ what }) => what === "allocation waits");
  assert.is(waits.length, row.waits.boot.count + row.waits.workload.count);
  const waitedNs = waits.reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0);
  const { totalNs } = row.waits.boot;
  assert.ok(Math.abs(waitedNs - totalNs - row.waits.workload.totalNs) <= waits.length);
});

test("steps are those of the kernel, within the phase that they belong to", () => {
  const early = lazy.timeline.cpus[0]!.find(({ what }) => what === "early kernel")!;
  assert.ok(early.children.some(({ what }) => what === "smp_init"));
  assert.ok(lazy.timeline.moments.some(({ what, cpu }) => what === "online" && cpu === 3));
});

test("what is accepted within slices is all that the kernel and the firmware accepted", () => {
  const { row, timeline } = lazy;
  const bytes = (who: string): number =>
    timeline.cpus
      .flatMap(all)
      .filter(({ what }) => what === `${who} accepts`)
      .reduce((sum, { details }) => sum + Number(details!.bytes), 0);
  assert.is(bytes("kernel"), row.memory.acceptedBy.kernel);
  assert.is(bytes("firmware"), row.memory.acceptedBy.firmware);
});

test("counters never go back in time, and end with the row's values", () => {
  const { row, timeline } = lazy;
  for (const { name, samples } of countersOf(timeline)) {
    for (const [at, { atNs }] of samples.entries())
      assert.ok(at === 0 || atNs >= samples[at - 1]!.atNs, name);
  }
  const accepted = countersOf(timeline).find(({ name }) => name === "accepted")!;
  assert.is(accepted.samples.at(-1)!.bytes, row.acceptedBytes);
});

test("merging bounds the slices and says so, and loses no waiting", () => {
  const { timeline } = merged[0]!;
  const slices = timeline.cpus.flatMap(all);
  assert.ok(slices.length <= 100);
  assert.ok(timeline.mergedBelowNs > 0);
  assert.is(lazy.timeline.mergedBelowNs, 0);
  const joined = slices.filter(({ details }) => details?.merged !== undefined);
  assert.ok(joined.length > 0);
  for (const { details, startNs, endNs } of joined) {
    assert.ok(endNs - startNs <= timeline.mergedBelowNs);
    assert.ok(Number(details!.mergedNs) <= endNs - startNs);
  }
});

test("flows lead from an allocation that waits to its accept and the dearest event of that", () => {
  const flows = flowsOf(lazy.timeline);
  assert.ok(flows.length > 0);
  for (const { slices } of flows) {
    assert.equal(
      slices.map(({ what }) => what),
      ["allocation waits", "kernel accepts", "eptViolation4k"],
    );
  }
});

/** What both formats have to say of a timeline. */
function expectedOf(timeline: Timeline): {
  readonly slices: string[];
  readonly instants: string[];
  readonly counters: string[];
  readonly flows: string[];
} {
  const text = ({ what, cpu, startNs, endNs }: Slice): string => `vCPU ${cpu} ${what} ${startNs} ${endNs}`;
  const below = (slices: readonly Slice[], depth: number): string[] =>
    slices.flatMap((slice) => [`${depth} ${text(slice)}`, ...below(slice.children, depth + 1)]);
  return {
    slices: timeline.cpus.flatMap((slices) => below(slices, 0)).sort(),
    instants: timeline.moments.map(({ what, cpu, atNs }) => `vCPU ${cpu} ${what} ${atNs}`).sort(),
    counters: countersOf(timeline)
      .flatMap(({ name, samples }) => samples.map(({ atNs, bytes }) => `${name} ${atNs} ${bytes}`))
      .sort(),
    flows: flowsOf(timeline).map(({ slices }) => slices.map(text).join(" > ")),
  };
}

function foundIn(trace: ReadTrace): ReturnType<typeof expectedOf> {
  const text = ({ track, name, startNs, endNs }: ReadSlice): string => `${track} ${name} ${startNs} ${endNs}`;
  const flows = [...trace.flows].toSorted(([one], [other]) => one - other);
  for (const [id] of flows) assert.ok(trace.ended.has(id), `flow ${id} has no end`);
  return {
    slices: trace.slices.map((slice) => `${slice.depth} ${text(slice)}`).sort(),
    instants: trace.instants.map(({ track, name, atNs }) => `${track} ${name} ${atNs}`).sort(),
    counters: [...trace.counters]
      .flatMap(([name, samples]) => samples.map(([atNs, bytes]) => `${name} ${atNs} ${bytes}`))
      .sort(),
    flows: flows.map(([, slices]) => slices.map(text).join(" > ")),
  };
}

test("both formats hold the whole timeline: slices that nest, counters in the order of time, flows with both ends", () => {
  for (const { timeline } of [...whole, ...merged]) {
    const expected = expectedOf(timeline);
    for (const trace of [
      readTraceEvents(formatTraceEvents(timeline, "boot")),
      readTrackEvents(formatTrackEvents(timeline, "boot")),
    ]) {
      assert.is(trace.process, "guest boot");
      const found = foundIn(trace);
      for (const kind of ["slices", "instants", "counters", "flows"] as const)
        assert.ok(JSON.stringify(found[kind]) === JSON.stringify(expected[kind]), kind);
      for (const samples of trace.counters.values())
        assert.ok(samples.every(([atNs], at) => at === 0 || atNs >= samples[at - 1]![0]));
    }
  }
});

test("an accept says where and how much in both formats", () => {
  for (const { slices } of [
    readTraceEvents(formatTraceEvents(lazy.timeline, "boot")),
    readTrackEvents(formatTrackEvents(lazy.timeline, "boot")),
  ]) {
    const accepts = slices.filter(({ name }) => name === "kernel accepts");
    assert.is(
      accepts.reduce((sum, { args }) => sum + Number(args.bytes), 0),
      lazy.row.memory.acceptedBy.kernel,
    );
    assert.ok(accepts.every(({ args }) => /^0x[0-9a-f]+$/.test(String(args.start))));
  }
});

test("a run that fails has a timeline up to its end, with watermarks passed and allocations that failed before", () => {
  const { row, timeline } = whole[SETTINGS.length - 2]!;
  assert.is(row.outcome, "oom");
  const kinds = new Map<string, number>();
  for (const { what } of timeline.moments) kinds.set(what, (kinds.get(what) ?? 0) + 1);
  assert.is(kinds.get("oom"), 1);
  assert.is(kinds.get("no page found, its caller goes on"), row.requests.failed - 1);
  const passed = timeline.moments.filter(({ what }) => what.endsWith(" watermark"));
  for (const { what, details } of passed) {
    const { freeBytes, watermarkBytes } = details as Record<string, number>;
    assert.is(what.startsWith("free above"), freeBytes! >= watermarkBytes!, what);
  }
  assert.ok(passed.some(({ what }) => what === "free below min watermark"));
  assert.is(timeline.moments.at(-1)!.what, "oom");
});

test("with nodes each has its own counters, which sum up to what is accepted", () => {
  const { row, timeline } = whole.at(-1)!;
  const last = timeline.memory.at(-1)!;
  assert.is(last.nodes.length, 2);
  const accepted = last.nodes.reduce((sum, { acceptedBytes = 0 }) => sum + acceptedBytes, 0);
  assert.ok(row.acceptedBytes - accepted >= 0 && row.acceptedBytes - accepted < 16 * MiB, `${accepted}`);
  const names = countersOf(timeline).map(({ name }) => name);
  for (const name of ["node 0: accepted", "node 1: accepted", "node 1: free", "node 1: unaccepted"])
    assert.ok(names.includes(name), name);
  assert.not(countersOf(lazy.timeline).some(({ name }) => name === "node 0: accepted"));
});

test("of many moments of a kind within some time one stays, and says how many there were", () => {
  const recorder = new Recorder();
  for (let at = 0; at < 30_000; at++) recorder.moment(at % 2 === 0 ? "even" : "odd", at % 7000, at * 100);
  const { moments, momentsMergedBelowNs } = recorder.timeline();
  assert.ok(moments.length <= 5000 && moments.length > 1000, `${moments.length}`);
  assert.ok(momentsMergedBelowNs > 0);
  assert.is(
    moments.reduce((sum, { details }) => sum + Number(details?.merged ?? 1), 0),
    30_000,
  );
});

test("text of a run stays text in both formats", () => {
  const timeline = { ...lazy.timeline, moments: [{ what: '"</script>\u0007', cpu: 0, atNs: 1 }] };
  assert.is(JSON.parse(formatTraceEvents(timeline, "<b>")).traceEvents[0].args.name, "guest <b>");
  const { instants } = readTrackEvents(formatTrackEvents(timeline, "boot"));
  assert.ok(instants.some(({ name }) => name === '"</script>\u0007'));
});

test("the startup commands for Perfetto pin tracks that there are", () => {
  const commands = JSON.parse(readFileSync("workloads/timeline/perfetto-startup.json", "utf8"));
  const pins = commands.filter(({ id }: { id: string }) => id === "dev.perfetto.PinTracksByRegex");
  // Perfetto joins the names of a counter of JSON and of its value.
  const names = countersOf(lazy.timeline).flatMap(({ name }) => [name, `${name} bytes`]);
  names.push(...tracksOf(lazy.timeline).map(({ name }) => name));
  const pinned = (pattern: string): string[] => names.filter((name) => new RegExp(pattern).test(name));
  assert.equal(pinned(pins[0].args[0]), names.slice(0, -lazy.timeline.cpus.length));
  assert.equal(pinned(pins[1].args[0]), ["vCPU 0"]);
  assert.is(pins.length, 2);
});

test.run();
