import { suite } from "uvu";
import * as assert from "uvu/assert";
import { asPfn } from "../../src/units.js";
import { KnownLists } from "../../src/verify/known-lists.js";
import type { Section } from "../../src/verify/steps.js";

const test = suite("verify: which lists a trace has determined");

const CPU = 0;
const ZONE = 1;
/** Index of the movable order-0 list (order * MIGRATE_PCPTYPES + type). */
const INDEX = 1;

function section(order: number, ...pfns: number[]): Section {
  return { start: 0, zone: ZONE, order, type: 1, pfns: pfns.map(asPfn) };
}

test("at the start of a boot every list is known, between traces none", () => {
  assert.ok(new KnownLists(true).allocated(ZONE, CPU, INDEX, 0x10));
  assert.not(new KnownLists(false).allocated(ZONE, CPU, INDEX, 0x10));
});

test("a page freed within the trace lies on top of what is not known", () => {
  const lists = new KnownLists(false);
  lists.freed(ZONE, CPU, INDEX, 0x10);
  assert.ok(lists.allocated(ZONE, CPU, INDEX, 0x10));
  assert.not(lists.allocated(ZONE, CPU, INDEX, 0x11), "below it is what lay there before");
});

test("that the kernel passes by a page freed within the trace is no excuse", () => {
  const lists = new KnownLists(false);
  lists.freed(ZONE, CPU, INDEX, 0x10);
  assert.ok(lists.allocated(ZONE, CPU, INDEX, 0x99));
});

test("a refill empties a list of what is not known", () => {
  const lists = new KnownLists(false);
  // From a list of order 0 that nobody knows: its pages are no better.
  assert.not(lists.refilled(CPU, section(0, 0x11, 0x23)));
  assert.not(lists.allocated(ZONE, CPU, INDEX, 0x23));
  assert.ok(lists.allocated(ZONE, CPU, INDEX, 0x44), "what else is on the list came within the trace");
});

test("a block that was split says that all smaller lists were empty", () => {
  const lists = new KnownLists(false);
  assert.not(lists.refilled(CPU, section(0, 0x10, 0x11, 0x12, 0x13)), "order 2 itself was not known");
  assert.ok(lists.refilled(CPU, section(0, 0x21)), "order 0 was empty then");
});

test("whole pageblocks are known from the start", () => {
  const lists = new KnownLists(false);
  assert.ok(lists.taken(section(9, 0x200))[0]);
});

test("a drain from the far end that reaches a page of the trace has passed all others", () => {
  const lists = new KnownLists(false);
  lists.freed(ZONE, CPU, INDEX, 0x10);
  lists.freed(ZONE, CPU, INDEX, 0x11);
  lists.drained(ZONE, CPU, 0, 0x99);
  assert.not(lists.allocated(ZONE, 1, INDEX, 0x11), "of another CPU nothing is known");
  lists.drained(ZONE, CPU, 0, 0x10);
  assert.ok(lists.allocated(ZONE, CPU, INDEX, 0x11));
  assert.ok(lists.allocated(ZONE, CPU, INDEX, 0x12));
});

test.run();
