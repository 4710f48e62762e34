import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AllocFlag, Watermark } from "../../src/page-alloc/alloc-flags.js";
import { pagesToAccept } from "../../src/page-alloc/unaccepted-list.js";
import { hasPlenty, watermarkFast, watermarkOk, watermarkPages } from "../../src/page-alloc/watermark.js";
import { LINUX_6_5, LINUX_6_11, LINUX_6_12, LINUX_7_3 } from "../linux/releases.js";
import { oneZone } from "./machine.js";

const test = suite("page-alloc: watermarks");

test("a kernel request needs low at first, min in the slow path; an atomic one a quarter of it", () => {
  const zone = oneZone(4, { free: false }).zones[0]!;
  zone.watermark.set([3497, 6997, 10497, 13997]);
  zone.freePages = 3530;
  assert.is(watermarkFast(zone, 0, 6997, 2, AllocFlag.WMARK_LOW), false);
  assert.is(watermarkFast(zone, 0, 3497, 2, AllocFlag.WMARK_MIN), true);
  const atomic = AllocFlag.MIN_RESERVE | AllocFlag.NON_BLOCK;
  assert.is(watermarkOk(zone, 0, 3497, 2, atomic, 1313), true);
  assert.is(watermarkOk(zone, 0, 3497, 2, atomic, 1312), false);
});

test("an order above 0 needs a block on a list: unaccepted memory is on none", () => {
  const a = oneZone(4, { free: false });
  const zone = a.zones[0]!;
  zone.freePages = 1_000_000;
  zone.unacceptedPages = 1_000_000;
  assert.is(watermarkOk(zone, 0, 0, 2, 0, zone.freePages), true);
  assert.is(watermarkOk(zone, 9, 0, 2, 0, zone.freePages), false);
});

test("a zone that has plenty is above its high watermark and accepts nothing", () => {
  const pages = fc.integer({ min: 0, max: 3000 });
  const state = fc.record({
    marks: fc.tuple(pages, pages, pages, pages),
    free: fc.integer({ min: 0, max: 9000 }),
    counters: fc.tuple(pages, pages, pages, fc.integer({ min: -50, max: 3000 })),
    reserve: pages,
    order: fc.constantFrom(0, 3, 9),
    lists: fc.integer({ min: 0, max: 1 << 10 }),
    allocFlags: fc.constantFrom(AllocFlag.WMARK_LOW, AllocFlag.WMARK_LOW | AllocFlag.CMA),
    rules: fc.constantFrom(LINUX_6_5, LINUX_6_11, LINUX_6_12, LINUX_7_3),
  });
  let plenty = 0;
  fc.assert(
    fc.property(state, ({ marks, free, counters, reserve, order, lists, allocFlags, rules }) => {
      const zone = oneZone(4, { free: false, rules }).zones[0]!;
      zone.watermark.set(marks);
      zone.freePages = free;
      [zone.unacceptedPages, zone.watermarkBoost, zone.freeHighatomicPages, zone.freeCmaPages] = counters;
      zone.lowmemReserve[2] = reserve;
      zone.orderMask[1] = lists;
      if (!hasPlenty(zone, order, 2)) return;
      plenty++;
      const high = watermarkPages(zone, Watermark.HIGH);
      assert.ok(watermarkFast(zone, order, high, 2, allocFlags));
      assert.ok(pagesToAccept(zone, order, watermarkPages(zone, zone.acceptMark)) <= 0);
      assert.ok(zone.watermark[zone.acceptMark]! > 0);
    }),
    { seed: 19, numRuns: 2000 },
  );
  assert.ok(plenty > 50);
});

test("the reserve against lower zones counts for the request's highest zone", () => {
  const zone = oneZone(4, { free: false }).zones[0]!;
  zone.lowmemReserve.set([0, 0, 0, 500, 500]);
  assert.is(watermarkOk(zone, 0, 100, 2, 0, 101), true);
  assert.is(watermarkOk(zone, 0, 100, 3, 0, 600), false);
  assert.is(watermarkOk(zone, 0, 100, 3, 0, 601), true);
});

test("pages to accept follow promo less accepted free pages (cond_accept_memory)", () => {
  const zone = oneZone(4, { free: false }).zones[0]!;
  const need = (free: number, order: number, promo = 13997): number => {
    zone.freePages = free;
    zone.unacceptedPages = 3295000;
    return pagesToAccept(zone, order, promo);
  };
  assert.is(need(3300000, 0), 8997);
  assert.is(need(3300000, 9), 9508);
  assert.is(need(3308997, 0), 0);
  assert.is(need(3308996, 0), 1);
  assert.is(need(3300000, 0, 25845), 20845);
});

test.run();
