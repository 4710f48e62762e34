import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Grain, LayerAreas, widened } from "../../src/memory-map/layer-areas.js";
import type { Area } from "../../src/memory-map/timed-ranges.js";
import { chanceAt } from "../../src/sim/prng.js";
import { PAGE_SIZE } from "../../src/units.js";

const test = suite("memory map: areas of a layer");

const PAGES = 64;
const TIMES = 100;
const STEP_NS = 1000;

/** What a naive oracle keeps: for each page and time, whether it is in the layer. */
interface Oracle {
  readonly pages: readonly Uint8Array[];
  readonly layer: LayerAreas;
}

/** Opens and closes ranges at random, and has both follow; one step of time each. */
function randomLife(seed: number, coarsenings: number): Oracle {
  const layer = new LayerAreas();
  const now = new Uint8Array(PAGES);
  const pages: Uint8Array[] = [];
  for (let time = 0; time < TIMES; time++) {
    const draw = (at: number): number => chanceAt(seed, time * 8 + at);
    const start = Math.floor(draw(0) * PAGES);
    const end = start + 1 + Math.floor(draw(1) * Math.min(16, PAGES - start));
    const last = Math.min(end, PAGES);
    const kind = draw(2);
    const atNs = time * STEP_NS;
    if (kind < 0.5) {
      layer.open(start * PAGE_SIZE, last * PAGE_SIZE, atNs);
      now.fill(1, start, last);
    } else if (kind < 0.8) {
      layer.close(start * PAGE_SIZE, last * PAGE_SIZE, atNs);
      now.fill(0, start, last);
    } else {
      const middle = Math.floor((start + last) / 2);
      layer.replace(
        start * PAGE_SIZE,
        last * PAGE_SIZE,
        middle > start ? [{ start: start * PAGE_SIZE, end: middle * PAGE_SIZE }] : [],
        atNs,
      );
      now.fill(1, start, middle);
      now.fill(0, middle, last);
    }
    if (coarsenings > 0 && time % Math.floor(TIMES / coarsenings) === 0)
      layer.coarsen(PAGES * PAGE_SIZE, TIMES * STEP_NS);
    pages.push(now.slice());
  }
  return { pages, layer };
}

function isIn(areas: readonly Area[], page: number, atNs: number): boolean {
  return areas.some(
    ({ start, end, fromNs, untilNs }) =>
      start <= page * PAGE_SIZE && page * PAGE_SIZE < end && fromNs <= atNs && atNs < untilNs,
  );
}

/** Whether a page is in the layer at some time within a grain of that point. */
function isNear(pages: readonly Uint8Array[], page: number, time: number, { bytes, ns }: Grain): boolean {
  const inGrid = bytes / PAGE_SIZE;
  const firstPage = Math.floor(page / inGrid) * inGrid;
  const times = Math.ceil(ns / STEP_NS);
  for (let at = Math.max(0, time - times); at <= Math.min(TIMES - 1, time + times); at++) {
    for (let one = firstPage; one < Math.min(PAGES, firstPage + inGrid); one++)
      if (pages[at]![one] === 1) return true;
  }
  return false;
}

test("exact areas are what a naive walk over every page has, at every time", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { pages, layer } = randomLife(seed, 0);
    const areas = layer.areas(TIMES * STEP_NS);
    for (let time = 0; time < TIMES; time++) {
      for (let page = 0; page < PAGES; page++)
        assert.is(
          isIn(areas, page, time * STEP_NS),
          pages[time]![page] === 1,
          `seed ${seed}: ${page} at ${time}`,
        );
    }
    assert.is(layer.bytes, pages.at(-1)!.reduce((sum, one) => sum + one, 0) * PAGE_SIZE);
    const most = Math.max(...pages.map((one) => one.reduce((sum, page) => sum + page, 0)));
    assert.is(layer.peakBytes, most * PAGE_SIZE);
  }
});

test("coarser areas lose no page at any time, and add none that is further away than their grain", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { pages, layer } = randomLife(seed, 5);
    const { grain } = layer;
    assert.ok(grain.bytes > PAGE_SIZE || grain.ns > 0);
    const areas = layer.areas(TIMES * STEP_NS);
    for (let time = 0; time < TIMES; time++) {
      for (let page = 0; page < PAGES; page++) {
        const found = isIn(areas, page, time * STEP_NS);
        if (pages[time]![page] === 1) assert.ok(found, `seed ${seed}: page ${page} is lost at ${time}`);
        else if (found) assert.ok(isNear(pages, page, time, grain), `seed ${seed}: page ${page} at ${time}`);
      }
    }
  }
});

test("bytes stay exact where areas do not", () => {
  const { pages, layer } = randomLife(3, 10);
  assert.is(layer.bytes, pages.at(-1)!.reduce((sum, one) => sum + one, 0) * PAGE_SIZE);
});

test("a coarser layer has fewer areas", () => {
  const layer = new LayerAreas();
  for (let block = 0; block < 512; block++)
    layer.keep(2 * block * PAGE_SIZE, (2 * block + 1) * PAGE_SIZE, block);
  assert.is(layer.count, 512);
  for (let step = 0; step < 30 && layer.count > 50; step++) layer.coarsen(1024 * PAGE_SIZE, 512);
  assert.ok(layer.count <= 50);
  assert.ok(layer.areas(512).length <= 50);
  assert.is(layer.bytes, 512 * PAGE_SIZE);
});

test("areas that touch on the grid become one", () => {
  const area = (start: number, end: number, fromNs: number, untilNs: number): Area => ({
    start,
    end,
    fromNs,
    untilNs,
  });
  assert.equal(
    widened([area(0, 4096, 5, 20), area(4096, 8192, 5, 20), area(0, 8192, 20, 30)], { bytes: 4096, ns: 0 }),
    [area(0, 8192, 5, 30)],
  );
  assert.equal(widened([area(4096, 8192, 1000, 1001)], { bytes: 8192, ns: 1024 }), [area(0, 8192, 0, 1024)]);
  assert.equal(widened([area(0, 4096, 7, Number.POSITIVE_INFINITY)], { bytes: 4096, ns: 4 }), [
    area(0, 4096, 4, Number.POSITIVE_INFINITY),
  ]);
});

test("what comes and goes in one moment is no area", () => {
  const layer = new LayerAreas();
  layer.open(0, 4096, 7);
  layer.close(0, 4096, 7);
  assert.equal(layer.areas(10), []);
});

test.run();
