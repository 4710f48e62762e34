import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createPlatform } from "../../src/coco/create-platform.js";
import type { PlatformKind } from "../../src/coco/platform.js";
import { TdxPlatform } from "../../src/coco/tdx/tdx-platform.js";
import { GuestMemory } from "../../src/host/guest-memory.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GiB, KiB, MiB } from "../../src/units.js";

const test = suite("host: guest memory");

/** What the host spends after a guest of 64 GiB accepted its first `acceptedBytes`. */
function afterAccepting(kind: PlatformKind, acceptedBytes: number, pageSizeBytes = 4 * KiB): GuestMemory {
  const platform = createPlatform(kind, new CostLedger(), { pageSizeBytes, prefault: false });
  const memory = new GuestMemory(platform, 64 * GiB, pageSizeBytes);
  platform.kernelAccept(0, acceptedBytes);
  return memory;
}

test("TDX: accepted pages, tables twice (secure EPT and KVM's mirror) and PAMT", () => {
  const tables = 2 * (2048 + 4 + 1) * 4 * KiB;
  assert.equal(afterAccepting("tdx", 4 * GiB).use(), {
    privateBytes: 4 * GiB,
    sharedBytes: 0,
    tableBytes: tables,
    metadataBytes: 268_963_840,
  });
  assert.is(afterAccepting("tdx", 4 * GiB).hostBytes, 4 * GiB + tables + 268_963_840);
});

test("TDX: a lazy guest that accepted 4 of 64 GiB saves 60 GiB and, in the secure EPT alone, 120 MiB", () => {
  const [all, lazy] = [afterAccepting("tdx", 64 * GiB).use(), afterAccepting("tdx", 4 * GiB).use()];
  assert.is(all.privateBytes - lazy.privateBytes, 60 * GiB);
  assert.is(((all.tableBytes - lazy.tableBytes) / 2 / MiB).toFixed(0), "120");
  assert.is(all.metadataBytes, lazy.metadataBytes);
});

test("TDX: pages that the host gave ahead count, accepted or not", () => {
  const platform = new TdxPlatform(new CostLedger(), 4 * KiB);
  const memory = new GuestMemory(platform, GiB, 4 * KiB);
  platform.sept.augment(0, 512);
  assert.is(memory.use().privateBytes, 2 * MiB);
  platform.kernelAccept(0, 2 * MiB);
  assert.is(memory.use().privateBytes, 2 * MiB);
});

test("SNP: accepted pages, nested tables and 1/256 for the reverse map table", () => {
  assert.equal(afterAccepting("snp", 4 * GiB).use(), {
    privateBytes: 4 * GiB,
    sharedBytes: 0,
    tableBytes: (2048 + 4 + 1) * 4 * KiB,
    metadataBytes: GiB / 4,
  });
});

test("a plain guest costs what it touches and the tables to map it", () => {
  const memory = afterAccepting("none", 4 * GiB);
  assert.is(memory.hostBytes, 0);
  memory.touch(GiB);
  memory.touch(4 * KiB);
  assert.equal(memory.use(), {
    privateBytes: 0,
    sharedBytes: GiB + 4 * KiB,
    tableBytes: (512 + 1 + 2 + 1) * 4 * KiB,
    metadataBytes: 0,
  });
});

test("on 2 MiB host pages touched memory is backed in those, with fewer tables", () => {
  const memory = afterAccepting("none", 0, 2 * MiB);
  memory.touch(3 * MiB);
  assert.is(memory.use().sharedBytes, 4 * MiB);
  assert.is(memory.use().tableBytes, 2 * 4 * KiB);
});

test("shared memory comes on top of private memory", () => {
  const memory = afterAccepting("snp", 4 * MiB);
  const before = memory.hostBytes;
  memory.touch(2 * MiB);
  assert.is(memory.hostBytes - before, 2 * MiB + 3 * 4 * KiB);
});

test("nothing is given back, so the peak is the present", () => {
  const memory = afterAccepting("tdx", 4 * MiB);
  memory.touch(8 * KiB);
  assert.is(memory.hostBytesPeak, memory.hostBytes);
});

test.run();
