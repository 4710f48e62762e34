import { suite } from "uvu";
import * as assert from "uvu/assert";
import { waitsOf } from "../results/waits.js";
import { beforeAndAfter } from "./guests.js";

/**
 * "mm: accept to promo watermark". A kernel that accepts for an allocation accepts up to a higher mark.
 */
const test = suite("regress: 5118e3d1bc13");

test("an idle guest has more memory accepted, and waits no more often", () => {
  const [before, after] = beforeAndAfter(["6.11", "6.12.0"], "memory=4GiB");
  assert.is(after!.acceptedBytes - before!.acceptedBytes, 8 * 2 ** 20);
  assert.is(waitsOf(after!).count, waitsOf(before!).count);
  assert.ok(waitsOf(after!).totalNs > waitsOf(before!).totalNs);
});

test.run();
