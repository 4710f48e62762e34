import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { hypervolume, paretoFront, type TradeOff } from "../../src/study/pareto.js";

const test = suite("study: Pareto front");

const at = (x: number, y: number): TradeOff => ({ x, y });
const candidates = fc.array(
  fc.record({ x: fc.integer({ min: 0, max: 12 }), y: fc.integer({ min: 0, max: 12 }) }),
  {
    maxLength: 20,
  },
);

test("keeps what nothing else beats, by rising x", () => {
  const front = paretoFront([at(3, 1), at(1, 4), at(2, 2), at(3, 3), at(2, 4)]);
  assert.equal(front, [at(1, 4), at(2, 2), at(3, 1)]);
});

test("of equals the first stays, and no candidates have no front", () => {
  const first = at(1, 1);
  assert.is(paretoFront([first, at(1, 1)])[0], first);
  assert.is(paretoFront([first, at(1, 1)]).length, 1);
  assert.equal(paretoFront([]), []);
});

test("a candidate is on the front exactly if no other one dominates it", () => {
  fc.assert(
    fc.property(candidates, (all) => {
      const front = paretoFront(all);
      for (const one of all) {
        const dominated = all.some(({ x, y }) => x <= one.x && y <= one.y && (x < one.x || y < one.y));
        const listed = front.some(({ x, y }) => x === one.x && y === one.y);
        if (listed === dominated) return false;
      }
      return true;
    }),
  );
});

test("the hypervolume is the number of unit squares that the front dominates", () => {
  assert.is(hypervolume([at(1, 4), at(2, 2), at(3, 1)], at(5, 5)), 4 * 1 + 3 * 2 + 2 * 1);
  fc.assert(
    fc.property(candidates, fc.integer({ min: 0, max: 12 }), (all, edge) => {
      let squares = 0;
      for (let x = 0; x < edge; x++) {
        for (let y = 0; y < edge; y++) if (all.some((one) => one.x <= x && one.y <= y)) squares++;
      }
      return hypervolume(all, at(edge, edge)) === squares;
    }),
  );
});

test.run();
