// Takes 1 s.
/** Generated workloads beside the recordings that they imitate. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { GiB } from "../../../src/units.js";
import { PageEventKind } from "../../../src/workload/events.js";
import { generate, generatedWorkload } from "../../../src/workload/generators/index.js";
import { RequestKind } from "../../../src/workload/requests.js";
import { read } from "../lines.js";

const test = suite("workload: generators beside recordings");

const RECORDED = join(import.meta.dirname, "../../../workloads/recorded");
const MACHINE = { memoryBytes: 4 * GiB, vcpus: 1, nodes: 1 };

/** Allocations of a program in a trace, by order and flags. */
function recordedCounts(recording: string, comm: string): Map<string, number> {
  const packed = readFileSync(join(RECORDED, recording, "run.trace.gz"));
  const events = read(gunzipSync(packed).toString("latin1"), 65536);
  const counts = new Map<string, number>();
  for (let i = 0; i < events.count; i++) {
    if (events.kind[i] !== PageEventKind.alloc || events.tasks[events.task[i]!]!.comm !== comm) continue;
    const key = `order ${events.order[i]} gfp 0x${events.detail[i]!.toString(16)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** The same of generated requests. */
function generatedCounts(name: string, given: Record<string, unknown>): Map<string, number> {
  const { requests } = generate(generatedWorkload(name, given), MACHINE, 1);
  const counts = new Map<string, number>();
  for (let i = 0; i < requests.count; i++) {
    if (requests.kind[i] !== RequestKind.alloc) continue;
    const key = `order ${requests.order[i]} gfp 0x${requests.gfp[i]!.toString(16)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Every kind of allocation that is generated 30 times or more was recorded as often, within 10 %. */
function compare(recorded: Map<string, number>, generated: Map<string, number>): number {
  let compared = 0;
  for (const [key, count] of generated) {
    if (count < 30) continue;
    const real = recorded.get(key) ?? 0;
    assert.ok(Math.abs(count - real) <= 0.1 * real, `${key}: recorded ${real}, generated ${count}`);
    compared++;
  }
  return compared;
}

test("a heap of 1 GiB in huge pages", () => {
  const recorded = recordedCounts("linux-6.12.107-debian-1c4g-heap", "heap");
  assert.is(compare(recorded, generatedCounts("heap", { size: "1GiB" })), 2);
});

test("100 MiB of files that come into the page cache, and the slabs of their index", () => {
  const recorded = recordedCounts("linux-6.12.107-debian-1c4g-cache", "cat");
  assert.is(compare(recorded, generatedCounts("page-cache", { size: "100MiB", file: "2560KiB" })), 2);
});

test.run();
