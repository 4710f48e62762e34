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
  assert.equal([sept.backedPages, sept.mapped.size], [10, 0]);
});

test("pending to mapped: nothing is paid twice", () => {
  const sept = new SecureEpt();
  sept.augment(10, 20);
  assert.is(sept.map(10, 20, 0), 0);
  assert.is(sept.stateOf(10), "mapped");
  assert.equal([sept.backedPages, sept.mapped.size], [10, 10]);
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

test("pages can be taken away in any state and given again; their tables stay", () => {
  const sept = new SecureEpt();
  sept.augment(10, 20);
  sept.map(20, 30, 0);
  sept.unmap(15, 25);
  assert.equal([sept.stateOf(15), sept.stateOf(24), sept.backedPages], ["absent", "absent", 10]);
  assert.is(sept.tables.pages, 3);
  assert.is(sept.augment(15, 25), 0);
  assert.is(sept.backedIn(0, 512), 20);
});

test("a state holds up to the next one", () => {
  const sept = new SecureEpt();
  sept.augment(10, 20);
  sept.map(20, 30, 0);
  assert.equal(
    [0, 12, 20, 30].map((pfn) => sept.stateRunEnd(pfn, 100)),
    [10, 20, 30, 100],
  );
  assert.is(sept.stateRunEnd(0, 5), 5);
});

test("leaves of all sizes are counted, absent ones not", () => {
  const sept = new SecureEpt();
  sept.map(0, 262_144, 2);
  sept.map(262_144, 262_144 + 1024, 1);
  sept.augment(262_144 + 1024 + 5, 262_144 + 1024 + 9);
  assert.is(sept.leavesIn(0, 524_288), 1 + 2 + 4);
  assert.is(sept.leavesIn(262_144 + 512, 524_288), 1 + 4);
  assert.is(sept.leavesIn(262_144 + 1024 + 7, 524_288), 2);
});

test("a leaf is broken up where a page inside begins", () => {
  const sept = new SecureEpt();
  sept.map(0, 262_144, 2);
  assert.is(sept.demoteBefore(0), undefined);
  assert.is(sept.demoteBefore(1024 + 3), 1);
  assert.is(sept.leavesIn(0, 262_144), 512);
  assert.is(sept.demoteBefore(1024), undefined);
  assert.is(sept.demoteBefore(1024 + 3), 0);
  assert.is(sept.demoteBefore(1024 + 3), undefined);
  assert.is(sept.leavesIn(0, 262_144), 511 + 512);
  assert.is(sept.mapped.size, 262_144);
});

test("where no page is, no leaf is broken up", () => {
  assert.is(new SecureEpt().demoteBefore(3), undefined);
});

test.run();
