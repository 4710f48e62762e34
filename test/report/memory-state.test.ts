import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatMemoryState } from "../../src/report/memory-state.js";
import { GiB, MiB } from "../../src/units.js";

const test = suite("report: memory after an accept");

const EARLY = { n: 1, atNs: 7_000_000, freeLists: [], unaccepted: [], bitmap: [], host: [] } as const;

test("before the page allocator has memory there is no table of free blocks", () => {
  const text = formatMemoryState({ ...EARLY, bitmap: [[4 * GiB, 5 * GiB]] });
  assert.match(text, "0x100000000 to 0x140000000, 1 GiB");
  assert.match(text, /no page allocator has memory yet\n$/);
  assert.not.match(text, /undefined|node/);
});

test("free blocks stand by zone, type and order", () => {
  const blocks = [5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17];
  const list = { node: 0, zone: "Normal", migratetype: "Movable", blocks };
  const text = formatMemoryState({ ...EARLY, freeLists: [list], host: [[0, 2 * MiB]] });
  assert.match(text, /^ +0 +Normal +Movable +5 +(?:0 +){9}17$/m);
});

test.run();
