// Takes 7 s.
import { readFileSync } from "node:fs";
import { PbfReader } from "pbf";
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
import { LOADER } from "../loader.js";

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
const lazy = record(undefined, ...LAZY);

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
];

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
  for (const setting of SETTINGS) {
    for (const spansMax of [undefined, 100]) {
      const { timeline } = record(spansMax, ...setting);
      for (const [cpu, slices] of timeline.cpus.entries())
        check(slices, 0, Number.POSITIVE_INFINITY, `${setting.join(" ")}: CPU ${cpu}`);
    }
  }
});

test("an observed run has the results of one that nobody observes", () => {
  for (const setting of SETTINGS) {
    const [loaded] = loadScenarios(["workloads/boot.yaml"], setting.map(parseAssignment), { loader: LOADER });
    const alone = runScenario(loaded!.scenario, loaded!.recording, { check: false });
    assert.equal(record(undefined, ...setting).row, alone);
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
  const { timeline } = record(100, ...LAZY);
  const slices = timeline.cpus.flatMap(all);
  assert.ok(slices.length <= 100);
  assert.ok(timeline.mergedBelowNs > 0);
  assert.is(lazy.timeline.mergedBelowNs, 0);
  const merged = slices.filter(({ details }) => details?.merged !== undefined);
  assert.ok(merged.length > 0);
  for (const { details, startNs, endNs } of merged) {
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

test("Trace Event JSON has every slice, and both ends of each flow within one", () => {
  const { traceEvents, otherData } = JSON.parse(formatTraceEvents(lazy.timeline, "boot"));
  const slices = traceEvents.filter(({ ph }: { ph: string }) => ph === "X");
  assert.is(slices.length, lazy.timeline.cpus.flatMap(all).length);
  assert.equal(otherData, { mergedBelowNs: 0 });
  const nsOf = (us: number): number => Math.round(us * 1000);
  const slice = lazy.timeline.cpus[0]!.at(-1)!;
  const written = slices.find(
    ({ ts, dur }: { ts: number; dur: number }) =>
      nsOf(ts) === slice.startNs && nsOf(dur) === slice.endNs - slice.startNs,
  );
  assert.is(written.name, slice.what);
  const starts = traceEvents.filter(({ ph }: { ph: string }) => ph === "s");
  const ends = new Set(
    traceEvents.filter(({ ph }: { ph: string }) => ph === "f").map(({ id }: { id: number }) => id),
  );
  assert.is(starts.length, flowsOf(lazy.timeline).length);
  for (const { id } of starts) assert.ok(ends.has(id));
});

interface Packet {
  timestamp?: number;
  event?: { type?: number; track?: number; name?: string; counter?: number; flows: number[] };
  descriptor?: { uuid?: number };
}

/** Reads a trace as the format's own definition says, by field numbers of its own. */
function packetsOf(bytes: Uint8Array): Packet[] {
  const packets: Packet[] = [];
  new PbfReader(bytes).readFields((tag, _none, pbf) => {
    assert.is(tag, 1);
    const packet: Packet = {};
    packets.push(pbf.readMessage(readPacket, packet));
  }, undefined);
  return packets;
}

function readPacket(tag: number, packet: Packet, pbf: PbfReader): void {
  if (tag === 8) packet.timestamp = pbf.readVarint();
  else if (tag === 11) packet.event = pbf.readMessage(readEvent, { flows: [] });
  else if (tag === 60)
    packet.descriptor = pbf.readMessage((field, to: { uuid?: number }, from) => {
      if (field === 1) to.uuid = from.readVarint();
    }, {});
}

function readEvent(tag: number, event: NonNullable<Packet["event"]>, pbf: PbfReader): void {
  if (tag === 9) event.type = pbf.readVarint();
  else if (tag === 11) event.track = pbf.readVarint();
  else if (tag === 23) event.name = pbf.readString();
  else if (tag === 30) event.counter = pbf.readVarint();
  else if (tag === 47 || tag === 48) event.flows.push(pbf.readFixed64());
}

test("Perfetto's protobuf has a begin and an end of each slice on tracks that are described", () => {
  const packets = packetsOf(formatTrackEvents(lazy.timeline, "boot"));
  const described = new Set(packets.map(({ descriptor }) => descriptor?.uuid));
  const open = new Map<number, string[]>();
  const last = new Map<number, number>();
  let slices = 0;
  for (const { timestamp, event } of packets) {
    if (event === undefined) continue;
    const track = event.track!;
    assert.ok(described.has(track));
    const stack = open.get(track) ?? [];
    open.set(track, stack);
    if (event.type === 1) stack.push(event.name!);
    if (event.type === 2) {
      assert.ok(stack.pop() !== undefined);
      slices++;
    }
    if (event.type === 3) continue;
    assert.ok(timestamp! >= (last.get(track) ?? 0), `track ${track} goes back to ${timestamp}`);
    last.set(track, timestamp!);
  }
  for (const stack of open.values()) assert.equal(stack, []);
  assert.is(slices, lazy.timeline.cpus.flatMap(all).length);
  const flows = packets.flatMap(({ event }) => event?.flows ?? []);
  assert.is(
    flows.length,
    flowsOf(lazy.timeline).reduce((sum, flow) => sum + flow.slices.length, 0),
  );
});

test("text of a run stays text in both formats", () => {
  const timeline = { ...lazy.timeline, moments: [{ what: '"</script>\u0007', cpu: 0, atNs: 1 }] };
  assert.is(JSON.parse(formatTraceEvents(timeline, "<b>")).traceEvents[0].args.name, "guest <b>");
  const names = packetsOf(formatTrackEvents(timeline, "boot")).map(({ event }) => event?.name);
  assert.ok(names.includes('"</script>\u0007'));
});

test("the startup commands for Perfetto pin tracks that there are", () => {
  const commands = JSON.parse(readFileSync("workloads/timeline/perfetto-startup.json", "utf8"));
  const pins = commands.filter(({ id }: { id: string }) => id === "dev.perfetto.PinTracksByRegex");
  const names = [...countersOf(lazy.timeline), ...tracksOf(lazy.timeline)].map(({ name }) => name);
  for (const { args } of pins)
    assert.ok(
      names.some((name) => new RegExp(args[0]).test(name)),
      args[0],
    );
  assert.is(pins.length, 2);
});

test.run();
