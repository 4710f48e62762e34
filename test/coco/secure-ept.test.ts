import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SecureEpt } from "../../src/coco/tdx/secure-ept.js";

const test = suite("coco: secure EPT");

test("pages start absent", () => {
  const sept = new SecureEpt();
  assert.is(sept.stateOf(0), "absent");
  assert.is(sept.backedPages, 0);
});

test("absent to pending: the host has paid, the guest cannot use it", () => {
  const sept = new SecureEpt();
  assert.is(sept.augment(10, 20), 3);
  assert.is(sept.stateOf(10), "pending");
  assert.is(sept.stateOf(20), "absent");
  assert.equal([sept.backedPages, sept.mappedPages], [10, 0]);
});

test("pending to mapped: nothing is paid twice", () => {
  const sept = new SecureEpt();
  sept.augment(10, 20);
  assert.is(sept.map(10, 20, 0), 0);
  assert.is(sept.stateOf(10), "mapped");
  assert.equal([sept.backedPages, sept.mappedPages, sept.pendingIn(0, 100)], [10, 10, 0]);
});

test("absent to mapped in one step, as at launch", () => {
  const sept = new SecureEpt();
  assert.is(sept.map(0, 512, 1), 2);
  assert.is(sept.stateOf(511), "mapped");
  assert.is(sept.tables.levelOf(0), 1);
});

test("the host cannot give memory where it has", () => {
  const sept = new SecureEpt();
  sept.augment(10, 20);
  sept.map(30, 40, 0);
  assert.throws(() => sept.augment(15, 25), /needs absent pages/);
  assert.throws(() => sept.augment(39, 50), /needs absent pages/);
});

test.run();
