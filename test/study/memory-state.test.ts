// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import { MapRecorder } from "../../src/memory-map/map-recorder.js";
import type { ByteRange, FreeList } from "../../src/memory-map/memory-map.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { memoryStateAfter, NoSuchAccept } from "../../src/study/memory-state.js";
import { runGuest, runScenario } from "../../src/study/run-scenario.js";
import { MAX_ORDER_BYTES, PAGE_SIZE, roundDown } from "../../src/units.js";
import { LOADER } from "../loader.js";

const test = suite("memory map: state after an accept");

function load(...assignments: string[]): ReturnType<typeof loadScenarios>[number] {
  return loadScenarios(["workloads/boot.yaml"], assignments.map(parseAssignment), { loader: LOADER })[0]!;
}

function bytes(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, [start, end]) => sum + end - start, 0);
}

function freeBytes(lists: readonly FreeList[]): number {
  return lists.reduce(
    (sum, { blocks }) => sum + blocks.reduce((own, count, order) => own + count * 2 ** order * PAGE_SIZE, 0),
    0,
  );
}

const SETTINGS: readonly (readonly string[])[] = [
  ["platform.kind=tdx", "policy=lazy", "memory=4GiB", "vcpus=2"],
  ["platform.kind=snp", "policy=lazy", "memory=4GiB", "vcpus=2", "drain.workers=2"],
  ["platform.kind=tdx", "policy=fault-driven", "memory=4GiB", "vcpus=1"],
];

test("after the last accept it has the numbers of the run's end", () => {
  for (const setting of SETTINGS) {
    const { scenario, recording } = load(...setting);
    const recorder = new MapRecorder();
    // Walks the whole guest on the way and at the end.
    const row = runScenario(scenario, recording, { check: true, watch: recorder });
    const state = memoryStateAfter(scenario, recording, recorder.map(row).acceptsTotal);
    const { kernel, acceptance, faults } = runGuest(scenario, recording, {}).guest;
    const { zones } = kernel!.allocator;
    const unacceptedPages = zones.reduce((sum, zone) => sum + zone.unacceptedPages, 0);
    const freePages = zones.reduce((sum, zone) => sum + zone.exactFreePages(), 0);
    assert.is(bytes(state.unaccepted), unacceptedPages * PAGE_SIZE, setting.join(" "));
    assert.is(freeBytes(state.freeLists), (freePages - unacceptedPages) * PAGE_SIZE, setting.join(" "));
    assert.is(bytes(state.host), row.hostUse.privateBytes, setting.join(" "));
    const table = (faults?.table ?? acceptance!.table)!;
    assert.is(bytes(state.bitmap), table.countSet() * table.unitSizeBytes, setting.join(" "));
  }
});

test("each accept of a lazy guest takes its bytes from the record, and its block from those that wait", () => {
  const { scenario, recording } = load(...SETTINGS[0]!);
  const recorder = new MapRecorder();
  const row = runScenario(scenario, recording, { check: false, watch: recorder });
  const map = recorder.map(row);
  const onDemand = map.accepts.filter(({ by }) => by === "accepted on demand").slice(10, 13);
  assert.is(onDemand.length, 3);
  for (const { n, start, bytes: accepted } of onDemand) {
    // What a unit reaches beyond its block belongs to the next one, whose turn comes later.
    const block = roundDown(start, MAX_ORDER_BYTES);
    const [before, after] = [n - 1, n].map((at) => memoryStateAfter(scenario, recording, at));
    assert.is(bytes(before!.bitmap) - bytes(after!.bitmap), accepted);
    assert.is(bytes(before!.unaccepted) - bytes(after!.unaccepted), MAX_ORDER_BYTES);
    assert.ok(before!.unaccepted.some(([from, to]) => from <= block && block + MAX_ORDER_BYTES <= to));
    assert.ok(after!.unaccepted.every(([from, to]) => block + MAX_ORDER_BYTES <= from || to <= block));
    assert.is(bytes(after!.host) - bytes(before!.host), accepted);
  }
});

test("before the first accept the host has given nothing", () => {
  const { scenario, recording } = load(...SETTINGS[0]!);
  assert.equal(memoryStateAfter(scenario, recording, 0), {
    n: 0,
    atNs: memoryStateAfter(scenario, recording, 0).atNs,
    freeLists: [],
    unaccepted: [],
    bitmap: [],
    host: [],
  });
});

test("an accept that the run does not have is an error that says how many there are", () => {
  const { scenario, recording } = load("platform.kind=none", "policy=lazy", "memory=1GiB", "vcpus=1");
  assert.is(memoryStateAfter(scenario, recording, 0).n, 0);
  assert.throws(
    () => memoryStateAfter(scenario, recording, 1),
    (error: unknown) =>
      error instanceof NoSuchAccept && error.message === "expected 0 to 0, the accepts of this run",
  );
});

test.run();
