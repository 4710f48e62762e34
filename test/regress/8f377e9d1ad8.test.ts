import { suite } from "uvu";
import * as assert from "uvu/assert";
import { waitsOf } from "../results/waits.js";
import { beforeAndAfter } from "./guests.js";

/**
 * "mm: accept memory in __alloc_pages_bulk()". A bulk request found no page in a zone that had accepted
 * too little, and each of its pages was then asked for alone.
 */
const test = suite("regress: 8f377e9d1ad8");

test("where little is accepted, another request of the boot waits, and none so long", () => {
  const [before, after] = beforeAndAfter(["6.11", "6.12.0"], "memory=4GiB", "firmware.preAcceptLimit=256MiB");
  // The higher target, which came with the same release, alone would leave 8.
  assert.equal([waitsOf(before!).count, waitsOf(after!).count], [8, 9]);
});

test.run();
