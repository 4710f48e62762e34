import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Rmp } from "../../src/coco/snp/rmp.js";

const test = suite("coco: reverse map table");

test("pages start as the hypervisor's", () => {
  assert.is(new Rmp().stateOf(0), "hypervisor");
});

test("hypervisor to guest-invalid: RMPUPDATE, one entry for each page", () => {
  const rmp = new Rmp();
  assert.is(rmp.assign(10, 20, 0), 10);
  assert.is(rmp.stateOf(10), "guestInvalid");
  assert.equal([rmp.assignedPages, rmp.validPages], [10, 0]);
});

test("an entry of 2 MiB stands for 512 pages", () => {
  const rmp = new Rmp();
  assert.is(rmp.assign(512, 2048, 1), 3);
  assert.is(rmp.assignedPages, 1536);
  assert.is(rmp.tables.levelOf(512), 1);
});

test("assigning again writes only the missing entries", () => {
  const rmp = new Rmp();
  rmp.assign(10, 20, 0);
  assert.is(rmp.assign(10, 22, 0), 2);
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
