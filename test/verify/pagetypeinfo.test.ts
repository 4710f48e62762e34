import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compareFreeTypes, freeByType } from "../../src/verify/pagetypeinfo.js";
import { ProcTally } from "../../src/verify/proc.js";
import { allocPfn, GFP_KERNEL, oneZone } from "../page-alloc/machine.js";

const test = suite("verify: free blocks by type");

/** As Linux 7.3 with CONFIG_CMA prints it. */
function printed(unmovable: string, movable: string): string {
  const none = "      0      0      0      0      0      0      0      0      0      0      0 ";
  const line = (type: string, counts: string): string =>
    `Node    0, zone   Normal, type ${type.padStart(12)} ${counts}\n`;
  return (
    "Page block order: 9\nPages per block:  512\n\n" +
    "Free pages count per migrate type at order       0      1      2      3      4      5      6      7      8      9     10 \n" +
    line("Unmovable", unmovable) +
    line("Movable", movable) +
    ["Reclaimable", "HighAtomic", "CMA", "Isolate"].map((type) => line(type, none)).join("") +
    "\nNumber of blocks type     Unmovable      Movable  Reclaimable   HighAtomic          CMA      Isolate \n" +
    "Node 0, zone   Normal            2           14            0            0            0            0 \n"
  );
}

const UNMOVABLE = "     0      0      0      0      1      1      1      1      1      1      0 ";
const MOVABLE = "     0      0      0      0      0      0      0      0      0      0      7 ";

test("counts by type and order; beyond 100000 it is not counted", () => {
  const counts = freeByType(printed(UNMOVABLE, `>100000${MOVABLE.slice(6)}`));
  assert.is(counts.size, 6 * 11);
  assert.is(counts.get("node 0 zone Normal type Movable order 10"), 7);
  assert.is(counts.get("node 0 zone Normal type Movable order 0"), 100_000);
  assert.is(counts.get("node 0 zone Normal type CMA order 3"), 0);
});

test("a line that no kernel prints, and a file that is cut", () => {
  const text = printed(UNMOVABLE, MOVABLE);
  assert.throws(() => freeByType(text.replace("HighAtomic  ", "HighAtomik  ")), "a type and 11 counts");
  assert.throws(() => freeByType(printed(`${UNMOVABLE}   1 `, MOVABLE)), "a type and 11 counts");
  assert.throws(() => freeByType(text.slice(0, text.indexOf("Number of"))), "blocks by type, which end it");
});

test("the model's lists beside it", () => {
  const allocator = oneZone(8);
  allocPfn(allocator, GFP_KERNEL, 4);
  const tallyOf = (movable: string, wentOn = false): ProcTally => {
    const tally = new ProcTally();
    compareFreeTypes(tally, allocator, freeByType(printed(UNMOVABLE, movable)), () => wentOn);
    return tally;
  };
  const { compared, equal } = tallyOf(MOVABLE);
  assert.equal([compared, equal], [66, 66]);
  const other = MOVABLE.replace("7 ", "8 ");
  assert.is(tallyOf(other).equal, 65);
  assert.is(
    tallyOf(other).firstDivergence!.context,
    "/proc/pagetypeinfo: node 0 zone Normal type Movable order 10",
  );
  const later = tallyOf(other, true);
  assert.equal([later.compared, later.equal, later.readElsewhen], [65, 65, 1]);
});

test.run();
