// Takes 1 s.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AcceptMemory } from "../../src/accept/accept-memory.js";
import { COMMON_PARAMETERS, priceList } from "../../src/coco/parameters.js";
import { SnpPlatform } from "../../src/coco/snp/snp-platform.js";
import { TdxPlatform } from "../../src/coco/tdx/tdx-platform.js";
import { UnacceptedTable } from "../../src/efistub/unaccepted-table.js";
import { GuestMemory } from "../../src/host/guest-memory.js";
import { Memblock } from "../../src/memblock/memblock.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { asPhys, GiB, KiB, MiB, PAGE_SIZE, physRange } from "../../src/units.js";
import { EarlyMap } from "../../src/x86/early-map.js";
import { setMemoryShared } from "../../src/x86/set-memory-shared.js";
import { TablePages } from "../../src/x86/table-pages.js";
import { counts } from "../coco/counts.js";
import { run } from "./run.js";

const test = suite("early-map: sharing and acceptance");

type Coco = SnpPlatform | TdxPlatform;

const MAKE: Readonly<Record<string, (ledger: CostLedger) => Coco>> = {
  tdx: (ledger) => new TdxPlatform(ledger, { pageSizeBytes: 2 * MiB }),
  snp: (ledger) => new SnpPlatform(ledger, { pageSizeBytes: 2 * MiB, prefault: false }),
};

/** A guest of 1 GiB that is accepted, on leaves and host pages of 2 MiB; `order` notes who did what. */
function guest(name: string): {
  platform: Coco;
  ledger: CostLedger;
  early: EarlyMap;
  share: (start: number, end: number) => void;
  order: string[];
} {
  const ledger = new CostLedger();
  const platform = MAKE[name]!(ledger);
  platform.kernelAccept(0, GiB);
  ledger.counts.fill(0);
  const order: string[] = [];
  const early = new EarlyMap(new TablePages(new Memblock()));
  early.map.map({ start: 0, end: GiB, pageSize: 2 * MiB });
  early.tables.fromBuddy = () => order.push("split") > 0;
  const host = new GuestMemory(platform, GiB, 4 * KiB);
  const share = host.share.bind(host);
  host.share = (...range) => {
    order.push("host");
    share(...range);
  };
  const clock = new GuestClock(new VirtualCpus(1), ledger);
  return {
    platform,
    ledger,
    early,
    order,
    share: (start, end) =>
      setMemoryShared(physRange(asPhys(start), end - start), { platform, host, clock }, early, 1),
  };
}

test("SNP tells the host before it changes its entries, TDX after", () => {
  const [snp, tdx] = [guest("snp"), guest("tdx")];
  for (const { share } of [snp, tdx]) share(64 * MiB, 64 * MiB + PAGE_SIZE);
  assert.equal(snp.order, ["host", "split"]);
  assert.equal(tdx.order, ["split", "host"]);
});

for (const name of ["tdx", "snp"]) {
  test(`${name}: private again is accepted again, in another life; the bitmap does not hear of it`, () => {
    const { platform, share } = guest(name);
    const table = new UnacceptedTable(0, 64);
    const accepts: number[] = [];
    const acceptance = new AcceptMemory(table, { acceptMemory: (start) => accepts.push(start) });
    share(64 * MiB, 66 * MiB);
    platform.kernelAccept(64 * MiB, 66 * MiB);
    acceptance.acceptMemory(asPhys(64 * MiB), 2 * MiB);
    assert.equal([accepts, table.countSet()], [[], 0]);
    assert.is(platform.acceptedPages, GiB / PAGE_SIZE);
    assert.throws(() => platform.kernelAccept(64 * MiB, 66 * MiB), /accept|PVALIDATE/);
  });

  test(`${name}: a conversion has no guard unit`, () => {
    const { platform, share } = guest(name);
    share(64 * MiB, 66 * MiB);
    assert.is(platform.acceptedPages, (GiB - 2 * MiB) / PAGE_SIZE);
  });

  test(`${name}: a hole of one page breaks up the host's page around it; a pool breaks up two at most`, () => {
    const broken = (ledger: CostLedger): number => {
      const { psmash = 0, septAdd = 0 } = counts(ledger);
      return psmash + septAdd;
    };
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat((GiB - 64 * MiB) / PAGE_SIZE), { minLength: 1, maxLength: 40 }),
        (holes) => {
          const scattered = guest(name);
          for (const page of holes) scattered.share(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
          const entries = new Set(holes.map((page) => Math.floor(page / 512))).size;
          assert.is(broken(scattered.ledger), entries);
          assert.is(scattered.early.result.splits, entries);
          const pool = guest(name);
          pool.share(holes[0]! * PAGE_SIZE, holes[0]! * PAGE_SIZE + 64 * MiB);
          assert.is(broken(pool.ledger), holes[0]! % 512 === 0 ? 0 : 2);
          assert.is(pool.early.result.splits, broken(pool.ledger));
        },
      ),
      { numRuns: 40 },
    );
  });
}

test("a split takes 1 us and a flush of n CPUs 2 us and 0.1 us each; early a CPU flushes for itself", () => {
  const price = (change: (early: EarlyMap) => void): number => {
    const ledger = new CostLedger(priceList(COMMON_PARAMETERS));
    const early = new EarlyMap(new TablePages(new Memblock()));
    early.map.map({ start: 0, end: GiB, pageSize: 2 * MiB });
    early.tables.fromBuddy = () => true;
    change(early);
    early.charge(ledger);
    return ledger.elapsedNs;
  };
  const page = physRange(asPhys(MiB), PAGE_SIZE);
  const entry = 10;
  assert.is(
    price((early) => early.convert(page, 256)),
    1000 + entry + 3 * (2000 + 100 * 256),
  );
  assert.is(
    price((early) => early.shareEarly(page)),
    1000 + entry + 2000 + 100,
  );
});

test("kexec on TDX walks the direct map and asks leaf by leaf", () => {
  const guest = { dmaBuffers: 3 };
  const stays = run("tdx", { guest });
  const leaves = run("tdx", { guest, kexec: {} });
  assert.is(stays.earlyMap!.sharedBytes, 256 * MiB + 3 * PAGE_SIZE);
  // The bounce buffer lies across leaves of 2 MiB, so that one of 128 is in pages of 4 KiB.
  assert.is(leaves.costs.mapGpa! - stays.costs.mapGpa!, 127 + 512 + 3);
  assert.is(leaves.kexec!.unsharedBytes, 256 * MiB + 3 * PAGE_SIZE);
  assert.is(leaves.earlyMap!.sharedBytes, 0);
});

test("below an SVSM what was never validated takes no call", () => {
  const ledger = new CostLedger();
  const platform = new SnpPlatform(ledger, { pageSizeBytes: 2 * MiB, prefault: false, svsm: true });
  platform.convertToShared(0, 64 * MiB, [{ start: 0, end: 64 * MiB }]);
  const { svsmCall, pvalidate2m, pvalidate4k, vmgexitPsc } = counts(ledger);
  assert.equal([svsmCall, pvalidate2m, pvalidate4k, vmgexitPsc], [undefined, undefined, undefined, 1]);
});

test("sharing at once is never slower and never shares less, wherever the firmware stops", () => {
  const limits = fc.constantFrom("256MiB", "1GiB", "1536MiB", "1800MiB", "4GiB");
  const policies = fc.constantFrom("lazy", "eager", "fault-driven");
  const cpus = fc.integer({ min: 1, max: 8 });
  fc.assert(
    fc.property(fc.constantFrom("tdx", "snp"), limits, policies, cpus, (platform, limit, policy, vcpus) => {
      const rest = { policy, vcpus, firmware: { preAcceptLimit: limit } };
      const accepts = run(platform, rest, false);
      const shares = run(platform, { ...rest, guest: { shareWithoutAccept: true } }, false);
      assert.equal([accepts.outcome, shares.outcome], ["ready", "ready"]);
      assert.is(shares.earlyMap!.sharedBytes, accepts.earlyMap!.sharedBytes);
      assert.ok(shares.earlyMap!.wastedAcceptBytes <= accepts.earlyMap!.wastedAcceptBytes);
      assert.ok(shares.acceptedBytes <= accepts.acceptedBytes);
      assert.ok(shares.bootTimeNs <= accepts.bootTimeNs);
    }),
    { numRuns: 12 },
  );
  for (const platform of ["tdx", "snp"]) {
    const rest = { policy: "lazy", firmware: { preAcceptLimit: "256MiB" } };
    const accepts = run(platform, rest, false);
    const shares = run(platform, { ...rest, guest: { shareWithoutAccept: true } }, false);
    assert.ok(shares.earlyMap!.wastedAcceptBytes < accepts.earlyMap!.wastedAcceptBytes);
    assert.ok(shares.acceptedBytes < accepts.acceptedBytes);
    assert.ok(shares.bootTimeNs < accepts.bootTimeNs);
  }
});

test("more DMA buffers never take less: splits, tables, flushes, shared memory", () => {
  const buffers = fc.integer({ min: 0, max: 600 });
  fc.assert(
    fc.property(fc.constantFrom("tdx", "snp"), buffers, buffers, (platform, one, other) => {
      const [few, many] = [Math.min(one, other), Math.max(one, other)].map(
        (dmaBuffers) => run(platform, { guest: { dmaBuffers } }, false).earlyMap!,
      );
      assert.ok(few!.splits <= many!.splits);
      assert.ok(few!.tables.buddy <= many!.tables.buddy);
      assert.ok(few!.globalFlushes <= many!.globalFlushes);
      assert.is(many!.sharedBytes - few!.sharedBytes, Math.abs(one - other) * PAGE_SIZE);
    }),
    { numRuns: 6 },
  );
  for (const platform of ["tdx", "snp"]) {
    const [few, many] = [0, 600].map(
      (dmaBuffers) => run(platform, { guest: { dmaBuffers } }, false).earlyMap!,
    );
    assert.ok(few!.splits < many!.splits);
    assert.ok(few!.tables.buddy < many!.tables.buddy);
    assert.is(many!.globalFlushes - few!.globalFlushes, 2 * 600 + many!.splits - few!.splits);
  }
});

test.run();
