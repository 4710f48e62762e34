import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ZoneType } from "../../src/mm/zones.js";
import { Gfp } from "../../src/page-alloc/gfp.js";
import type { Zone } from "../../src/page-alloc/zone.js";
import { Zonelists } from "../../src/page-alloc/zonelists.js";

const test = suite("numbers of nodes");

/** Where requests of a CPU of a node look, on a machine whose nodes with memory have a zone each. */
function nodesTried(nodeIds: readonly number[], nodeId: number, gfp = 0): number[] {
  const zones = nodeIds.map(
    (id, index) => ({ nodeId: id, index, type: ZoneType.NORMAL, presentPages: 1, rules: {} }) as Zone,
  );
  const places = nodeIds.map((_, place) => place);
  const lists = new Zonelists(zones, {
    zonelists: places.map((place) => [place, ...places.filter((other) => other !== place)]),
    nodeZonelists: places.map((place) => [place]),
  });
  return lists.context(gfp, nodeId).zonelist.map((zone) => zone.nodeId);
}

test("nodes have their own lists where there are gaps between their numbers", () => {
  assert.equal(nodesTried([1, 3], 1), [1, 3]);
  assert.equal(nodesTried([1, 3], 3), [3, 1]);
  assert.equal(nodesTried([0, 2], 2, Gfp.THISNODE), [2]);
  assert.equal(nodesTried([5], 5), [5]);
});

test("CPUs of a node without memory begin with the next node, or with the lowest", () => {
  assert.equal(nodesTried([0, 2, 3], 1), [2, 0, 3]);
  assert.equal(nodesTried([0, 2, 3], 4), [0, 2, 3]);
  assert.equal(nodesTried([0, 2, 3], 1, Gfp.THISNODE), []);
});

test.run();
