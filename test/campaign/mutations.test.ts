import { dirname } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { findTestFiles } from "../harness/driver.js";
import { MUTATIONS } from "./mutations.js";
import { placeMutations, rooms } from "./place-mutations.js";

const test = suite("campaign: mutations");

const root = dirname(dirname(import.meta.dirname));
const { placed, stale } = placeMutations(root, MUTATIONS);

test("the text of every fault stands once in the sources, and the tests that ought to notice exist", () => {
  assert.equal(stale, []);
  assert.equal(findTestFiles(root, [...new Set(MUTATIONS.flatMap(({ tests }) => tests))]).unmatched, []);
  assert.equal(
    MUTATIONS.filter(({ find, replace, tests }) => find === replace || tests.length === 0),
    [],
  );
});

test("there are sixty faults at least, three at least in every room", () => {
  assert.ok(placed.length >= 60, `${placed.length}`);
  const few = rooms(root).filter((room) => placed.filter((one) => one.room === room).length < 3);
  assert.equal(few, []);
});

test.run();
