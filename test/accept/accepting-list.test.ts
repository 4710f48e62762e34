import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AcceptingList } from "../../src/accept/kernel-accept.js";

const test = suite("accept: ranges in flight");

test("ranges that do not overlap are accepted side by side", () => {
  const list = new AcceptingList(false);
  list.add(0, 3, 0, 100);
  assert.is(list.freeAt(3, 6, 50), 50);
  assert.is(list.freeAt(10, 12, 0), 0);
});

test("a range that overlaps waits for the end", () => {
  const list = new AcceptingList(false);
  list.add(0, 3, 0, 100);
  assert.is(list.freeAt(2, 5, 50), 100);
  assert.is(list.freeAt(0, 1, 0), 100);
  assert.is(list.freeAt(2, 5, 100), 100);
});

test("after one wait it looks again, and may wait for a range that began meanwhile", () => {
  const list = new AcceptingList(false);
  list.add(0, 3, 0, 100);
  list.add(4, 6, 80, 130);
  assert.is(list.freeAt(2, 5, 50), 130);
});

test("a range that has not begun yet is not in the way", () => {
  const list = new AcceptingList(false);
  list.add(2, 5, 100, 200);
  assert.is(list.freeAt(4, 7, 50), 50);
});

test("blocks of 4 MiB with their guard: of neighbours, every other one waits", () => {
  const list = new AcceptingList(false);
  const starts = Array.from({ length: 6 }, (_, block) => {
    const startNs = list.freeAt(2 * block, 2 * block + 3, 0);
    list.add(2 * block, 2 * block + 3, startNs, startNs + 100);
    return startNs;
  });
  assert.equal(starts, [0, 100, 0, 100, 0, 100]);
});

test("up to 6.6 a range also waits for one that ends where it begins, but not for one that begins where it ends", () => {
  const list = new AcceptingList(true);
  list.add(3, 6, 0, 100);
  assert.is(list.freeAt(6, 9, 0), 100);
  assert.is(list.freeAt(0, 3, 0), 0);
  assert.is(list.freeAt(7, 9, 0), 0);
});

test("what is over is dropped, what is not stays", () => {
  const list = new AcceptingList(false);
  list.add(0, 3, 0, 100);
  list.add(3, 6, 0, 101);
  list.forget(100);
  assert.is(list.size, 1);
  assert.is(list.freeAt(5, 6, 100), 101);
});

test("more ranges than CPUs ever were are kept", () => {
  const list = new AcceptingList(false);
  for (let unit = 0; unit < 500; unit++) list.add(unit, unit + 1, 0, 1000 + unit);
  assert.is(list.freeAt(499, 500, 0), 1499);
  assert.is(list.freeAt(63, 65, 0), 1064);
});

test("a CPU that accepts range after range in one step looks at few of them", () => {
  const list = new AcceptingList(false);
  const startNs = process.hrtime.bigint();
  for (let unit = 0; unit < 100_000; unit++) {
    assert.is(list.freeAt(unit, unit + 1, unit), unit);
    list.add(unit, unit + 1, unit, unit + 1);
  }
  assert.is(list.size, 100_000);
  // A few milliseconds; looking at all of them takes ten seconds.
  assert.ok(process.hrtime.bigint() - startNs < 2_000_000_000n);
});

const request = fc.record({
  gapNs: fc.nat(40),
  first: fc.nat(20),
  units: fc.integer({ min: 1, max: 6 }),
  acceptNs: fc.integer({ min: 1, max: 60 }),
});

test("any requests in the order of time: each starts at the first nanosecond that is free", () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 25 }), fc.boolean(), (requests, touching) => {
      const list = new AcceptingList(touching);
      const flights: { first: number; end: number; startNs: number; endNs: number }[] = [];
      let nowNs = 0;
      for (const { gapNs, first, units, acceptNs } of requests) {
        nowNs += gapNs;
        list.forget(nowNs);
        const end = first + units;
        const blockedAt = (timeNs: number): boolean =>
          flights.some((flight) => {
            if (timeNs < flight.startNs || timeNs >= flight.endNs) return false;
            for (let unit = flight.first; unit < flight.end; unit++)
              if (unit >= first && unit < end) return true;
            return touching && flight.end === first;
          });
        let expected = nowNs;
        while (blockedAt(expected)) expected++;
        assert.is(list.freeAt(first, end, nowNs), expected);
        const flight = { first, end, startNs: expected, endNs: expected + acceptNs };
        flights.push(flight);
        list.add(flight.first, flight.end, flight.startNs, flight.endNs);
      }
    }),
    { numRuns: 200 },
  );
});

test.run();
