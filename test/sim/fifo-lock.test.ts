import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FifoLock } from "../../src/sim/fifo-lock.js";

const test = suite("sim: FIFO lock");

test("a free lock is granted at once", () => {
  const lock = new FifoLock();
  assert.is(lock.acquire(5), 5);
  lock.release(8);
  assert.is(lock.acquire(20), 20);
});

test("a lock in use is granted when it is let go", () => {
  const lock = new FifoLock();
  lock.acquire(0);
  lock.release(100);
  assert.is(lock.acquire(5), 100);
  lock.release(150);
  assert.is(lock.acquire(6), 150);
});

test("any requests: granted in the order of asking, one at a time, never early, never late", () => {
  const request = fc.record({ gapNs: fc.nat(50), holdNs: fc.nat(50) });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 30 }), (requests) => {
      const lock = new FifoLock();
      let askedNs = 0;
      let freeNs = 0;
      for (const { gapNs, holdNs } of requests) {
        askedNs += gapNs;
        const granted = lock.acquire(askedNs);
        assert.ok(granted >= askedNs && granted >= freeNs);
        assert.ok(granted === askedNs || granted === freeNs, "no time is lost");
        freeNs = granted + holdNs;
        lock.release(freeNs);
      }
    }),
    { numRuns: 200 },
  );
});

test.run();
