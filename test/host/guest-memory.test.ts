import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PlatformKind } from "../../src/coco/platforms.js";
import { SnpPlatform } from "../../src/coco/snp/snp-platform.js";
import { TdxPlatform } from "../../src/coco/tdx/tdx-platform.js";
import { GuestMemory, hostBytes } from "../../src/host/guest-memory.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { asPhys, GiB, KiB, MiB } from "../../src/units.js";
import { makePlatform } from "../coco/make-platform.js";
import { runBoot } from "../guest/run-boot.js";

const test = suite("host: guest memory");

const NOTHING = { privateBytes: 0, keptBytes: 0, sharedBytes: 0, bitmapBytes: 0, directMapBytes: 0 };

/** What the host spends after a guest of 64 GiB accepted its first `acceptedBytes`. */
function afterAccepting(kind: PlatformKind, acceptedBytes: number, pageSizeBytes = 4 * KiB): GuestMemory {
  const platform = makePlatform(kind, new CostLedger(), { pageSizeBytes, prefault: false });
  const memory = new GuestMemory(platform, 64 * GiB, pageSizeBytes);
  platform.kernelAccept(0, acceptedBytes);
  return memory;
}

test("TDX: accepted pages, tables twice (secure EPT and KVM's mirror) and PAMT", () => {
  const tables = 2 * (2048 + 4 + 1) * 4 * KiB;
  assert.equal(afterAccepting("tdx", 4 * GiB).use(), {
    ...NOTHING,
    privateBytes: 4 * GiB,
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

test("TDX: with dynamic PAMT a lazy guest pays for the 4 of 64 GiB it has accepted, and nothing for 2 MiB pages", () => {
  for (const [pageSizeBytes, pairBytes] of [
    [4 * KiB, 16 * MiB],
    [2 * MiB, 0],
  ] as const) {
    const platform = makePlatform("tdx", new CostLedger(), { pageSizeBytes, dynamicPamt: true });
    const memory = new GuestMemory(platform, 64 * GiB, pageSizeBytes);
    assert.is(memory.use().metadataBytes, 2 * MiB + 512 * KiB + 4 * KiB + 128 * KiB);
    platform.kernelAccept(0, 4 * GiB);
    assert.is(memory.use().metadataBytes, 2 * MiB + 512 * KiB + 4 * KiB + 128 * KiB + pairBytes);
    memory.share(asPhys(GiB), asPhys(2 * GiB));
    assert.is(memory.use().metadataBytes, 2 * MiB + 512 * KiB + 4 * KiB + 128 * KiB + (pairBytes * 3) / 4);
  }
});

test("TDX: a bounce buffer is given back, and its 4 KiB tables stay", () => {
  const memory = afterAccepting("tdx", 4 * GiB);
  const before = memory.use();
  memory.share(asPhys(GiB), asPhys(GiB + 64 * MiB));
  assert.equal(memory.use(), { ...before, privateBytes: 4 * GiB - 64 * MiB });
});

test("TDX: pages that the host gave ahead count, accepted or not", () => {
  const platform = new TdxPlatform(new CostLedger(), { pageSizeBytes: 4 * KiB });
  const memory = new GuestMemory(platform, GiB, 4 * KiB);
  platform.sept.augment(0, 512);
  assert.is(memory.use().privateBytes, 2 * MiB);
  platform.kernelAccept(0, 2 * MiB);
  assert.is(memory.use().privateBytes, 2 * MiB);
});

test("SNP: accepted pages, nested tables and 1/256 for the reverse map table", () => {
  assert.equal(afterAccepting("snp", 4 * GiB).use(), {
    ...NOTHING,
    privateBytes: 4 * GiB,
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
    ...NOTHING,
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

test("a large page at the end of a plain guest's memory reaches no further than that", () => {
  const memory = new GuestMemory(makePlatform("none", new CostLedger()), 1536 * MiB, GiB);
  memory.touch(64 * MiB);
  assert.is(memory.use().sharedBytes, GiB);
  memory.touch(GiB);
  assert.is(memory.use().sharedBytes, 1536 * MiB);
});

test("large pages back the share of touched memory for which the host finds them", () => {
  const sharedBytes = (contiguity: number): number => {
    const memory = new GuestMemory(makePlatform("none", new CostLedger()), 4 * GiB, GiB, contiguity);
    memory.touch(256 * MiB);
    return memory.use().sharedBytes;
  };
  assert.is(sharedBytes(0), 256 * MiB);
  assert.is(sharedBytes(0.5), GiB + 128 * MiB);
  assert.is(sharedBytes(1), GiB);
});

test("with pages of 1 GiB a confidential guest shares no more than it touches", () => {
  for (const platform of ["snp", "tdx"]) {
    const [small, large, never] = ["4KiB", "1GiB", "1GiB"].map((pageSize, at) =>
      runBoot(
        `platform=${platform}`,
        "policy=lazy",
        "memory=1GiB",
        `host.pageSize=${pageSize}`,
        ...(at === 2 ? ["host.contiguity=0"] : []),
      ),
    );
    assert.is(large!.hostUse.sharedBytes, small!.hostUse.sharedBytes);
    assert.ok(large!.hostUse.sharedBytes <= large!.touchedBytes);
    // All the guest's memory, and tables and metadata of at most 1 %.
    assert.ok(large!.hostBytes <= 1.01 * GiB, String(large!.hostBytes));
    assert.equal({ ...never!, remarks: undefined }, { ...small!, remarks: undefined });
    assert.match(large!.remarks!.join(), /host.pageSize 1GiB: .*spends it whole/);
    assert.is(never!.remarks, undefined);
  }
});

test("shared memory comes on top of private memory", () => {
  const memory = afterAccepting("snp", 4 * MiB);
  const before = memory.hostBytes;
  memory.touch(2 * MiB);
  assert.is(memory.hostBytes - before, 2 * MiB + 3 * 4 * KiB);
});

/** An SNP guest of 4 GiB that has accepted its first GiB. */
function snpGuest(keepsConverted: boolean, pageSizeBytes = 4 * KiB): GuestMemory {
  const options = { pageSizeBytes: pageSizeBytes, prefault: false, keepsConverted };
  const platform = new SnpPlatform(new CostLedger(), options);
  const memory = new GuestMemory(platform, 4 * GiB, pageSizeBytes);
  platform.kernelAccept(0, GiB);
  return memory;
}

test("as long as nothing is given back the peak is the present", () => {
  const memory = afterAccepting("tdx", 4 * MiB);
  memory.touch(8 * KiB);
  assert.is(memory.hostBytesPeak, memory.hostBytes);
});

test("shared memory is given back, and the peak stays", () => {
  const memory = snpGuest(false);
  const before = memory.hostBytes;
  memory.share(asPhys(0), asPhys(64 * MiB));
  assert.is(memory.hostBytes, before - 64 * MiB);
  assert.is(memory.hostBytesPeak, before);
  memory.touch(8 * KiB);
  assert.is(memory.hostBytesPeak, before);
  memory.touch(128 * MiB);
  assert.is(memory.hostBytesPeak, memory.hostBytes);
  assert.ok(memory.hostBytes > before);
});

test("each conversion sees the peak before it", () => {
  const memory = snpGuest(false);
  memory.touch(16 * MiB);
  const before = memory.hostBytes;
  for (let at = 0; at < 4; at++) memory.share(asPhys(at * MiB), asPhys((at + 1) * MiB));
  assert.is(memory.hostBytesPeak, before);
});

test("a bounce buffer in use is there twice when the host keeps the private copy", () => {
  const [frees, keeps] = [snpGuest(false), snpGuest(true)];
  for (const memory of [frees, keeps]) {
    memory.share(asPhys(0), asPhys(64 * MiB));
    memory.touch(64 * MiB);
  }
  assert.equal([frees.use().keptBytes, keeps.use().keptBytes], [0, 64 * MiB]);
  assert.equal([frees.use().sharedBytes, keeps.use().sharedBytes], [64 * MiB, 64 * MiB]);
  assert.is(keeps.hostBytes - frees.hostBytes, 64 * MiB);
});

test("what is made shared counts as touched again when it is", () => {
  const memory = snpGuest(false);
  memory.share(asPhys(0), asPhys(64 * MiB));
  assert.is(memory.untouchedSharedBytes, 64 * MiB);
  memory.touch(16 * MiB);
  assert.is(memory.untouchedSharedBytes, 48 * MiB);
  memory.touch(64 * MiB);
  assert.is(memory.untouchedSharedBytes, 0);
});

test("a plain guest shares nothing", () => {
  const memory = afterAccepting("none", 0);
  memory.share(asPhys(0), asPhys(GiB));
  assert.is(memory.untouchedSharedBytes, 0);
  assert.equal(memory.use(), { ...NOTHING, tableBytes: 0, metadataBytes: 0 });
});

test("tables inside the guest are named and not counted twice", () => {
  const memory = snpGuest(false);
  const before = memory.hostBytes;
  memory.bitmapBytes = 4 * KiB;
  memory.directMapBytes = 28 * KiB;
  assert.equal([memory.use().bitmapBytes, memory.use().directMapBytes], [4 * KiB, 28 * KiB]);
  assert.is(memory.hostBytes, before);
  assert.is(hostBytes(memory.use()), before);
});

test("memory that was shared and is accepted again is as private as before, with or without a kept copy", () => {
  for (const kind of ["tdx", "snp"] as const) {
    for (const keepsConverted of [false, true]) {
      const platform = makePlatform(kind, new CostLedger(), { pageSizeBytes: 4 * KiB, keepsConverted });
      const memory = new GuestMemory(platform, GiB, 4 * KiB);
      platform.kernelAccept(0, 256 * MiB);
      const before = memory.use();
      memory.share(asPhys(64 * MiB), asPhys(128 * MiB));
      assert.is(memory.acceptedSharedBytes, 64 * MiB);
      platform.kernelAccept(64 * MiB, 128 * MiB);
      assert.equal(memory.use(), before, `${kind} ${keepsConverted}`);
      assert.is(memory.acceptedSharedBytes, 0);
    }
  }
});

test.run();
