import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type SnpOptions, SnpPlatform } from "../../src/coco/snp/snp-platform.js";
import { EarlyMap } from "../../src/early-map/early-map.js";
import { allocRuntimeData, shareGhcbPages } from "../../src/early-map/ghcb-pages.js";
import { convertBounceBuffer } from "../../src/early-map/swiotlb-conversion.js";
import { TablePages } from "../../src/early-map/table-pages.js";
import { GuestMemory } from "../../src/host/guest-memory.js";
import { Memblock } from "../../src/memblock/memblock.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { counts } from "../coco/counts.js";

const test = suite("early-map: shared pages");

/** A guest of 2 GiB whose memblock accepts what it gives away. */
function guest(options: Partial<SnpOptions> = {}): {
  memblock: Memblock;
  memory: GuestMemory;
  platform: SnpPlatform;
  ledger: CostLedger;
} {
  const ledger = new CostLedger();
  const platform = new SnpPlatform(ledger, { hostPageSizeBytes: 2 * MiB, prefault: false, ...options });
  platform.firmwareAccept(0, 2 * GiB);
  ledger.counts.fill(0);
  const memblock = new Memblock();
  memblock.add(MiB, 2 * GiB - MiB);
  memblock.currentLimit = 2 * GiB;
  return { memblock, memory: new GuestMemory(platform, 2 * GiB, 4 * KiB), platform, ledger };
}

/** A direct map of the guest that needs no splits. */
function fineMap(memblock: Memblock): EarlyMap {
  const early = new EarlyMap(new TablePages(memblock, { start: 0, end: 0 }));
  early.map.map({ start: 0, end: 2 * GiB, pageSize: 4 * KiB });
  return early;
}

test("a bounce buffer of 64 MiB on 2 MiB entries is 32 PVALIDATEs in one request, and gives 64 MiB back", () => {
  const { memory, platform, ledger } = guest();
  const before = memory.hostBytes;
  convertBounceBuffer({ start: 128 * MiB, end: 192 * MiB }, memory);
  const { vmgexitPsc, pvalidate2m, rmpupdateShared, psmash } = counts(ledger);
  assert.equal([vmgexitPsc, pvalidate2m, rmpupdateShared, psmash], [1, 32, 32, undefined]);
  assert.is(before - memory.hostBytes, 64 * MiB);
  assert.is(platform.usableBytesIn(0, 2 * GiB), 2 * GiB);
});

test("one that lies a page too high splits the entry at either end", () => {
  const { memory, ledger } = guest();
  convertBounceBuffer({ start: 128 * MiB + 4 * KiB, end: 192 * MiB + 4 * KiB }, memory);
  const { psmash, pvalidate2m, pvalidate4k } = counts(ledger);
  assert.equal([psmash, pvalidate2m, pvalidate4k], [2, 31, 512]);
});

test("without a buffer nothing happens", () => {
  const { memory, ledger } = guest();
  convertBounceBuffer(undefined, memory);
  assert.equal(counts(ledger), {});
});

test("each CPU has two pages and 16 bytes for its GHCB, on page boundaries", () => {
  const { memblock } = guest();
  const pages = allocRuntimeData(memblock, [0, 0, 0], false, fineMap(memblock));
  assert.equal(pages, [2 * GiB - 12 * KiB, 2 * GiB - 24 * KiB, 2 * GiB - 36 * KiB]);
  assert.is(memblock.reservedSize(), 3 * (8 * KiB + 16));
});

test("below an SVSM a calling area of a page comes with it", () => {
  const { memblock } = guest();
  allocRuntimeData(memblock, [0, 0], true, fineMap(memblock));
  assert.is(memblock.reservedSize(), 2 * (12 * KiB + 16));
});

test("GHCB pages are shared one by one: a page of the host each, one split entry for all", () => {
  const { memblock, memory, ledger } = guest();
  const pages = allocRuntimeData(memblock, [0, 0, 0, 0], false, fineMap(memblock));
  const privateBefore = memory.use().privateBytes;
  shareGhcbPages(pages, memory);
  const { vmgexitPsc, pvalidate4k, psmash, rmpupdateShared } = counts(ledger);
  assert.equal([vmgexitPsc, pvalidate4k, psmash, rmpupdateShared], [4, 4, 1, 4]);
  assert.is(memory.use().sharedBytes, 16 * KiB);
  assert.is(privateBefore - memory.use().privateBytes, 16 * KiB);
});

test.run();
