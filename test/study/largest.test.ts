import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { largestWith } from "../../src/study/largest.js";

const test = suite("study: the largest that holds");

test("is found wherever the border is, in few tries", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4096 }), async (border) => {
      let tries = 0;
      const found = await largestWith(1, 4096, 1, async (size) => {
        tries++;
        return size <= border;
      });
      assert.is(found.holds, border);
      assert.is(found.fails, border === 4096 ? undefined : border + 1);
      assert.is(found.tries, tries);
      assert.ok(tries <= 26);
    }),
  );
});

test("is none when not even the smallest holds", async () => {
  assert.equal(await largestWith(4, 64, 4, async () => false), { fails: 4, tries: 1 });
});

test("is a multiple of the step", async () => {
  const found = await largestWith(4, 1024, 4, async (size) => size <= 101);
  assert.equal(found, { holds: 100, fails: 104, tries: found.tries });
});

test.run();
