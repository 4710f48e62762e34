import { suite } from "uvu";
import * as assert from "uvu/assert";
import { rmpBytes } from "../../src/coco/snp/rmp.js";
import { GiB, KiB, MiB, TiB } from "../../src/units.js";

const test = suite("coco: reverse map table");

/** What hosts say at boot: first and last byte of the table ("RMP table physical range"), and what it covers. */
const SEEN = [
  { issue: "AMDESE/AMDSEV 271", first: 0x88900000, last: 0xa8efffff, tableMiB: 518, coveredGiB: "129.496" },
  {
    issue: "AMDESE/AMDSEV 97",
    first: 0x1fe4f500000,
    last: 0x2004fafffff,
    tableMiB: 8198,
    coveredGiB: "2049.496",
  },
] as const;

/** The processor's own bookkeeping in front of the entries. */
const BOOKKEEPING = 16 * KiB;

for (const { issue, first, last, tableMiB, coveredGiB } of SEEN) {
  test(`${issue}: a table of ${tableMiB} MiB covers ${coveredGiB} GiB`, () => {
    const tableBytes = last + 1 - first;
    assert.is(tableBytes, tableMiB * MiB);
    const coveredBytes = ((tableBytes - BOOKKEEPING) / 16) * 4 * KiB;
    assert.is((coveredBytes / GiB).toFixed(3), coveredGiB);
    assert.is(rmpBytes(coveredBytes) + BOOKKEEPING, tableBytes);
  });
}

test("the share of a guest is 1/256 of its memory, whatever the size of its entries", () => {
  assert.equal([rmpBytes(2 * MiB), rmpBytes(64 * GiB), rmpBytes(TiB)], [8 * KiB, 256 * MiB, 4 * GiB]);
});

test.run();
