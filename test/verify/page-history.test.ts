import { suite } from "uvu";
import * as assert from "uvu/assert";
import { asPfn } from "../../src/units.js";
import { PageHistory } from "../../src/verify/known-lists.js";
import type { Records } from "../../src/verify/steps.js";
import { PageEventKind } from "../../src/workload/events.js";

const test = suite("verify: which events name a page");

function historyOf(
  events: readonly (readonly [kind: PageEventKind, pfn: number, order: number])[],
): PageHistory {
  return new PageHistory({
    count: events.length,
    kind: Uint8Array.from(events, ([kind]) => kind),
    pfn: Float64Array.from(events, ([, pfn]) => pfn),
    order: Uint8Array.from(events, ([, , order]) => order),
  } as unknown as Records);
}

test("the next event at or after one, of every page in its block", () => {
  const { alloc, free, pcpuDrain, freeBatched } = PageEventKind;
  const history = historyOf([
    [alloc, 8, 2],
    [alloc, 20, 0],
    [free, 9, 0],
    [freeBatched, 9, 0],
    [pcpuDrain, 9, 0],
    [free, 1024, 10],
  ]);
  const nexts = (pfn: number): (number | undefined)[] =>
    Array.from({ length: 7 }, (_none, event) => history.next(asPfn(pfn), event));
  assert.equal(nexts(9), [0, 2, 2, 4, 4, undefined, undefined]);
  assert.equal(nexts(11), [0, undefined, undefined, undefined, undefined, undefined, undefined]);
  assert.equal(nexts(20), [1, 1, undefined, undefined, undefined, undefined, undefined]);
  assert.is(history.next(asPfn(12), 0), undefined);
  assert.is(history.next(asPfn(1024), 0), undefined, "no block of order 10 goes through a per-CPU list");
  assert.is(history.nextKind(asPfn(9), 1), free);
  assert.is(history.nextKind(asPfn(9), 3), pcpuDrain);
  assert.is(history.nextKind(asPfn(9), 5), undefined);
});

test("an event is seen before a later one, and not by itself", () => {
  const history = historyOf([
    [PageEventKind.alloc, 3, 0],
    [PageEventKind.free, 3, 0],
  ]);
  assert.equal(
    [0, 1, 2].map((event) => history.isSeen(asPfn(3), event)),
    [false, true, true],
  );
  assert.is(history.isSeen(asPfn(4), 2), false);
});

test.run();
