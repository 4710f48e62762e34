import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AllocFlag } from "../../src/page-alloc/alloc-flags.js";
import { pagesToAccept } from "../../src/page-alloc/unaccepted-list.js";
import { watermarkFast, watermarkOk } from "../../src/page-alloc/watermark.js";
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
