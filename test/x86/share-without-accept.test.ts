import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AcceptMemory } from "../../src/accept/accept-memory.js";
import { SnpPlatform } from "../../src/coco/snp/snp-platform.js";
import { TdxPlatform } from "../../src/coco/tdx/tdx-platform.js";
import { UnacceptedTable } from "../../src/efistub/unaccepted-table.js";
import { GuestMemory } from "../../src/host/guest-memory.js";
import { Memblock } from "../../src/memblock/memblock.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { type AddressRange, asPhys, KiB, MiB, physRange } from "../../src/units.js";
import { EarlyMap } from "../../src/x86/early-map.js";
import { setMemoryShared } from "../../src/x86/set-memory-shared.js";
import { TablePages } from "../../src/x86/table-pages.js";
import { counts } from "../coco/counts.js";
import { run } from "./run.js";

const test = suite("early-map: shared without being accepted");

/** A table over 64 units from 16 MiB on, all unaccepted, and what it accepts. */
function acceptance(): { accept: AcceptMemory; table: UnacceptedTable; accepted: AddressRange[] } {
  const accepted: AddressRange[] = [];
  const table = new UnacceptedTable(16 * MiB, 8);
  table.setRange(0, 64);
  const accept = new AcceptMemory(table, { acceptMemory: (start, end) => accepted.push({ start, end }) });
  return { accept, table, accepted };
}

test("units inside go off the record; the guard unit behind an end on a border is accepted", () => {
  const { accept, table, accepted } = acceptance();
  const inside = { start: 32 * MiB, end: 40 * MiB };
  assert.equal(accept.takeUnaccepted(asPhys(inside.start), asPhys(inside.end)), [inside]);
  assert.equal(accepted, [{ start: 40 * MiB, end: 42 * MiB }]);
  assert.is(table.countSet(), 64 - 4 - 1);
});

test("units at the edges are accepted, and nothing beyond them", () => {
  const { accept, accepted } = acceptance();
  const taken = accept.takeUnaccepted(asPhys(32 * MiB + 4 * KiB), asPhys(40 * MiB + 4 * KiB));
  assert.equal(taken, [{ start: 34 * MiB, end: 40 * MiB }]);
  assert.equal(accepted, [
    { start: 32 * MiB, end: 34 * MiB },
    { start: 40 * MiB, end: 42 * MiB },
  ]);
});

test("memory outside of the table, and inside one unit, leaves nothing to take", () => {
  const { accept, accepted } = acceptance();
  assert.equal(accept.takeUnaccepted(asPhys(MiB), asPhys(8 * MiB)), []);
  assert.equal(accepted, []);
  assert.equal(accept.takeUnaccepted(asPhys(32 * MiB + 8 * KiB), asPhys(32 * MiB + 12 * KiB)), []);
  assert.equal(accepted, [{ start: 32 * MiB, end: 34 * MiB }]);
});

test("after it, every byte of the range is either accepted or taken, and none both", () => {
  const page = fc.integer({ min: 0, max: (160 * MiB) / (4 * KiB) });
  fc.assert(
    fc.property(page, page, fc.array(fc.nat(63), { maxLength: 20 }), (one, other, before) => {
      const { accept, table, accepted } = acceptance();
      for (const unit of before) table.clearRange(unit, unit + 1);
      const set = [...Array(64).keys()].filter((unit) => table.isSet(unit));
      const [start, end] = [Math.min(one, other) * 4 * KiB, Math.max(one, other) * 4 * KiB];
      const taken = accept.takeUnaccepted(asPhys(start), asPhys(end));
      for (const unit of set) {
        const at = 16 * MiB + unit * 2 * MiB;
        const has = (ranges: readonly AddressRange[]): boolean =>
          ranges.some((range) => range.start <= at && at < range.end);
        const inside = start <= at && at + 2 * MiB <= end;
        // The unit that holds the start, if it is not the first whole one, and the one that holds the end.
        const edge = !inside && ((start > at && start < at + 2 * MiB) || (end >= at && end < at + 2 * MiB));
        assert.equal([has(taken), has(accepted), table.isSet(unit)], [inside, edge, !inside && !edge]);
      }
    }),
    { numRuns: 200 },
  );
});

/** 64 MiB from 32 MiB on become shared, of which the guest has accepted the first 16 MiB. */
function convert(platform: SnpPlatform | TdxPlatform): { memory: GuestMemory; early: EarlyMap } {
  platform.kernelAccept(32 * MiB, 48 * MiB);
  const table = new UnacceptedTable(0, 8);
  table.setRange(24, 64);
  const early = new EarlyMap(new TablePages(new Memblock()));
  early.tables.leaveHead64({ start: 0, end: 0 });
  early.map.map({ start: 0, end: 128 * MiB, pageSize: 2 * MiB });
  const memory = new GuestMemory(platform, 128 * MiB, 4 * KiB);
  const pool = physRange(asPhys(32 * MiB), 64 * MiB);
  const unaccepted = new AcceptMemory(table, platformAccept(platform)).takeUnaccepted(pool.start, pool.end);
  const clock = new GuestClock(new VirtualCpus(1), new CostLedger());
  setMemoryShared(pool, { platform, host: memory, clock }, early, 1, unaccepted);
  return { memory, early };
}

function platformAccept(platform: SnpPlatform | TdxPlatform): {
  acceptMemory(start: number, end: number): void;
} {
  return { acceptMemory: (start, end) => platform.kernelAccept(start, end) };
}

test("SNP: no PVALIDATE for pages that were never validated, one page state change for all", () => {
  const ledger = new CostLedger();
  const platform = new SnpPlatform(ledger, { pageSizeBytes: 2 * MiB, prefault: false });
  const { memory, early } = convert(platform);
  const { pvalidate2m, vmgexitPsc } = counts(ledger);
  // Eight to accept 16 MiB, eight to take that back, one for the guard unit.
  assert.is(pvalidate2m, 8 + 8 + 1);
  assert.is(vmgexitPsc, 1 + 1 + 1);
  assert.is(platform.usableBytesIn(32 * MiB, 96 * MiB), 64 * MiB);
  assert.is(memory.use().keptBytes, 0);
  assert.is(memory.acceptedSharedBytes, 16 * MiB);
  assert.is(early.result.wastedAcceptBytes, 16 * MiB);
});

test("TDX: one MapGPA for all, and pages are removed only where there were some", () => {
  const ledger = new CostLedger();
  const platform = new TdxPlatform(ledger, { pageSizeBytes: 2 * MiB });
  const { memory, early } = convert(platform);
  const { mapGpa, septRemove } = counts(ledger);
  assert.equal([mapGpa, septRemove], [1, 8]);
  assert.is(platform.usableBytesIn(32 * MiB, 96 * MiB), 64 * MiB);
  assert.is(memory.acceptedSharedBytes, 16 * MiB);
  assert.is(early.result.wastedAcceptBytes, 16 * MiB);
});

for (const platform of ["tdx", "snp"]) {
  test(`${platform}: a boot accepts less by what it shares at once, and is no slower`, () => {
    const firmware = { preAcceptLimit: "512MiB" };
    const accepts = run(platform, { firmware });
    const shares = run(platform, { firmware, guest: { shareWithoutAccept: true } });
    assert.equal([accepts.outcome, shares.outcome], ["ready", "ready"]);
    const saved = accepts.earlyMap!.wastedAcceptBytes - shares.earlyMap!.wastedAcceptBytes;
    // 6 % of 4 GiB, rounded up to a power of two, less what lies in units with something else.
    assert.is(accepts.earlyMap!.sharedBytes - shares.earlyMap!.sharedBytes, 0);
    assert.ok(saved > 250 * MiB && saved <= 256 * MiB, String(saved));
    assert.ok(shares.bootTimeNs < accepts.bootTimeNs);
    assert.is(shares.memory.acceptedBy.kernel <= accepts.memory.acceptedBy.kernel - saved, true);
  });

  test(`${platform}: below 4 GiB the firmware has accepted everything, so nothing is saved`, () => {
    const accepts = run(platform, {});
    const shares = run(platform, { guest: { shareWithoutAccept: true } });
    assert.equal(shares.earlyMap, accepts.earlyMap);
    assert.is(shares.bootTimeNs, accepts.bootTimeNs);
  });

  test(`${platform}: eager kernels do not accept it later either`, () => {
    const firmware = { preAcceptLimit: "512MiB" };
    const { outcome, acceptedBytes } = run(platform, {
      policy: "eager",
      firmware,
      guest: { shareWithoutAccept: true },
    });
    assert.is(outcome, "ready");
    assert.ok(acceptedBytes < 4096 * MiB - 250 * MiB);
  });
}

test.run();
