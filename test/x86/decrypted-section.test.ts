// Takes 2 s.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Memblock } from "../../src/memblock/memblock.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { EarlyMap } from "../../src/x86/early-map.js";
import { allocRuntimeData } from "../../src/x86/ghcb-pages.js";
import { TablePages } from "../../src/x86/table-pages.js";
import { counts } from "../coco/counts.js";
import { run } from "./run.js";

const test = suite("early-map: a section for all that is shared");

/** A direct map of 2 MiB leaves over 2 GiB, whose tables come from memblock. */
function guest(): { early: EarlyMap; memblock: Memblock } {
  const memblock = new Memblock();
  memblock.add(MiB, 2 * GiB - MiB);
  memblock.currentLimit = 2 * GiB;
  memblock.allowResize();
  const early = new EarlyMap(new TablePages(memblock));
  early.tables.leaveHead64({ start: 0, end: 0 });
  early.map.map({ start: 0, end: 2 * GiB, pageSize: 2 * MiB });
  early.tables.minMapped = MiB;
  early.tables.maxMapped = 2 * GiB;
  return { early, memblock };
}

test("the section for 256 CPUs: one entry, no split, one flush", () => {
  const { early, memblock } = guest();
  const rules = { svsm: false, decryptedSection: true };
  const { pages, shared } = allocRuntimeData(memblock, Array<number>(256).fill(0), rules, early);
  const { splits, localFlushes, sharedBytes } = early.result;
  assert.equal([splits, localFlushes, sharedBytes], [0, 1, 2 * MiB]);
  assert.is(early.tables.total, 0);
  assert.equal(shared, [{ start: pages[0]!, end: pages[0]! + 2 * MiB }]);
  assert.is(pages[255], pages[0]! + 255 * PAGE_SIZE);
  const ledger = new CostLedger();
  early.charge(ledger);
  assert.is(counts(ledger).leafChange, 1);
});

test("with more CPUs than a leaf has pages it takes the next leaf too", () => {
  const { early, memblock } = guest();
  const rules = { svsm: false, decryptedSection: true };
  allocRuntimeData(memblock, Array<number>(513).fill(0), rules, early);
  assert.equal([early.result.splits, early.result.sharedBytes], [0, 4 * MiB]);
});

test("with any number of CPUs a section splits nothing, and single pages never less", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1024 }), fc.boolean(), (cpus, svsm) => {
      const nodes = Array<number>(cpus).fill(0);
      const [own, section] = [false, true].map((decryptedSection) => {
        const { early, memblock } = guest();
        const { pages } = allocRuntimeData(memblock, nodes, { svsm, decryptedSection }, early);
        assert.is(new Set(pages).size, cpus);
        return early.result;
      });
      assert.is(section!.splits, 0);
      assert.ok(own!.splits >= 1 && own!.localFlushes === cpus);
      assert.is(own!.sharedBytes, cpus * PAGE_SIZE);
      assert.ok(section!.sharedBytes >= own!.sharedBytes);
    }),
    { numRuns: 40 },
  );
});

test("a boot with a section has no splits but those of the bounce buffer, and hands the host a whole entry", () => {
  const own = run("snp", { vcpus: 8, host: { pageSize: "2MiB" } });
  const section = run("snp", { vcpus: 8, host: { pageSize: "2MiB" }, guest: { decryptedSection: true } });
  assert.equal([own.outcome, section.outcome], ["ready", "ready"]);
  assert.ok(section.earlyMap!.splits < own.earlyMap!.splits);
  assert.is(section.earlyMap!.localFlushes, 1);
  assert.is(own.earlyMap!.localFlushes, 8);
  assert.is(section.earlyMap!.sharedBytes - own.earlyMap!.sharedBytes, 2 * MiB - 8 * PAGE_SIZE);
  assert.ok((section.costs.psmash ?? 0) < own.costs.psmash!);
});

test("TDX has no GHCBs, and is not asked where they lie", () => {
  assert.throws(() => run("tdx", { guest: { decryptedSection: true } }), /it needs platform snp/);
});

test.run();
