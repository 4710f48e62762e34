import { suite } from "uvu";
import * as assert from "uvu/assert";
import { labSteps } from "../../src/verify/lab-steps.js";
import { Step } from "../../src/verify/steps.js";
import { LabKind, LabMark } from "../../src/workload/lab-log.js";
import { LINUX_6_12 } from "../linux/releases.js";
import { logOf } from "./lab-log-of.js";

const test = suite("verify: when a step of a log took effect");

const { ALLOC, FREE, FREE_BATCHED, FREE_BUDDY, ZONE_LOCKED, DRAIN, MARK, ACCEPT_PAGE } = LabKind;

test("frees of an interrupt come after the allocation whose refill they follow", () => {
  const steps = labSteps(
    logOf([ZONE_LOCKED, { pfn: 1 }], [FREE, { pfn: 9 }], [ALLOC, { pfn: 1 }]),
    LINUX_6_12,
  );
  assert.equal([...steps.sequence()], [2, 1]);
  assert.is(steps.interruptedAllocations, 1);
});

test("an allocation of an interrupt comes within the one it interrupts", () => {
  const steps = labSteps(
    logOf(
      [ZONE_LOCKED, { order: 0, pfn: 1 }],
      [FREE, { pfn: 9 }],
      [ZONE_LOCKED, { order: 2, pfn: 4 }],
      [ALLOC, { order: 2, pfn: 4 }],
      [ALLOC, { order: 0, pfn: 1 }],
    ),
    LINUX_6_12,
  );
  assert.equal([...steps.sequence()], [4, 1, 3]);
});

test("another CPU's refill in between is its own", () => {
  const steps = labSteps(
    logOf(
      [ZONE_LOCKED, { cpu: 0, pfn: 1 }],
      [ZONE_LOCKED, { cpu: 1, pfn: 2 }],
      [ALLOC, { cpu: 1, pfn: 2 }],
      [ALLOC, { cpu: 0, pfn: 1 }],
    ),
    LINUX_6_12,
  );
  assert.equal([...steps.sequence()], [3, 2]);
  assert.is(steps.interleavedSteps, 1);
});

test("a free that reaches the buddy lists although its order has a per-CPU list found that list locked", () => {
  const steps = labSteps(logOf([FREE, { order: 2, pfn: 8 }], [FREE_BUDDY, { order: 2, pfn: 8 }]), LINUX_6_12);
  assert.equal([...steps.step], [Step.NONE, Step.FREE_LOCKED]);
  assert.is(steps.lockedFrees, 1);
});

test("a large block always goes straight to the buddy lists", () => {
  const steps = labSteps(
    logOf([FREE, { order: 5, pfn: 32 }], [FREE_BUDDY, { order: 5, pfn: 32 }]),
    LINUX_6_12,
  );
  assert.equal([...steps.step], [Step.NONE, Step.FREE]);
  assert.is(steps.lockedFrees, 0);
});

test("a batch of frees takes effect page by page, behind the last of its lines", () => {
  const steps = labSteps(
    logOf([FREE, { pfn: 1 }], [FREE, { pfn: 2 }], [FREE_BATCHED, { pfn: 2 }], [FREE_BATCHED, { pfn: 1 }]),
    LINUX_6_12,
  );
  assert.equal([...steps.sequence()], [2, 3]);
});

test("a page that is freed, allocated and freed again has two frees", () => {
  const steps = labSteps(
    logOf([FREE, { pfn: 1 }], [ALLOC, { pfn: 1 }], [FREE, { pfn: 1 }], [FREE_BATCHED, { pfn: 1 }]),
    LINUX_6_12,
  );
  assert.equal([...steps.step], [Step.FREE, Step.ALLOC, Step.NONE, Step.FREE]);
});

test("an accepted block is freed by the allocator, not by a request", () => {
  const steps = labSteps(
    logOf(
      [ACCEPT_PAGE, { order: 10, pfn: 1024 }],
      [FREE, { order: 10, pfn: 1024 }],
      [FREE_BUDDY, { order: 10, pfn: 1024, a: 2 }],
      [ALLOC, { pfn: 1024 }],
    ),
    LINUX_6_12,
  );
  assert.equal([...steps.sequence()], [3]);
  assert.is(steps.effect[3], 0);
});

test("a free takes effect when it drains, after what another CPU did since its line", () => {
  const steps = labSteps(
    logOf(
      [FREE, { cpu: 0, pfn: 1 }],
      [ALLOC, { cpu: 1, pfn: 7 }],
      [MARK, { cpu: 0, order: LabMark.PCP_DRAIN, a: 2 }],
      [DRAIN, { cpu: 0, pfn: 5 }],
      [DRAIN, { cpu: 0, pfn: 4 }],
    ),
    LINUX_6_12,
  );
  assert.equal([...steps.sequence()], [1, 0]);
  assert.is(steps.moved[0], 2);
});

test("a drain that no free asked for is the timer's", () => {
  const steps = labSteps(
    logOf([ALLOC, { pfn: 1 }], [MARK, { order: LabMark.PCP_DRAIN, a: 1 }], [DRAIN, { pfn: 5 }]),
    LINUX_6_12,
  );
  assert.equal([...steps.step], [Step.ALLOC, Step.TIMER_DRAIN, Step.NONE]);
});

test("a decay drains batch after batch", () => {
  const drain = [MARK, { order: LabMark.PCP_DRAIN, a: 1 }] as const;
  const steps = labSteps(
    logOf([MARK, { order: LabMark.PCP_DECAY }], drain, [DRAIN, { pfn: 5 }], drain, [DRAIN, { pfn: 4 }]),
    LINUX_6_12,
  );
  assert.equal([...steps.step], [Step.DECAY, Step.NONE, Step.NONE, Step.NONE, Step.NONE]);
  assert.is(steps.moved[0], 2);
});

test.run();
