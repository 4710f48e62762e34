import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Rmp } from "../../src/coco/snp/rmp.js";
import { SnpPlatform } from "../../src/coco/snp/snp-platform.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { KiB, MiB, PAGE_SIZE } from "../../src/units.js";

const test = suite("coco: reverse map table");

test("pages start as the hypervisor's", () => {
  assert.is(new Rmp().stateOf(0), "hypervisor");
});

test("hypervisor to guest-invalid: RMPUPDATE", () => {
  const rmp = new Rmp();
  rmp.assign(10, 20, 0);
  assert.is(rmp.stateOf(10), "guestInvalid");
  assert.equal([rmp.assignedPages, rmp.valid.size, rmp.assignedIn(0, 15)], [10, 0, 5]);
});

test("an entry of 2 MiB stands for 512 pages", () => {
  const rmp = new Rmp();
  rmp.assign(512, 2048, 1);
  assert.is(rmp.assignedPages, 1536);
  assert.is(rmp.tables.levelOf(512), 1);
});

test("PSMASH keeps what was validated, in small entries, and takes the span out of the nested table", () => {
  const rmp = new Rmp();
  rmp.assign(512, 1536, 1);
  rmp.validate(512, 1024);
  rmp.smash(700);
  assert.equal([rmp.tables.levelOf(512), rmp.tables.levelOf(1024)], [0, 1]);
  assert.equal([rmp.valid.countIn(0, 2048), rmp.unmappedIn(512, 1536)], [512, 512]);
});

test("the direct map is split once a span, and not for memory that the guest has already", () => {
  const rmp = new Rmp();
  rmp.assign(0, 512, 0);
  assert.is(rmp.splitDirectMapOfHypervisor(0, 1024), 1);
  assert.is(rmp.splitDirectMapOfHypervisor(512, 513), 0);
  assert.is(rmp.splitDirectMap(3, 3), 0);
  assert.is(rmp.splitDirectMap(3, 4), 1);
});

test("RMPUPDATE takes a page back, whether it was validated or not", () => {
  const rmp = new Rmp();
  rmp.assign(10, 20, 0);
  rmp.validate(10, 15);
  rmp.rescind(10, 12);
  rmp.unassign(10, 12);
  assert.equal(
    [rmp.stateOf(10), rmp.stateOf(12), rmp.stateOf(15)],
    ["hypervisor", "guestValid", "guestInvalid"],
  );
});

test("other memory in a page's place is not validated", () => {
  const rmp = new Rmp();
  rmp.assign(10, 20, 0);
  rmp.validate(10, 20);
  rmp.replace(12, 14);
  assert.equal([rmp.stateOf(12), rmp.assignedPages, rmp.valid.size], ["guestInvalid", 10, 8]);
});

test("validation is taken back once", () => {
  const rmp = new Rmp();
  rmp.assign(10, 20, 0);
  rmp.validate(10, 15);
  assert.throws(() => rmp.rescind(14, 16), /had none/);
});

test("guest-invalid to guest-valid: PVALIDATE", () => {
  const rmp = new Rmp();
  rmp.assign(10, 20, 0);
  rmp.validate(10, 15);
  assert.is(rmp.stateOf(14), "guestValid");
  assert.is(rmp.stateOf(15), "guestInvalid");
  assert.equal([rmp.assignedPages, rmp.valid.size, rmp.valid.countIn(0, 12)], [10, 5, 2]);
  assert.is(rmp.valid.firstIn(0, 100), 10);
});

test("a page that is not assigned cannot be validated", () => {
  const rmp = new Rmp();
  rmp.assign(10, 20, 0);
  assert.throws(() => rmp.validate(15, 25), /needs pages that are assigned/);
});

test("a page is validated once", () => {
  const rmp = new Rmp();
  rmp.assign(10, 20, 0);
  rmp.validate(10, 15);
  assert.throws(() => rmp.validate(14, 16), /validated twice/);
});

test("an entry names one page of the guest: mapped at another one it lets nothing through", () => {
  const rmp = new Rmp();
  rmp.assign(10, 20, 0);
  rmp.validate(10, 20);
  rmp.mapAt(12, rmp.hostPageOf(11));
  assert.equal([rmp.letsThrough(11), rmp.letsThrough(12)], [true, false]);
  rmp.update(rmp.hostPageOf(11), 12);
  assert.equal([rmp.letsThrough(11), rmp.letsThrough(12)], [false, true]);
  assert.equal([rmp.stateOf(11), rmp.stateOf(12)], ["guestInvalid", "guestInvalid"]);
});

test("whatever a host does with pages: those that are validated are let through, each to a page of its own", () => {
  const PAGES = 6;
  const page = fc.nat(PAGES - 1);
  const step = fc.oneof(
    fc.record({ kind: fc.constant("alias" as const), at: page, other: page }),
    fc.record({ kind: fc.constant("replace" as const), at: page, other: page }),
    fc.record({ kind: fc.constant("accept" as const), at: page, other: page }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.constantFrom(4 * KiB, 2 * MiB), (steps, pageSize) => {
      const snp = new SnpPlatform(new CostLedger(), { pageSizeBytes: pageSize, prefault: false });
      snp.kernelAccept(0, 2 * MiB);
      const valid = (at: number): boolean => snp.rmp.stateOf(at) === "guestValid";
      for (const { kind, at, other } of steps) {
        const [start, second] = [at * PAGE_SIZE, other * PAGE_SIZE];
        if (kind === "replace") snp.remap(start, start + PAGE_SIZE);
        else if (kind === "accept") {
          if (!valid(at)) snp.acceptAgain(start, start + PAGE_SIZE);
        } else if (at !== other && valid(at) && valid(other)) {
          assert.is(snp.alias(start, second), "blocked");
          assert.equal([snp.access(start, start + PAGE_SIZE), valid(other)], ["exception", false]);
        }
        const usable = Array.from({ length: PAGES }, (_, pfn) => pfn).filter(valid);
        assert.ok(usable.every((pfn) => snp.rmp.letsThrough(pfn)));
        assert.is(new Set(usable.map((pfn) => snp.rmp.hostPageOf(pfn))).size, usable.length);
      }
    }),
    { numRuns: 200 },
  );
});

test.run();
