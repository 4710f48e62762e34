// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DoubleAcceptError } from "../../src/coco/platform.js";
import { TdxPlatform } from "../../src/coco/tdx/tdx-platform.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GiB, KiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { counts } from "./counts.js";
import { makePlatform } from "./make-platform.js";
import { NaiveTdx, naiveGuestAccept } from "./naive-tdx.js";

const test = suite("coco: TDX kernel accept");
const HOST_BYTES = [4 * KiB, 2 * MiB, GiB] as const;

/** Events of accepting ranges one after another in a new guest. */
function accept(
  hostPageBytes: number,
  ...ranges: readonly (readonly [number, number])[]
): Record<string, number> {
  const ledger = new CostLedger();
  const platform = new TdxPlatform(ledger, { pageSizeBytes: hostPageBytes });
  for (const [start, end] of ranges) platform.kernelAccept(start, end);
  return counts(ledger);
}

test("4 MiB on 4 KiB host pages: 1026 calls, 1024 exits", () => {
  assert.equal(accept(4 * KiB, [GiB, GiB + 4 * MiB]), {
    tdcall: 1024,
    tdcallMismatch: 2,
    eptViolation4k: 1024,
    hostClear4k: 1024,
    acceptZero4k: 1024,
    septAdd: 2 + 1 + 1,
  });
});

test("an aligned 1 GiB on 4 KiB host pages fails once at 1 GiB and 512 times at 2 MiB", () => {
  assert.equal(accept(4 * KiB, [GiB, 2 * GiB]), {
    tdcall: 262_144,
    tdcallMismatch: 1 + 512,
    eptViolation4k: 262_144,
    hostClear4k: 262_144,
    acceptZero4k: 262_144,
    septAdd: 512 + 1 + 1,
  });
});

test("4 MiB on 2 MiB host pages: 2 calls, 2 exits", () => {
  assert.equal(accept(2 * MiB, [GiB, GiB + 4 * MiB]), {
    tdcall: 2,
    eptViolation2m: 2,
    hostClear2m: 2,
    acceptZero2m: 2,
    septAdd: 1 + 1,
  });
});

test("an aligned 1 GiB on 1 GiB host pages: 1 call, 1 exit", () => {
  assert.equal(accept(GiB, [GiB, 2 * GiB]), {
    tdcall: 1,
    eptViolation1g: 1,
    hostClear2m: 512,
    acceptZero1g: 1,
    septAdd: 1,
  });
});

test("an aligned 1 GiB on 2 MiB host pages fails once, and its exit makes the first small leaf", () => {
  assert.equal(accept(2 * MiB, [GiB, 2 * GiB]), {
    tdcall: 512,
    tdcallMismatch: 1,
    eptViolation2m: 512,
    hostClear2m: 512,
    acceptZero2m: 512,
    septAdd: 1 + 1,
  });
});

test("a request of 4 MiB never reaches 1 GiB, whatever the host has", () => {
  assert.equal(accept(GiB, [0, 4 * MiB]), accept(2 * MiB, [0, 4 * MiB]));
});

test("1 GiB is tried only at multiples of it", () => {
  // 2 MiB short of a multiple on both sides: one large page in the middle, 511 + 1 small ones around it.
  assert.equal(accept(GiB, [2 * MiB, 2 * GiB + 2 * MiB]), {
    tdcall: 511 + 1 + 1,
    eptViolation2m: 512,
    eptViolation1g: 1,
    hostClear2m: 512 + 512,
    acceptZero2m: 512,
    acceptZero1g: 1,
    septAdd: 1 + 1 + 1,
  });
});

test("the first accept of three units and the following one of two, as the guard unit makes them", () => {
  const ranges = [
    [0, 6 * MiB],
    [6 * MiB, 10 * MiB],
  ] as const;
  assert.equal(accept(4 * KiB, ranges[0]), {
    tdcall: 1536,
    tdcallMismatch: 3,
    eptViolation4k: 1536,
    hostClear4k: 1536,
    acceptZero4k: 1536,
    septAdd: 3 + 2,
  });
  assert.equal(accept(4 * KiB, ...ranges), {
    tdcall: 2560,
    tdcallMismatch: 5,
    eptViolation4k: 2560,
    hostClear4k: 2560,
    acceptZero4k: 2560,
    septAdd: 5 + 2,
  });
});

test("an unaligned head and tail are accepted in 4 KiB without trying more", () => {
  assert.equal(accept(2 * MiB, [0x80_1000, 0xc0_1000]), {
    tdcall: 511 + 1 + 1,
    eptViolation4k: 511 + 1,
    hostClear4k: 511 + 1,
    eptViolation2m: 1,
    hostClear2m: 1,
    acceptZero4k: 511 + 1,
    acceptZero2m: 1,
    septAdd: 2 + 1 + 1,
  });
});

test("memory that the host gave ahead costs no exit", () => {
  const ledger = new CostLedger();
  const platform = new TdxPlatform(ledger, { pageSizeBytes: 4 * KiB });
  platform.sept.augment(0, 512 + 8);
  platform.kernelAccept(0, 4 * MiB);
  const { tdcall, tdcallMismatch, eptViolation4k } = counts(ledger);
  assert.equal([tdcall, tdcallMismatch, eptViolation4k], [1024, 2, 1024 - 520]);
});

test("where the host has small pages already, it stays with them", () => {
  const ledger = new CostLedger();
  const platform = new TdxPlatform(ledger, { pageSizeBytes: 2 * MiB });
  platform.sept.augment(3, 4);
  platform.kernelAccept(0, 4 * MiB);
  const { tdcall, tdcallMismatch, eptViolation4k, eptViolation2m } = counts(ledger);
  assert.equal([tdcall, tdcallMismatch, eptViolation4k, eptViolation2m], [513, 1, 511, 1]);
});

test("accepting a page twice ends the guest, after the pages before it", () => {
  const ledger = new CostLedger();
  const platform = new TdxPlatform(ledger, { pageSizeBytes: 4 * KiB });
  platform.kernelAccept(2 * MiB, 4 * MiB);
  try {
    platform.kernelAccept(0, 4 * MiB);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, DoubleAcceptError);
    assert.is((error as DoubleAcceptError).address, 2 * MiB);
    assert.match((error as Error).message, /0x200000.*panics/);
  }
  assert.is(platform.usableBytesIn(0, 4 * MiB), 4 * MiB);
});

test("the stub accepts as the kernel does, and ends the same way", () => {
  const ledger = new CostLedger();
  const platform = new TdxPlatform(ledger, { pageSizeBytes: 4 * KiB });
  platform.stubAccept(GiB, GiB + 4 * MiB);
  assert.equal(counts(ledger), accept(4 * KiB, [GiB, GiB + 4 * MiB]));
  assert.throws(
    () => platform.stubAccept(GiB, GiB + PAGE_SIZE),
    (error: unknown) => error instanceof DoubleAcceptError,
  );
});

test("pages loaded at launch are usable, cost nothing and must not be accepted again", () => {
  const ledger = new CostLedger();
  const platform = new TdxPlatform(ledger, { pageSizeBytes: 4 * KiB });
  platform.launchPages(0, MiB);
  assert.equal(counts(ledger), {});
  assert.is(platform.usableBytesIn(0, 2 * MiB), MiB);
  assert.is(platform.sept.tables.pages, 3);
  assert.throws(
    () => platform.kernelAccept(0, 2 * MiB),
    (error: unknown) => error instanceof DoubleAcceptError,
  );
});

test("a range that is not made of pages is refused", () => {
  const platform = new TdxPlatform(new CostLedger(), { pageSizeBytes: 4 * KiB });
  assert.throws(() => platform.kernelAccept(1, 2 * MiB), /not a range of pages/);
  assert.throws(() => platform.kernelAccept(2 * MiB, 0), /not a range of pages/);
});

test("the host has no pages of other sizes", () => {
  assert.throws(() => new TdxPlatform(new CostLedger(), { pageSizeBytes: 64 * KiB }), /no page table/);
});

test("a terabyte is accepted in a few steps", () => {
  const ledger = new CostLedger();
  const platform = new TdxPlatform(ledger, { pageSizeBytes: 4 * KiB });
  platform.kernelAccept(4 * GiB, 1028 * GiB);
  assert.is(platform.acceptedPages, 2 ** 28);
  assert.is(counts(ledger).tdcallMismatch, 1024 + 1024 * 512);
});

test("64 GiB in 4 KiB pages need 32768 + 64 + 1 tables, 4 GiB of them 2048 + 4 + 1", () => {
  const platform = new TdxPlatform(new CostLedger(), { pageSizeBytes: 4 * KiB });
  platform.kernelAccept(0, 4 * GiB);
  assert.is(platform.sept.tables.pages, 2048 + 4 + 1);
  assert.is(((platform.sept.tables.pages * 4 * KiB) / MiB).toFixed(2), "8.02");
  platform.kernelAccept(4 * GiB, 64 * GiB);
  assert.is(platform.sept.tables.pages, 32_768 + 64 + 1);
  assert.is(((platform.sept.tables.pages * 4 * KiB) / MiB).toFixed(2), "128.25");
});

test("64 GiB in 2 MiB pages need one table for each GiB", () => {
  const platform = new TdxPlatform(new CostLedger(), { pageSizeBytes: 2 * MiB });
  platform.kernelAccept(0, 64 * GiB);
  assert.is(platform.sept.tables.pages, 64 + 1);
});

test("where the host has large pages depends on the seed and the place, not on who comes first", () => {
  const host = { pageSizeBytes: 2 * MiB, contiguity: 0.5 };
  const [up, down] = [new CostLedger(), new CostLedger()];
  const [first, second] = [makePlatform("tdx", up, host), makePlatform("tdx", down, host)];
  for (let mib = 0; mib < 1024; mib += 4) {
    first.kernelAccept(mib * MiB, (mib + 4) * MiB);
    second.kernelAccept((1020 - mib) * MiB, (1024 - mib) * MiB);
  }
  assert.equal(counts(up), counts(down));
  assert.is(first.tablePages, second.tablePages);
  const large = counts(up).eptViolation2m!;
  assert.ok(large > 200 && large < 312, `${large} of 512 pages are large`);
});

test("it counts what executing every instruction counts, across 1 GiB", () => {
  for (const hostLevel of [0, 1, 2] as const) {
    const [start, end] = [262_144 - 700, 2 * 262_144 + 300];
    const ledger = new CostLedger();
    const naive = new NaiveTdx({ hostLevel });
    new TdxPlatform(ledger, { pageSizeBytes: HOST_BYTES[hostLevel] }).kernelAccept(
      start * PAGE_SIZE,
      end * PAGE_SIZE,
    );
    naiveGuestAccept(naive, start, end);
    assert.equal(counts(ledger), naive.counts);
  }
});

test.run();
