import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkRecords, labSteps } from "../../src/verify/lab-steps.js";
import { Step } from "../../src/verify/steps.js";
import { FreeFlag, LabKind, type LabLog, LabMark, tellsKswapd } from "../../src/workload/lab-log.js";
import { LINUX_6_12, LINUX_7_3 } from "../linux/releases.js";
import { logOf } from "./lab-log-of.js";

const test = suite("verify: steps of a log of Linux 7.3");

const { NONE, FREE: FREED, FREE_LOCKED, TIMER_DRAIN, DRAIN_REST } = Step;
const { PREPARED, NO_LOCK, TO_TAIL } = FreeFlag;

function stepsOf(log: LabLog): number[] {
  return [...labSteps(log, LINUX_7_3).step];
}

test("pages of a range are prepared one by one, and freed in blocks", () => {
  const log = logOf(
    [LabKind.FREE, { pfn: 3, a: PREPARED }],
    [LabKind.FREE, { pfn: 4, a: PREPARED }],
    [LabKind.FREE, { pfn: 5, a: PREPARED }],
    [LabKind.FREE_PREPARED, { pfn: 3 }],
    [LabKind.FREE_PREPARED, { pfn: 4, order: 1 }],
    [LabKind.FREE_BUDDY, { pfn: 4, order: 1 }],
  );
  assert.equal(stepsOf(log), [NONE, NONE, NONE, FREED, NONE, FREE_LOCKED]);
});

test("a page that compaction holds again was only prepared", () => {
  const log = logOf([LabKind.FREE, { pfn: 8, a: PREPARED }], [LabKind.COMPACT, { pfn: 8, a: 1 }]);
  assert.equal(stepsOf(log), [NONE, NONE]);
});

test("frees that must not wait reach the lists, or are put off until an ordinary one comes", () => {
  const log = logOf(
    [LabKind.FREE, { pfn: 1, a: NO_LOCK }],
    [LabKind.FREE, { pfn: 2, a: NO_LOCK }],
    [LabKind.PUT_OFF, { pfn: 2 }],
    [LabKind.FREE, { pfn: 32, order: 5 }],
    [LabKind.FREE_BUDDY, { pfn: 2, a: PREPARED }],
    [LabKind.FREE_BUDDY, { pfn: 32, order: 5 }],
  );
  assert.equal(stepsOf(log), [Step.FREE_NO_LOCK, NONE, Step.FREE_PUT_OFF, NONE, NONE, FREED]);
});

test("allocations that found their list locked, that must not wait, or whose page was caught", () => {
  const log = logOf(
    [LabKind.TRY_FAILED, { a: 0 }],
    [LabKind.ZONE_LOCKED, { pfn: 1 }],
    [LabKind.ALLOC, { pfn: 1 }],
    [LabKind.ALLOC, { pfn: 2, allocFlags: 0x400 }],
    [LabKind.CAPTURE, { pfn: 16, order: 4 }],
    [LabKind.FREE_BUDDY, { pfn: 16, order: 4, a: TO_TAIL }],
    [LabKind.ALLOC, { pfn: 16, order: 4 }],
    [LabKind.TRY_FAILED, { a: 1 }],
    [LabKind.ALLOC, { pfn: 3 }],
  );
  const steps = labSteps(log, LINUX_7_3);
  assert.equal(
    [2, 3, 6, 8].map((record) => steps.step[record]),
    [Step.ALLOC_LOCKED, Step.ALLOC_NO_LOCK, Step.ALLOC_CAPTURED, Step.ALLOC],
  );
  // A block is caught once the free that it comes from is through.
  assert.equal([steps.step[4], steps.effect[4]], [Step.CAPTURE, 5]);
});

test("claims belong to the allocation that tries them", () => {
  const log = logOf(
    [LabKind.ZONE_LOCKED, { pfn: 1, type: 1 }],
    [LabKind.CLAIM_TRY, { pfn: 256, order: 8, type: 1, a: 448, b: 2 }],
    [LabKind.ZONE_LOCKED, { pfn: 256, type: 1 }],
    [LabKind.EXTFRAG, { pfn: 256, type: 1, a: 8 | (2 << 8) | (1 << 16) }],
    [LabKind.ALLOC, { pfn: 1, a: 8 }],
  );
  const steps = labSteps(log, LINUX_7_3);
  assert.equal([...steps.claims], [[0, [1]]]);
  assert.is(steps.moved[4], 2, "the claimed block has a record as taken, too");
});

const batch = (left: number, held: number, pfn = 1): readonly [number, { [name: string]: number }] => [
  LabKind.MARK,
  { order: LabMark.PCP_DRAIN, a: left, b: held, pfn, type: 2 },
];
const drained = (pfn: number): readonly [number, { pfn: number }] => [LabKind.DRAIN, { pfn }];

test("batches of a drain are one step, in 7.3", () => {
  const log = logOf([LabKind.FREE, { pfn: 9 }], batch(1, 9), drained(1), batch(1, 8), drained(2));
  assert.equal(stepsOf(log), [FREED, NONE, NONE, NONE, NONE]);
  assert.is(labSteps(log, LINUX_7_3).moved[0], 2);
  assert.is([...labSteps(log, LINUX_6_12).step][3], TIMER_DRAIN);
});

test("a drain that an interrupt cuts goes on as a step of its own", () => {
  const log = logOf(
    [LabKind.FREE, { pfn: 9 }],
    batch(1, 9),
    drained(1),
    [LabKind.FREE, { pfn: 7 }],
    [LabKind.TRY_FAILED, { a: 1 }],
    [LabKind.FREE_BUDDY, { pfn: 7 }],
    batch(1, 8),
    drained(2),
    batch(1, 7),
    drained(3),
  );
  const steps = labSteps(log, LINUX_7_3);
  assert.equal([steps.step[0], steps.step[5], steps.step[6]], [FREED, FREE_LOCKED, DRAIN_REST]);
  assert.equal([...steps.cutDrains], [[0, 1]]);
  assert.equal([steps.moved[0], steps.moved[6]], [1, 2]);
});

test("a drain that another task's free to the same list precedes is that one's", () => {
  const log = logOf(
    [LabKind.FREE, { pfn: 9 }],
    batch(1, 9),
    drained(1),
    [LabKind.FREE, { pfn: 7 }],
    batch(1, 9),
    drained(2),
  );
  assert.equal([...labSteps(log, LINUX_7_3).moved.subarray(0, 4)], [1, 0, 0, 1]);
});

test("a drain that loses its list is cut there", () => {
  const log = logOf([LabKind.FREE, { pfn: 9 }], batch(1, 9), drained(1), [
    LabKind.COMMIT_LOST,
    { pfn: 5, type: 2 },
  ]);
  assert.equal([...labSteps(log, LINUX_7_3).cutDrains], [[0, 1]]);
});

test("a CPU's lists drain for another CPU", () => {
  const log = logOf([LabKind.DRAIN_CPU, { a: 1, pfn: 2, type: 2 }], batch(2, 2, 0), drained(1), drained(2));
  const steps = labSteps(log, LINUX_7_3);
  assert.equal([...steps.step], [Step.DRAIN_CPU, NONE, NONE, NONE]);
  assert.is(steps.moved[0], 2);
});

test("of the boosts in one allocation the last shows, when it is through; what kswapd takes away at once", () => {
  const log = logOf(
    [LabKind.BOOST, { type: 1, a: 512 }],
    [LabKind.BOOST, { type: 1, a: 1024 }],
    [LabKind.ALLOC, { pfn: 1 }],
    [LabKind.BOOST, { type: 1, a: 0, b: 1 }],
  );
  const steps = labSteps(log, LINUX_7_3);
  assert.equal([...steps.step], [NONE, Step.BOOSTED, Step.ALLOC, Step.KSWAPD_BOOST]);
  assert.equal([...steps.sequence()], [2, 1, 3]);
});

test("memory by which a zone grows within a request is not handed over again", () => {
  const log = logOf(
    [LabKind.ALLOC, { pfn: 1 }],
    [LabKind.INIT_FREE, { pfn: 1024, order: 10 }],
    [LabKind.GROW_ZONE, { pfn: 1024, b: 2048, a: 1024, type: 2 }],
    [LabKind.ZONE_LOCKED, { pfn: 1024 }],
    [LabKind.ALLOC, { pfn: 1024 }],
    [LabKind.INIT_FREE, { pfn: 2048, order: 10 }],
  );
  const steps = labSteps(log, LINUX_7_3);
  assert.equal([...steps.step], [Step.ALLOC, NONE, Step.GROWN, NONE, Step.ALLOC, Step.RELEASE]);
  assert.equal([...steps.sequence()], [0, 4, 2, 5]);
});

const MACHINE = { zones: [{ startPfn: 0, endPfn: 4096, nodeId: 0, type: 2 as const }], cpus: 2 };

test("records that no kernel writes", () => {
  const wrong = (kind: number, fields: Parameters<typeof logOf>[0][1]): string | undefined => {
    const { records } = checkRecords(logOf([kind, fields]), MACHINE, 1);
    return (
      records.firstDivergence && `${records.firstDivergence.expected}, not ${records.firstDivergence.found}`
    );
  };
  const zone = { type: 2 };
  const isOne: readonly Parameters<typeof logOf>[0][] = [
    [LabKind.FREE_PREPARED, { pfn: 4, order: 2 }],
    [LabKind.MOVE_FREE, { pfn: 1024, order: 10, a: 1 }],
    [LabKind.CLAIM_TRY, { pfn: 256, order: 8, a: 500 | (12 << 16), b: 2 | (3 << 8) }],
    [LabKind.CLAIM_TRY, { pfn: 256, order: 8, a: 0xffffffff }],
    [LabKind.BOOST, zone],
    [LabKind.RECLAIM_ACTIVE, { ...zone, a: 1 }],
    [LabKind.PCP_FLAGS, { ...zone, pfn: 1 }],
    [LabKind.DRAIN_CPU, { ...zone, a: 1 }],
    [LabKind.GROW_ZONE, { ...zone, pfn: 1024, b: 2048 }],
  ];
  for (const [kind, fields] of isOne) assert.is(wrong(kind, fields), undefined, `${kind}`);
  for (const [kind, fields, what] of [
    [LabKind.FREE_PREPARED, { pfn: 5, order: 2 }, "a frame that is a multiple of 0x4, not 0x5"],
    [LabKind.MOVE_FREE, { pfn: 1024, order: 10, a: 6 }, "a migrate type below 6, not 6"],
    [
      LabKind.CLAIM_TRY,
      { pfn: 256, order: 8, a: 500 | (13 << 16) },
      "up to 512 pages in a pageblock, not 513",
    ],
    [LabKind.CLAIM_TRY, { pfn: 256, order: 8, b: 6 }, "a migrate type below 6, not 6"],
    [LabKind.BOOST, { type: 1 }, "a zone of this machine, not zone 1 of node 0"],
    [LabKind.RECLAIM_ACTIVE, { ...zone, a: 2 }, "1 for set or 0 for cleared, not 2"],
    [LabKind.PCP_FLAGS, { ...zone, pfn: 2 }, "a CPU below 2, not 2"],
    [LabKind.DRAIN_CPU, { ...zone, a: 2 }, "a CPU below 2, not 2"],
    [LabKind.GROW_ZONE, { ...zone, pfn: 2048, b: 1024 }, "a frame from 0x800 on, not 0x400"],
    [31, {}, "a kind from 1 to 18, or from 32 to 46, not 31"],
    [47, {}, "a kind from 1 to 18, or from 32 to 46, not 47"],
  ] as const) {
    assert.is(wrong(kind, fields), what);
  }
});

test("a log of this kind is told by the flags that each boot sets", () => {
  assert.ok(tellsKswapd(logOf([LabKind.PCP_FLAGS, {}])));
  assert.not(tellsKswapd(logOf([LabKind.ALLOC, {}], [LabKind.ISOLATE, {}])));
});

test.run();
