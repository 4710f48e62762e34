import { suite } from "uvu";
import * as assert from "uvu/assert";
import { asPfn } from "../../src/units.js";
import { type AcceptDecision, compareAcceptance } from "../../src/verify/acceptance.js";
import { compareReleased } from "../../src/verify/boot-replay.js";
import { compareFinalLists } from "../../src/verify/final-lists.js";
import type { SnapshotZone } from "../../src/verify/snapshot.js";
import type { Comparison } from "../../src/verify/tally.js";
import { LabKind, type LabLog } from "../../src/workload/lab-log.js";
import { allocPfn, GFP_KERNEL, oneZone } from "../page-alloc/machine.js";
import { snapshotOf } from "./snapshot-of.js";

const test = suite("verify: what counts as different");

interface LogRecord {
  readonly kind: number;
  readonly a?: number;
  readonly pfn?: number;
  readonly order?: number;
  readonly bLow?: number;
}

function logOf(records: readonly LogRecord[]): LabLog {
  const none = new Uint8Array(records.length);
  return {
    length: records.length,
    kind: Uint8Array.from(records, ({ kind }) => kind),
    order: Uint8Array.from(records, ({ order = 0 }) => order),
    type: none,
    cpu: none,
    a: Uint32Array.from(records, ({ a = 0 }) => a),
    pfn: Float64Array.from(records, ({ pfn = 0 }) => pfn),
    bLow: Uint32Array.from(records, ({ bLow = 0 }) => bLow),
    bHigh: new Uint32Array(records.length),
  };
}

function comparedDecisions(log: LabLog, decisions: readonly AcceptDecision[]): Comparison {
  return compareAcceptance(log, { accepts: [], requests: [], decisions }).decisions;
}

test("a decision too many is different, one alone as well as several, and so is one too few", () => {
  const decision = { zone: 2, pagesToAccept: 100, heldBackMax: 0 };
  const log = logOf([{ kind: LabKind.COND_ACCEPT, a: 2, bLow: 100 }]);
  for (const [decisions, compared, equal] of [
    [1, 1, 1],
    [2, 2, 1],
    [3, 3, 1],
    [0, 1, 0],
  ] as const) {
    const comparison = comparedDecisions(
      log,
      Array.from({ length: decisions }, () => decision),
    );
    assert.equal([comparison.compared, comparison.equal], [compared, equal], `${decisions} decisions`);
    assert.is(comparison.firstDivergence === undefined, compared === equal);
  }
});

test("a decision is for the same zone and blocks, and apart by no more than CPUs hold back", () => {
  const log = logOf([{ kind: LabKind.COND_ACCEPT, a: 2, bLow: 1024 }]);
  const equal = (zone: number, pagesToAccept: number, heldBackMax: number): number =>
    comparedDecisions(log, [{ zone, pagesToAccept, heldBackMax }]).equal;
  assert.is(equal(2, 1024, 0), 1);
  assert.is(equal(1, 1024, 0), 0);
  assert.is(equal(2, 1000, 24), 1);
  assert.is(equal(2, 1000, 23), 0);
  assert.is(equal(2, 1025, 24), 0, "a block more");
});

test("texts are compared in their order, and what one side has too much is different", () => {
  const { ARCH_ACCEPT, ACCEPT_PAGE } = LabKind;
  const log = logOf([{ kind: ARCH_ACCEPT, bLow: 7 }, { kind: ACCEPT_PAGE }, { kind: ARCH_ACCEPT, bLow: 8 }]);
  const counts = (...ends: string[]): number[] => {
    const accepts = ends.map((end) => `0x0-0x${end}`);
    const { compared, equal } = compareAcceptance(log, { accepts, requests: [], decisions: [] }).accepts;
    return [compared, equal];
  };
  assert.equal(counts("7", "8"), [2, 2]);
  assert.equal(counts("8", "7"), [2, 0]);
  assert.equal(counts("7"), [2, 1]);
  assert.equal(counts("7", "8", "9"), [3, 2]);
});

test("boot memory is the same by its place, its order and whether it waits for acceptance", () => {
  const block = { pfn: 0x400, order: 10, parked: true };
  const log = logOf([{ kind: LabKind.PARK, pfn: 0x400, order: 10 }]);
  assert.is(compareReleased({ released: [block] }, log).equal, 1);
  for (const other of [{ parked: false }, { order: 9 }, { pfn: 0x800 }]) {
    assert.is(compareReleased({ released: [{ ...block, ...other }] }, log).equal, 0, JSON.stringify(other));
  }
  assert.equal(compareReleased({ released: [block, block] }, log).compared, 2);
});

test("a list is the same element by element, and as long", () => {
  const allocator = oneZone(4);
  for (let page = 0; page < 3; page++) allocPfn(allocator, GFP_KERNEL, 4);
  const [whole] = snapshotOf(allocator) as [SnapshotZone];
  const differences = (zone: SnapshotZone): number => {
    const { compared, equal } = compareFinalLists(allocator, [zone], 0);
    return compared - equal;
  };
  assert.is(differences(whole), 0);
  const [key, pfns] = [...whole.free].find(([, list]) => list.length > 1)!;
  for (const other of [pfns.slice(0, -1), pfns.slice(1), [...pfns, asPfn(0)], [...pfns].reverse(), []]) {
    assert.is(differences({ ...whole, free: new Map([...whole.free, [key, other]]) }), 1);
  }
});

test.run();
