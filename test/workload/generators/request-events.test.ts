// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { GiB } from "../../../src/units.js";
import { buildRequests } from "../../../src/workload/build-requests.js";
import { EventBlocks, EventCollector } from "../../../src/workload/event-blocks.js";
import type { PageEvents } from "../../../src/workload/events.js";
import {
  generate,
  generateBlocks,
  generatedWorkload,
  RequestEvents,
} from "../../../src/workload/generators/index.js";
import { RECORDING } from "../machine.js";

const test = suite("workload: events of generated requests");

const MACHINE = { memoryBytes: GiB, vcpus: 2, nodes: 1 };

function eventsOf(name: string, given: Record<string, unknown>): PageEvents {
  const collector = new EventCollector();
  const blocks = new EventBlocks((block) => collector.add(block));
  const events = new RequestEvents(blocks, 0);
  for (const block of generateBlocks(generatedWorkload(name, given), MACHINE, 1)) events.add(block);
  blocks.flush();
  const tasks = [{ comm: "generated", pid: 1 }];
  return { ...collector.columns(), tasks, lostEvents: 0, overwrittenEvents: 0, otherEvents: 0 };
}

for (const [name, given] of [
  ["fork", { processes: 2000 }],
  ["fragmentation", { operations: 30_000, size: "16MiB" }],
  ["heap", { size: "32MiB" }],
] as const) {
  test(`${name}: who reads the events finds the same requests`, () => {
    const { requests } = generate(generatedWorkload(name, given), MACHINE, 1);
    const found = buildRequests(eventsOf(name, given), { ...RECORDING, reserved: [] });
    for (const column of ["kind", "order", "gfp", "cpu", "handle", "offsetBytes"] as const)
      assert.equal(found.requests[column], requests[column], column);
    assert.is(found.report.reallocations + found.report.inferredBulk + found.report.beforeTracing, 0);
  });
}

test("the work of one CPU is the time between its events", () => {
  const events = eventsOf("heap", { size: "8MiB", pages: "small" });
  const heap = generate(generatedWorkload("heap", { size: "8MiB", pages: "small" }), MACHINE, 1).requests;
  assert.is(
    events.timeNs.at(-1),
    heap.thinkNs.reduce((sum, ns) => sum + ns, 0),
  );
});

test("times never go back", () => {
  const { timeNs } = eventsOf("fork", { processes: 500 });
  assert.ok(timeNs.every((time, i) => i === 0 || time >= timeNs[i - 1]!));
});

test("pages taken in bulk are single allocations, reserved memory is left out", () => {
  const { report } = generate(generatedWorkload("boot", {}), MACHINE, 1);
  const { kind } = eventsOf("boot", {});
  assert.is(kind.filter((one) => one === 0).length, report.allocations + report.inferredBulk);
  assert.is(kind.filter((one) => one === 1).length, report.frees);
});

test.run();
