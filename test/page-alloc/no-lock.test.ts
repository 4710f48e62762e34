import { suite } from "uvu";
import * as assert from "uvu/assert";
import { asPage } from "../../src/units.js";
import { LINUX_7_3 } from "../linux/releases.js";
import { lazyZone } from "../regress/machine.js";
import { allocPfn, GFP_HIGHUSER_MOVABLE, GFP_KERNEL, oneZone } from "./machine.js";

const test = suite("page-alloc: where no lock may be waited for");

test("an allocation takes what is accepted, and never accepts", () => {
  const { a, accepted } = lazyZone(LINUX_7_3, 1, 4);
  a.zones[0]!.watermark.set([0, 500, 600, 700]);
  let pages = 0;
  while (a.allocPagesNoLock(0, 0, 0, 0) >= 0) pages++;
  // It goes down to the min watermark, of which unaccepted pages are part.
  assert.equal([pages, accepted], [1024, []]);
  assert.ok(allocPfn(a, GFP_KERNEL, 0) >= 0);
  assert.ok(accepted.length > 0);
});

test("it stops at the min watermark, which others that may not wait go below", () => {
  const a = oneZone(1, { rules: LINUX_7_3 });
  a.zones[0]!.watermark.set([1000, 1000, 1000, 1000]);
  let pages = 0;
  while (a.allocPagesNoLock(0, 0, 0, 0) >= 0) pages++;
  assert.is(pages, 24);
  assert.ok(allocPfn(a, 0x820, 0) >= 0);
});

test("orders that the lists of a CPU do not hold are refused, and all while struct pages are initialised", () => {
  const a = oneZone(2, { rules: LINUX_7_3 });
  assert.equal(
    [0, 3, 4, 8, 9, 10].map((order) => a.allocPagesNoLock(0, order, 0, 0) >= 0),
    [true, true, false, false, true, false],
  );
  a.growZone = () => true;
  assert.is(a.allocPagesNoLock(0, 0, 0, 0), -1);
});

test("a free leaves more on the lists than they may hold, and the next ordinary one drains them", () => {
  const a = oneZone(2, { rules: LINUX_7_3 });
  const pcp = a.zones[0]!.pcp[0]!;
  const pages = Array.from({ length: 40 }, () => a.allocPages(GFP_HIGHUSER_MOVABLE, 0, 0, 0));
  Object.assign(pcp, { batch: 4, highMin: 16, highMax: 16 });
  const held = pcp.count;
  for (const page of pages.slice(1)) a.freePagesNoLock(asPage(page), 0, 0);
  assert.is(pcp.count, held + 39);
  a.freePages(asPage(pages[0]!), 0, 0);
  assert.ok(pcp.count < held + 40);
});

test.run();
