import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BootStages } from "../../src/page-alloc/boot-stages.js";
import { oneZone } from "./machine.js";

const test = suite("page-alloc: stages of boot");

/** Pages of the min watermark and, of the first CPU's lists, the batch, as stage after stage is reached. */
function reached(blocks: number, wantsHugePages: boolean): number[][] {
  const allocator = oneZone(blocks, { cpus: 2 });
  const zone = allocator.zones[0]!;
  const stages = new BootStages(allocator, [0, 0], wantsHugePages);
  const seen: number[][] = [];
  const look = (): number => seen.push([zone.watermark[0]!, zone.pcp[0]!.batch]);
  look();
  stages.setupPerCpuPageset();
  stages.pageAllocCpuOnline();
  look();
  stages.initPerZoneWmarkMin();
  look();
  stages.hugepageInit();
  look();
  stages.kswapdInit();
  assert.ok(allocator.kswapdRunning);
  // As much again goes online.
  zone.managedPages *= 2;
  stages.onlinePages();
  look();
  return seen;
}

test("lists get their size, then watermarks come, and huge pages raise them", () => {
  // 4 * sqrt(1 GiB in KiB) KiB, then 11 pageblocks, which more memory does not change.
  assert.equal(reached(256, true), [
    [0, 1],
    [0, 63],
    [1024, 63],
    [5632, 63],
    [5632, 63],
  ]);
});

test("without huge pages they are computed anew", () => {
  // Less what the high watermark keeps: sqrt(16 * 4 * (262144 - 1548)) KiB, and then of (524288 - 1544).
  assert.equal(
    reached(256, false).map(([min]) => min),
    [0, 0, 1024, 1020, 1446],
  );
});

test("where less than 512 MiB are managed at boot, huge pages stay off for good", () => {
  const [, , first, second, third] = reached(64, true).map(([min]) => min);
  assert.equal([first, second], [512, 512]);
  assert.ok(third! < 1024);
});

test.run();
