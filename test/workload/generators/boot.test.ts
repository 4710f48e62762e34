// Takes 1 s.
/** Generated boots beside recorded ones of the same size. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { gfpMigrateType } from "../../../src/page-alloc/gfp.js";
import { parseYamlWithPositions } from "../../../src/scenario/yaml.js";
import { GiB } from "../../../src/units.js";
import type { RecordedRequests } from "../../../src/workload/after-boot.js";
import { buildRequests } from "../../../src/workload/build-requests.js";
import { generate, generatedWorkload } from "../../../src/workload/generators/index.js";
import { recordingSchema } from "../../../src/workload/recording.js";
import { RequestKind, type Requests } from "../../../src/workload/requests.js";
import { read } from "../lines.js";

const test = suite("workload: generated boot");

const RECORDED = join(import.meta.dirname, "../../../workloads/recorded");
/** What a cell must have to be compared on its own: below, a handful more or less is above 10 %. */
const CELL_MIN = 50;
const TOLERANCE = 0.1;

/** How each was started: an initramfs of its own for the older kernel, and buffers for the trace. */
const BOOTS: readonly { name: string; given: Record<string, unknown>; bulk: boolean }[] = [
  {
    name: "linux-6.12.95-1c4g",
    given: { initramfs: 822 * 4096, initramfsFiles: 15, initrd: "1604KiB", commands: 5 },
    bulk: true,
  },
  { name: "linux-6.12.107-debian-1c2g", given: {}, bulk: true },
  { name: "linux-6.12.107-debian-1c16g", given: {}, bulk: true },
  { name: "linux-6.12.107-debian-4c4g", given: { traceBuffer: "4MiB" }, bulk: true },
  { name: "linux-6.12.107-debian-4c16g", given: { traceBuffer: "4MiB" }, bulk: true },
  // With lists of its own on every node, what a recording shows of pages taken in bulk is a guess.
  { name: "linux-6.12.107-debian-2n2x2g", given: { traceBuffer: "4MiB" }, bulk: false },
];

function recorded(name: string): RecordedRequests {
  const directory = join(RECORDED, name);
  const description = readFileSync(join(directory, "recording.yaml"), "utf8");
  const recording = parseYamlWithPositions(description, "recording.yaml", recordingSchema);
  const trace = gunzipSync(readFileSync(join(directory, recording.trace.file))).toString("latin1");
  return { recording, ...buildRequests(read(trace, 65536), recording) };
}

/** Allocations by order and migrate type, as `order 3 type 0`, those in bulk apart, and all. */
function cells({ count, kind, order, gfp }: Requests): Map<string, number> {
  const sums = new Map([
    ["bulk", 0],
    ["all", 0],
  ]);
  for (let i = 0; i < count; i++) {
    if (kind[i] === RequestKind.allocBulk) sums.set("bulk", sums.get("bulk")! + 1);
    if (kind[i] !== RequestKind.alloc) continue;
    sums.set("all", sums.get("all")! + 1);
    const cell = `order ${order[i]} type ${gfpMigrateType(gfp[i]!)}`;
    sums.set(cell, (sums.get(cell) ?? 0) + 1);
  }
  return sums;
}

for (const { name, given, bulk } of BOOTS) {
  const real = recorded(name);
  const made = generate(generatedWorkload("boot", given), real.recording.machine, 1);

  test(`${name}: allocations by order and migrate type agree within 10 %`, () => {
    const generated = cells(made.requests);
    let compared = 0;
    for (const [cell, count] of cells(real.requests)) {
      if (count < CELL_MIN || (cell === "bulk" && !bulk)) continue;
      const other = generated.get(cell) ?? 0;
      assert.ok(
        Math.abs(other - count) <= TOLERANCE * count,
        `${cell}: recorded ${count}, generated ${other}`,
      );
      compared++;
    }
    assert.ok(compared >= 6, "the four large cells, all, and more");
  });

  test(`${name}: cells with few allocations differ by few`, () => {
    const [recordedCells, generatedCells] = [cells(real.requests), cells(made.requests)];
    for (const cell of new Set([...recordedCells.keys(), ...generatedCells.keys()])) {
      const count = recordedCells.get(cell) ?? 0;
      if (count >= CELL_MIN) continue;
      assert.ok(Math.abs((generatedCells.get(cell) ?? 0) - count) <= 5, cell);
    }
  });

  test(`${name}: as many pages are kept, within 10 %`, () => {
    const kept = real.report.stillAllocatedPages;
    if (!bulk) return;
    assert.ok(Math.abs(made.report.stillAllocatedPages - kept) <= TOLERANCE * kept);
  });

  test(`${name}: milestones come in the order of the boot, and reserved memory is freed whole`, () => {
    const names = ["setupPerCpuPageset", "smpInit", "smpDone", "pageAllocInitLate", "watermarks"] as const;
    const order = [...names, "khugepaged", "kswapd", "ready"] as const;
    const at = order.map((milestone) => made.requests.marks[milestone]!.request);
    assert.equal(
      at,
      at.toSorted((a, b) => a - b),
    );
    // 6.12.95 has two pages more between its read-only data and its data.
    assert.is(made.report.freeReserved, real.report.freeReserved - (name.includes("6.12.95") ? 2 : 0));
  });
}

test("a boot with more CPUs brings up each of them", () => {
  const machine = (vcpus: number) => ({ memoryBytes: 4 * GiB, vcpus, nodes: 1 });
  const made = (vcpus: number) => generate(generatedWorkload("boot", {}), machine(vcpus), 1).requests;
  const between = ({ marks }: Requests): number => marks.smpDone!.request - marks.smpInit!.request;
  assert.is(between(made(1)), 0);
  const one = between(made(2));
  assert.ok(one > 0);
  assert.is(between(made(9)), 8 * one);
});

test.run();
