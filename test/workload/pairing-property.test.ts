// Takes 2 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EventBlocks, EventCollector } from "../../src/workload/event-blocks.js";
import { PageEventKind, type PageEvents } from "../../src/workload/events.js";
import { RequestKind } from "../../src/workload/requests.js";
import { heldPages, requestsOf } from "./machine.js";

const test = suite("workload: pairing, random traces");

/** Events of one task on one CPU; the time of an event is its number in microseconds. */
class Trace {
  readonly #collector = new EventCollector();
  readonly #blocks = new EventBlocks((block) => this.#collector.add(block));
  readonly #kinds: PageEventKind[] = [];
  length = 0;

  /** For each event, the number of the first one from it on that is no refill. */
  endOfRefill(): number[] {
    const ends: number[] = [];
    for (let i = this.length - 1; i >= 0; i--) {
      ends[i] = this.#kinds[i] === PageEventKind.zoneLocked ? (ends[i + 1] ?? this.length) : i;
    }
    return ends;
  }

  add(kind: PageEventKind, pfn: number, order: number): void {
    this.#kinds.push(kind);
    this.#blocks.append(kind, order, 0, 0, 0, 1000 * this.length++, pfn, 0xcc0);
  }

  finish(): PageEvents {
    this.#blocks.flush();
    const counts = { lostEvents: 0, overwrittenEvents: 0, otherEvents: 0 };
    return { ...this.#collector.columns(), tasks: [{ comm: "test", pid: 1 }], ...counts };
  }
}

const PAGES = 32;
const FIRST_PFN = 1024 - PAGES / 2;

test("random allocations and partial frees, against a map from page to allocation", () => {
  const step = fc.record({ pick: fc.nat(), order: fc.integer({ min: 0, max: 3 }), isFree: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const trace = new Trace();
      const expected: string[] = [];
      const holder = new Map<number, { handle: number; start: number }>();
      let handles = 0;
      for (const { pick, order, isFree } of steps) {
        const size = 2 ** order;
        const pfn = FIRST_PFN + ((Math.floor(pick / size) * size) % PAGES);
        const block = Array.from({ length: size }, (_, i) => pfn + i);
        const owner = holder.get(pfn);
        if (isFree) {
          if (owner === undefined || block.some((page) => holder.get(page) !== owner)) continue;
          trace.add(PageEventKind.free, pfn, order);
          const offset = pfn - owner.start;
          expected.push(`free ${order}${offset === 0 ? "" : `@${offset}`} #${owner.handle}`);
          for (const page of block) holder.delete(page);
        } else {
          if (block.some((page) => holder.has(page))) continue;
          trace.add(PageEventKind.alloc, pfn, order);
          expected.push(`alloc ${order} #${handles}`);
          const allocation = { handle: handles++, start: pfn };
          for (const page of block) holder.set(page, allocation);
        }
      }
      const { list, counts, requests } = requestsOf(trace.finish());
      assert.equal(list, expected);
      assert.is(requests.handleCount, handles);
      // Each event was a request, and the work in front of it fills the time since the one before.
      let timeNs = requests.startNs;
      assert.equal(
        Array.from(requests.thinkNs.subarray(0, requests.count), (ns) => (timeNs += ns)),
        Array.from(expected, (_text, event) => 1000 * event),
      );
      assert.is(counts.stillAllocatedPages ?? 0, holder.size);
    }),
    { numRuns: 200 },
  );
});

test("any events give requests that free only what is allocated", () => {
  const event = fc.record({
    kind: fc.integer({ min: 0, max: 5 }),
    block: fc.integer({ min: 0, max: 15 }),
    order: fc.integer({ min: 0, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (list) => {
      const trace = new Trace();
      for (const { kind, block, order } of list) {
        trace.add(kind as PageEventKind, FIRST_PFN + ((block * 2 ** order) % PAGES), order);
      }
      const { requests, counts } = requestsOf(trace.finish());
      assert.is(heldPages(requests), counts.stillAllocatedPages ?? 0);
      assert.ok(requests.thinkNs.every((ns) => ns >= 0));
      const endNs = requests.thinkNs.reduce((sum, ns) => sum + ns, requests.startNs);
      assert.ok(endNs <= 1000 * Math.max(0, trace.length - 1), "work goes on behind the last event");
      const { allocations = 0, inferredBulk = 0, inferredOther = 0, beforeTracing = 0 } = counts;
      assert.is(requests.handleCount, allocations + inferredBulk + inferredOther + beforeTracing);
    }),
    { numRuns: 200 },
  );
});

test("bulk requests are told from what a per-CPU list lost, against a list that is kept", () => {
  const step = fc.record({
    isSeen: fc.boolean(),
    isFreed: fc.boolean(),
    refill: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const trace = new Trace();
      const list: number[] = [];
      /** Pages taken without an event, each with the number of events before it. */
      const unseen: { pfn: number; at: number }[] = [];
      let nextPfn = FIRST_PFN;
      const refill = (pages: number): void => {
        for (let i = 0; i < pages; i++) {
          trace.add(PageEventKind.zoneLocked, nextPfn, 0);
          list.push(nextPfn++);
        }
      };
      for (const { isSeen, isFreed, refill: pages } of steps) {
        if (list.length === 0) refill(pages);
        const pfn = list.shift()!;
        if (isSeen) trace.add(PageEventKind.alloc, pfn, 0);
        else unseen.push({ pfn, at: trace.length });
        // Straight to the buddy lists, as drains do, so that the list holds refilled pages only.
        if (isFreed) {
          trace.add(PageEventKind.free, pfn, 0);
          trace.add(PageEventKind.pcpuDrain, pfn, 0);
        }
      }
      // A last refill proves what is gone; with no event in between it could not be told from the one before.
      trace.add(PageEventKind.freeBatched, FIRST_PFN, 0);
      const left = list.length;
      trace.add(PageEventKind.zoneLocked, nextPfn, 0);

      const { requests, counts } = requestsOf(trace.finish());
      assert.is(counts.inferredBulk ?? 0, unseen.length + left);
      assert.is(counts.reallocations, undefined);
      const endOfRefill = trace.endOfRefill();
      let timeNs = requests.startNs;
      let found = 0;
      for (let i = 0; i < requests.count; i++) {
        timeNs += requests.thinkNs[i]!;
        if (requests.kind[i] !== RequestKind.allocBulk || found === unseen.length) continue;
        // In the order in which they were taken, and not later, but for refills that follow at once.
        assert.ok(timeNs <= 1000 * endOfRefill[unseen[found]!.at]!, `bulk request ${found}`);
        found++;
      }
      assert.is(found, unseen.length);
    }),
    { numRuns: 200 },
  );
});

test.run();
