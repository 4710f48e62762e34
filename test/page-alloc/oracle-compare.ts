import { verifyInvariants } from "../../src/page-alloc/invariants.js";
import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { NO_PAGE } from "../../src/page-alloc/page-frames.js";
import { FREE_HIGH_BATCH } from "../../src/page-alloc/pcp.js";
import type { Zone } from "../../src/page-alloc/zone.js";
import { asPage, asPfn } from "../../src/units.js";
import type { Oracle } from "./oracle.js";
import type { OracleZone } from "./oracle-zone.js";

/** Compares every list in order, every counter and every pageblock type. @throws Error at the first difference */
export function compareState(allocator: PageAllocator, oracle: Oracle): void {
  verifyInvariants(allocator);
  same("touched pages", allocator.touchedPages, oracle.touched.size);
  oracle.zones.forEach((expected, index) => {
    const actual = allocator.zones[index]!;
    const where = `node ${actual.nodeId} zone ${actual.name}`;
    compareCounters(where, actual, expected);
    for (let order = 0; order <= 10; order++) {
      for (let type = 0; type <= 5; type++) {
        const what = `${where} list of order ${order} type ${type}`;
        sameList(what, listed(allocator, actual.list(order, type)), expected.freeLists[order]![type]!);
      }
      same(`${where} nr_free ${order}`, actual.nrFree[order], expected.nrFree(order));
    }
    sameList(`${where} unaccepted list`, listed(allocator, actual.unacceptedList), expected.unacceptedList);
    const putOff = expected.putOff.flatMap(({ pfn, order }) => [pfn, order]);
    const held = actual.putOff.map((value, at) =>
      at % 2 === 0 ? allocator.frames.pfnOf(asPage(value)) : value,
    );
    sameList(`${where} frees put off`, held, putOff);
    comparePcp(allocator, where, actual, expected);
    comparePageblocks(allocator, where, expected);
  });
}

type Comparable = number | boolean | string | undefined;

export function same(what: string, actual: Comparable, expected: Comparable): void {
  if (actual !== expected) throw new Error(`${what} is ${actual}, the model has ${expected}`);
}

function sameList(what: string, actual: readonly number[], expected: readonly number[]): void {
  for (let at = 0; at < Math.max(actual.length, expected.length); at++) {
    same(`${what}, entry ${at} of ${actual.length}`, actual[at], expected[at]);
  }
}

/** First frames of the blocks of a list, head first. */
function listed(allocator: PageAllocator, list: number): number[] {
  const { frames } = allocator;
  const pfns: number[] = [];
  for (let node = frames.next[list]!; node !== list; node = frames.next[node]!) {
    if (!frames.isRange(node)) {
      pfns.push(frames.pfnOf(node));
      continue;
    }
    const slot = node - frames.firstRangeNode;
    for (let i = 0; i < frames.rangeCount[slot]!; i++) pfns.push((frames.rangeStart[slot]! + i) * 1024);
  }
  return pfns;
}

function compareCounters(where: string, actual: Zone, expected: OracleZone): void {
  same(`${where} managed pages`, actual.managedPages, expected.managed);
  same(`${where} NR_FREE_PAGES`, actual.freePages, expected.freePages);
  expected.freeDiff.forEach((held, cpu) => {
    same(`${where} NR_FREE_PAGES held by CPU ${cpu}`, actual.freePagesDiff[cpu], held);
  });
  same(`${where} cma_pages`, actual.cmaPages, expected.cmaPages);
  same(`${where} NR_FREE_CMA_PAGES`, actual.freeCmaPages, expected.freeCma);
  expected.freeCmaDiff.forEach((held, cpu) => {
    same(`${where} NR_FREE_CMA_PAGES held by CPU ${cpu}`, actual.freeCmaDiff[cpu], held);
  });
  same(`${where} NR_UNACCEPTED`, actual.unacceptedPages, expected.unaccepted);
  same(`${where} nr_free_highatomic`, actual.freeHighatomicPages, expected.freeHighatomic);
  same(`${where} nr_reserved_highatomic`, actual.reservedHighatomicPages, expected.reservedHighatomic);
  sameList(`${where} watermarks`, [...actual.watermark], expected.watermark);
  sameList(`${where} lowmem reserve`, [...actual.lowmemReserve], expected.lowmemReserve);
  same(`${where} stat threshold`, actual.statThreshold, expected.statThreshold);
  same(`${where} watermark boost`, actual.watermarkBoost, expected.boost);
  same(`${where} BELOW_HIGH`, actual.belowHigh, expected.belowHigh);
  same(`${where} BOOSTED_WATERMARK`, actual.boosted, expected.boosted);
}

function comparePcp(allocator: PageAllocator, where: string, actual: Zone, expected: OracleZone): void {
  expected.pcp.forEach((model, cpu) => {
    const pcp = actual.pcp[cpu]!;
    const of = `${where} CPU ${cpu}`;
    same(`${of} count`, pcp.count, model.count);
    same(`${of} high`, pcp.high, model.high);
    same(`${of} high_min`, pcp.highMin, model.highMin);
    same(`${of} high_max`, pcp.highMax, model.highMax);
    same(`${of} batch`, pcp.batch, model.batch);
    same(`${of} alloc_factor`, pcp.allocFactor, model.allocFactor);
    same(`${of} free_count`, pcp.freeCount, model.freeCount);
    same(`${of} PREV_FREE_HIGH_ORDER`, (pcp.flags & ~FREE_HIGH_BATCH) !== 0, model.previousFreeHighOrder);
    model.lists.forEach((list, index) => {
      const pfns = Array.from({ length: pcp.lists[index]!.size }, (_, at) =>
        allocator.frames.pfnOf(pcp.lists[index]!.at(at)),
      );
      sameList(`${of} list ${index}`, pfns, list);
    });
  });
}

/** Pageblocks of memory that has frames; the rest is as boot left it. */
function comparePageblocks(allocator: PageAllocator, where: string, expected: OracleZone): void {
  const { frames } = allocator;
  for (let pfn = expected.startPfn - (expected.startPfn % 512); pfn < expected.endPfn; pfn += 512) {
    const page = frames.pageOf(asPfn(pfn));
    if (page === NO_PAGE) continue;
    const type = frames.pageblockType[Math.floor(page / 512)];
    same(`${where} type of pageblock 0x${pfn.toString(16)}`, type, expected.typeOf(pfn));
  }
}
