import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PlatformOptions } from "../../src/coco/platform.js";
import { SnpPlatform } from "../../src/coco/snp/snp-platform.js";
import { GuestMemory } from "../../src/host/guest-memory.js";
import { Memblock } from "../../src/memblock/memblock.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { asPhys, GiB, KiB, MiB, physRange } from "../../src/units.js";
import { EarlyMap } from "../../src/x86/early-map.js";
import { allocRuntimeData, shareGhcbPages } from "../../src/x86/ghcb-pages.js";
import { setMemoryShared } from "../../src/x86/set-memory-shared.js";
import { TablePages } from "../../src/x86/table-pages.js";
import { counts } from "../coco/counts.js";

const test = suite("early-map: shared pages");

const OWN_PAGES = { svsm: false, decryptedSection: false };

/** A guest of 2 GiB whose memblock accepts what it gives away. */
function guest(options: Partial<PlatformOptions> = {}): {
  memblock: Memblock;
  memory: GuestMemory;
  platform: SnpPlatform;
  ledger: CostLedger;
} {
  const ledger = new CostLedger();
  const platform = new SnpPlatform(ledger, { pageSizeBytes: 2 * MiB, prefault: false, ...options });
  platform.firmwareAccept(0, 2 * GiB);
  ledger.counts.fill(0);
  const memblock = new Memblock();
  memblock.add(MiB, 2 * GiB - MiB);
  memblock.currentLimit = 2 * GiB;
  return { memblock, memory: new GuestMemory(platform, 2 * GiB, 4 * KiB), platform, ledger };
}

/** A direct map of the guest that needs no splits. */
function fineMap(memblock: Memblock): EarlyMap {
  const early = new EarlyMap(new TablePages(memblock));
  early.tables.leaveHead64({ start: 0, end: 0 });
  early.map.map({ start: 0, end: 2 * GiB, pageSize: 4 * KiB });
  return early;
}

test("a bounce buffer of 64 MiB on 2 MiB entries is 32 PVALIDATEs in one request, and gives 64 MiB back", () => {
  const { memblock, memory, platform, ledger } = guest();
  const before = memory.hostBytes;
  const clock = new GuestClock(new VirtualCpus(1), new CostLedger());
  const pool = physRange(asPhys(128 * MiB), 64 * MiB);
  setMemoryShared(pool, { platform, host: memory, clock }, fineMap(memblock), 1);
  const { vmgexitPsc, pvalidate2m, rmpupdateShared, psmash } = counts(ledger);
  assert.equal([vmgexitPsc, pvalidate2m, rmpupdateShared, psmash], [1, 32, 32, undefined]);
  assert.is(before - memory.hostBytes, 64 * MiB);
  assert.is(platform.usableBytesIn(0, 2 * GiB), 2 * GiB);
});

test("one that lies a page too high splits the entry at either end", () => {
  const { memblock, memory, platform, ledger } = guest();
  const clock = new GuestClock(new VirtualCpus(1), new CostLedger());
  const pool = physRange(asPhys(128 * MiB + 4 * KiB), 64 * MiB);
  setMemoryShared(pool, { platform, host: memory, clock }, fineMap(memblock), 1);
  const { psmash, pvalidate2m, pvalidate4k } = counts(ledger);
  assert.equal([psmash, pvalidate2m, pvalidate4k], [2, 31, 512]);
});

test("each CPU has two pages and 16 bytes for its GHCB, on page boundaries", () => {
  const { memblock } = guest();
  const { pages } = allocRuntimeData(memblock, [0, 0, 0], OWN_PAGES, fineMap(memblock));
  assert.equal(pages, [2 * GiB - 12 * KiB, 2 * GiB - 24 * KiB, 2 * GiB - 36 * KiB]);
  assert.is(memblock.reservedSize(), 3 * (8 * KiB + 16));
});

test("below an SVSM a calling area of a page comes with it", () => {
  const { memblock } = guest();
  allocRuntimeData(memblock, [0, 0], { ...OWN_PAGES, svsm: true }, fineMap(memblock));
  assert.is(memblock.reservedSize(), 2 * (12 * KiB + 16));
});

test("GHCB pages are shared one by one: a page of the host each, one split entry for all", () => {
  const { memblock, memory, ledger } = guest();
  const pages = allocRuntimeData(memblock, [0, 0, 0, 0], OWN_PAGES, fineMap(memblock));
  const privateBefore = memory.use().privateBytes;
  shareGhcbPages(pages, memory);
  const { vmgexitPsc, pvalidate4k, psmash, rmpupdateShared } = counts(ledger);
  assert.equal([vmgexitPsc, pvalidate4k, psmash, rmpupdateShared], [4, 4, 1, 4]);
  assert.is(memory.use().sharedBytes, 16 * KiB);
  assert.is(privateBefore - memory.use().privateBytes, 16 * KiB);
});

test.run();
