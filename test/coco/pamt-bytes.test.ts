import { suite } from "uvu";
import * as assert from "uvu/assert";
import { dynamicPamtBytes, pamtBytes, pamtRefcountBytes } from "../../src/coco/tdx/pamt.js";
import { GiB, KiB, MiB } from "../../src/units.js";

const test = suite("coco: metadata");

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

test("PAMT grows by whole pages of each of its tables", () => {
  assert.is(pamtBytes(4 * KiB), 3 * 4 * KiB);
  assert.is(pamtBytes(2 * MiB), 8 * KiB + 4 * KiB + 4 * KiB);
  assert.is(pamtBytes(2 * MiB + 4 * KiB), 12 * KiB + 4 * KiB + 4 * KiB);
});

test("dynamic PAMT of 1 GiB starts with a bitmap of 32 KiB, 8 KiB and 4 KiB, 0.004 %", () => {
  assert.is(dynamicPamtBytes(GiB), 32 * KiB + 8 * KiB + 4 * KiB);
  assert.is(((100 * dynamicPamtBytes(GiB)) / GiB).toFixed(3), "0.004");
});

test("dynamic PAMT of 64 GiB starts with 2564 KiB, a hundredth", () => {
  assert.is(dynamicPamtBytes(64 * GiB), 2 * MiB + 512 * KiB + 4 * KiB);
  assert.is(Math.round(pamtBytes(64 * GiB) / dynamicPamtBytes(64 * GiB)), 102);
});

test("the bitmap of dynamic PAMT takes whole pages", () => {
  assert.is(dynamicPamtBytes(128 * MiB + 4 * KiB), 8 * KiB + 4 * KiB + 4 * KiB);
});

test("counters of dynamic PAMT take 2 MiB for each TiB of addresses, 8 GiB for 52 bits of them", () => {
  assert.is(pamtRefcountBytes(1024 * GiB), 2 * MiB);
  assert.is(pamtRefcountBytes(4096 * 1024 * GiB), 8 * GiB);
  assert.is(pamtRefcountBytes(2 * GiB + 4 * KiB), 8 * KiB);
});

test("256 GB of host take 1.02 GB, or 0.01 dynamically, 8.01 where addresses end at 52 bits; 2 TB 8.19, 0.08, 8.08", () => {
  // Published with 0.4 % for all static tables, and binary.
  const inGB = (bytes: number): string => (bytes / GiB).toFixed(2);
  const all = pamtRefcountBytes(4096 * 1024 * GiB);
  for (const [hostGiB, published, dynamic, widest] of [
    [256, 1.02, "0.01", "8.01"],
    [2048, 8.19, "0.08", "8.08"],
  ] as const) {
    assert.ok(Math.abs(pamtBytes(hostGiB * GiB) / GiB / published - 1) < 0.025);
    const tables = dynamicPamtBytes(hostGiB * GiB);
    assert.is(inGB(tables + pamtRefcountBytes(hostGiB * GiB)), dynamic);
    assert.is(inGB(tables + all), widest);
  }
});

test.run();
