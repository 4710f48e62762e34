// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STANDARD_BOOT } from "../../src/cli/bundled.js";
import {
  freeBufferPages,
  minFreeKbytes,
  recommendedMinFreeKbytes,
  zoneWatermarks,
} from "../../src/mm/watermarks.js";
import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import type { Zone } from "../../src/page-alloc/zone.js";
import { parseScenario } from "../../src/scenario/load.js";
import { asPage, GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { livedGuest } from "../guest/run-boot.js";
import { LOADER } from "../loader.js";

const test = suite("hotplug: memory goes online");

const loader = LOADER;

/** The allocator of a guest that has had memory plugged in and nothing done with it. */
function after(memory: string, hotplug: object | undefined, changes: object = {}): PageAllocator {
  const text = JSON.stringify({
    name: "online",
    workload: "boot",
    platform: "tdx",
    memory,
    hotplug,
    ...changes,
  });
  return livedGuest(parseScenario(text, "online")[0]!, loader.load(STANDARD_BOOT)).kernel.allocator;
}

function zoneNamed({ zones }: PageAllocator, name: string): Zone {
  return zones.find((zone) => zone.name === name)!;
}

test("a zone grows over the hole, and manages all of the new memory", () => {
  const without = zoneNamed(after("4200MiB", undefined), "Normal");
  const zone = zoneNamed(after("4200MiB", { memory: "256MiB", acceptance: "online" }), "Normal");
  const pages = (256 * MiB) / PAGE_SIZE;
  assert.is(zone.startPfn, without.startPfn);
  assert.is(zone.endPfn, (7 * GiB + 256 * MiB) / PAGE_SIZE, "from the next whole GiB");
  assert.is(zone.presentPages, without.presentPages + pages);
  assert.is(zone.managedPages, without.managedPages + pages);
});

test("a zone without memory comes to be, and is what requests try first", () => {
  const allocator = after("2GiB", { memory: "1GiB", acceptance: "online" });
  const zone = zoneNamed(allocator, "Normal");
  assert.is(zone.startPfn, (4 * GiB) / PAGE_SIZE);
  assert.is(zone.managedPages, GiB / PAGE_SIZE);
  const page = allocator.allocPages(0xcc0, 0, 0, 0);
  assert.is(allocator.zoneOf(asPage(page)), zone);
});

test("watermarks, reserves and lists of CPUs are those of all memory that is managed now", () => {
  for (const transparentHugePages of [false, true]) {
    const changes = { guest: { transparentHugePages } };
    const before = after("2GiB", undefined, changes).zones;
    const { zones } = after("2GiB", { memory: "128MiB", acceptance: "online" }, changes);
    const highBefore = (zone: Zone): number =>
      before.find(({ name }) => name === zone.name)?.watermark[2] ?? 0;
    let kbytes = minFreeKbytes(freeBufferPages(zones, highBefore));
    let marks = zoneWatermarks(zones, kbytes);
    if (transparentHugePages) {
      const high = (zone: Zone): number => marks[zone.index]!.high;
      kbytes = recommendedMinFreeKbytes(kbytes, 3, freeBufferPages(zones, high));
      marks = zoneWatermarks(zones, kbytes);
    }
    for (const zone of zones) {
      const { min, low, high, promo } = marks[zone.index]!;
      assert.equal([...zone.watermark], [min, low, high, promo], zone.name);
    }
    const [, dma32, normal] = zones;
    assert.is(dma32!.lowmemReserve[2], Math.floor(normal!.managedPages / 256));
    assert.ok(normal!.pcp[0]!.batch > 1);
  }
});

test("memory that waits for acceptance is on the list of the zone, behind what was there", () => {
  const { frames, zones } = after("4GiB", { memory: "1GiB", acceptance: "lazy" });
  const zone = zones.at(-1)!;
  const last = frames.prev[zone.unacceptedList]!;
  const slot = last - frames.firstRangeNode;
  assert.is(
    (frames.rangeStart[slot]! + frames.rangeCount[slot]!) * 4 * MiB,
    7 * GiB,
    "in front of it, without a hole, the guest's own memory",
  );
  assert.ok(zone.unacceptedPages > GiB / PAGE_SIZE);
});

test("memory devices of ACPI go online as ZONE_MOVABLE, beside a plugged one in Normal", () => {
  const allocator = after("4GiB", { memory: "1GiB", acceptance: "lazy" }, { policy: "acpi-prm" });
  assert.equal(
    allocator.zones.map(({ name }) => name),
    ["DMA", "DMA32", "Movable", "Normal"],
  );
  assert.is(zoneNamed(allocator, "Movable").managedPages, (2 * GiB) / PAGE_SIZE);
  assert.is(zoneNamed(allocator, "Normal").startPfn, (6 * GiB) / PAGE_SIZE);
  // A kernel request stays out of Movable, one for a user's page begins there.
  assert.is.not(allocator.zoneOf(asPage(allocator.allocPages(0xcc0, 0, 0, 0))).name, "Movable");
  assert.is(allocator.zoneOf(asPage(allocator.allocPages(0x100cca, 0, 0, 0))).name, "Movable");
});

test.run();
