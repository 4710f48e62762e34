import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Rmp } from "../../src/coco/snp/rmp.js";

const test = suite("coco: reverse map table");

test("pages start as the hypervisor's", () => {
  assert.is(new Rmp().stateOf(0), "hypervisor");
});

test("hypervisor to guest-invalid: RMPUPDATE", () => {
  const rmp = new Rmp();
  rmp.assign(10, 20, 0);
  assert.is(rmp.stateOf(10), "guestInvalid");
  assert.equal([rmp.assignedPages, rmp.validPages, rmp.assignedIn(0, 15)], [10, 0, 5]);
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
  assert.equal([rmp.validIn(0, 2048), rmp.unmappedIn(512, 1536)], [512, 512]);
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
  assert.equal([rmp.stateOf(12), rmp.assignedPages, rmp.validPages], ["guestInvalid", 10, 8]);
});

test("validation is taken back once", () => {
  const rmp = new Rmp();
  rmp.assign(10, 20, 0);
  rmp.validate(10, 15);
  assert.throws(() => rmp.rescind(14, 16), /had none/);
});

test("what is shared is usable, what is neither shared nor validated is found", () => {
  const rmp = new Rmp();
  rmp.assign(10, 20, 0);
  rmp.validate(10, 15);
  rmp.share(15, 18);
  assert.equal([rmp.firstUnusable(10, 30), rmp.firstUnusable(11, 17), rmp.usableIn(0, 30)], [18, 17, 8]);
});

test("guest-invalid to guest-valid: PVALIDATE", () => {
  const rmp = new Rmp();
  rmp.assign(10, 20, 0);
  rmp.validate(10, 15);
  assert.is(rmp.stateOf(14), "guestValid");
  assert.is(rmp.stateOf(15), "guestInvalid");
  assert.equal([rmp.assignedPages, rmp.validPages, rmp.validIn(0, 12)], [10, 5, 2]);
  assert.is(rmp.firstValid(0, 100), 10);
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

test.run();
