import { suite } from "uvu";
import * as assert from "uvu/assert";
import { pamtBytes } from "../../src/host/pamt.js";
import { rmpBytes } from "../../src/host/rmp.js";
import { GiB, KiB, MiB } from "../../src/units.js";

const test = suite("host: metadata");

test("PAMT of 1 GiB takes 4206592 bytes, 1/255.25", () => {
  assert.is(pamtBytes(GiB), 4_206_592);
  assert.is((GiB / pamtBytes(GiB)).toFixed(2), "255.25");
});

test("PAMT of 64 GiB takes 268963840 bytes", () => {
  assert.is(pamtBytes(64 * GiB), 268_963_840);
});

test("PAMT of a host with regions of 2 and 30 GiB", () => {
  assert.is(pamtBytes(2 * GiB), 8 * MiB + 16 * KiB + 4 * KiB);
  assert.is(pamtBytes(30 * GiB), 120 * MiB + 240 * KiB + 4 * KiB);
});

test("the reverse map table takes 1/256", () => {
  assert.is(rmpBytes(64 * GiB), GiB / 4);
});

test("tables seen on hosts, 16 KiB of them bookkeeping, cover 129.496 and 2049.496 GiB", () => {
  for (const [tableBytes, coveredGiB] of [
    [518 * MiB, 129.496],
    [8198 * MiB, 2049.496],
  ] as const) {
    const coveredBytes = ((tableBytes - 16 * KiB) / 16) * 4 * KiB;
    assert.is((coveredBytes / GiB).toFixed(3), coveredGiB.toFixed(3));
    assert.is(rmpBytes(coveredBytes) + 16 * KiB, tableBytes);
  }
});

test.run();
