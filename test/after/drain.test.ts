// Takes 3 s.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AllocationWaits } from "../../src/accept/waits.js";
import { drainMemory } from "../../src/after/drain.js";
import { loadScenarios } from "../../src/cli/load.js";
import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { NO_PAGE } from "../../src/page-alloc/page-frames.js";
import type { RunResult } from "../../src/results/row.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { COST_EVENT_NAMES, CostEvent } from "../../src/sim/cost-events.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { GuestEnded } from "../../src/sim/guest-ended.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB, MiB } from "../../src/units.js";
import { LOADER } from "../loader.js";

const test = suite("workload: drain");

const [ACCEPT_NS, TOUCH_NS] = [1000, 7];

/** An allocator that accepts a block of some pages for every so many faults, and notes who asked. */
class Blocks {
  readonly zones: { unacceptedPages: number; managedPages: number }[];
  readonly cpus: number[] = [];
  readonly lastFailure = "would reclaim";
  readonly gfpAllowedMask = -1;
  readonly #faultsOfBlock: readonly number[];
  readonly #ledger: CostLedger;
  #block = 0;
  #left = 0;

  constructor(faultsOfBlock: readonly number[], ledger: CostLedger) {
    this.#faultsOfBlock = faultsOfBlock;
    this.#ledger = ledger;
    const managedPages = 0;
    this.zones = [0, faultsOfBlock.length * 1024].map((unacceptedPages) => ({
      unacceptedPages,
      managedPages,
    }));
  }

  allocPages(_gfp: number, _order: number, _nodeId: number, cpu: number): number {
    this.cpus.push(cpu);
    if (this.#left === 0) {
      const faults = this.#faultsOfBlock[this.#block++]!;
      if (faults < 0) return NO_PAGE;
      this.#left = faults;
      this.zones[1]!.unacceptedPages -= 1024;
      this.#ledger.charge(CostEvent.acceptZero4k, 1);
    }
    this.#left--;
    return this.cpus.length;
  }
}

function machine(cpus: number, faultsOfBlock: readonly number[]) {
  const ns = new Float64Array(COST_EVENT_NAMES.length);
  ns[CostEvent.acceptZero4k] = ACCEPT_NS;
  ns[CostEvent.userTouch4k] = TOUCH_NS;
  const ledger = new CostLedger({ ns, assumed: new Uint8Array(COST_EVENT_NAMES.length) });
  const clock = new GuestClock(new VirtualCpus(cpus), ledger);
  const blocks = new Blocks(faultsOfBlock, ledger);
  const waits = new AllocationWaits();
  const options = {
    allocator: blocks as unknown as PageAllocator,
    clock,
    waits,
    cpuNodes: Array.from({ length: cpus }, () => 0),
  };
  return { clock, blocks, waits, options };
}

test("one worker: every fault is a touch, and the last block ends it", () => {
  const { blocks, waits, options } = machine(4, [3, 3, 3]);
  const result = drainMemory(1, options);
  // Two whole blocks, and the first page of the third.
  assert.equal(blocks.cpus, [0, 0, 0, 0, 0, 0, 0]);
  assert.equal(result, {
    workers: 1,
    unacceptedBytes: 3 * 4 * 2 ** 20,
    timeNs: 3 * ACCEPT_NS + 7 * TOUCH_NS,
  });
  assert.is(waits.boot.summary().count, 3);
});

test("workers start together, when the busiest CPU is done, and go on where one is furthest behind", () => {
  const { clock, blocks, options } = machine(3, [1, 1, 2, 1]);
  clock.cpus.advance(2, 500);
  const { timeNs } = drainMemory(3, options);
  assert.equal(blocks.cpus, [0, 1, 2, 0, 1]);
  // CPU 1 had one block, and the last one after it.
  assert.is(timeNs, 2 * (ACCEPT_NS + TOUCH_NS));
  assert.is(clock.cpus.timeNs[1], 500 + timeNs);
});

test("more workers than CPUs are as many as there are CPUs", () => {
  const [few, many] = [machine(2, [5, 9, 2, 4]), machine(2, [5, 9, 2, 4])];
  assert.is(drainMemory(2, few.options).timeNs, drainMemory(7, many.options).timeNs);
  assert.equal(few.blocks.cpus, many.blocks.cpus);
});

test("with nothing to accept it is over at once", () => {
  const { blocks, options } = machine(2, []);
  assert.equal(drainMemory(2, options), { workers: 2, unacceptedBytes: 0, timeNs: 0 });
  assert.equal(blocks.cpus, []);
});

test("memory that ends first is an error", () => {
  const { options } = machine(1, [2, -1]);
  assert.throws(
    () => drainMemory(1, options),
    (error: Error) =>
      error instanceof GuestEnded &&
      error.outcome === "oom" &&
      /^the drain's request of order 0 .* found no page/.test(error.message),
  );
});

test("the order of CPUs is that of the first of those furthest behind, looked for at every fault", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 7 }),
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 12 }),
      (cpus, workers, faultsOfBlock) => {
        const { clock, blocks, options } = machine(cpus, faultsOfBlock);
        const { timeNs } = drainMemory(workers, options);
        const times: number[] = Array.from({ length: Math.min(cpus, workers) }, () => 0);
        const order: number[] = [];
        for (const [block, faults] of faultsOfBlock.entries()) {
          const last = block === faultsOfBlock.length - 1;
          for (let fault = 0; fault < (last ? 1 : faults); fault++) {
            const cpu = times.indexOf(Math.min(...times));
            order.push(cpu);
            times[cpu]! += (fault === 0 ? ACCEPT_NS : 0) + TOUCH_NS;
          }
        }
        assert.equal(blocks.cpus, order);
        assert.is(timeNs, Math.max(...times));
        assert.equal([...clock.cpus.timeNs].slice(0, times.length), times);
      },
    ),
    { numRuns: 100 },
  );
});

function booted(...assignments: string[]): RunResult {
  const given = ["platform=tdx", "policy=lazy", "memory=4GiB", ...assignments];
  const [{ scenario, recording }] = loadScenarios(["workloads/boot.yaml"], given.map(parseAssignment), {
    loader: LOADER,
  }) as [ReturnType<typeof loadScenarios>[number]];
  return runScenario(scenario, recording, { check: true });
}

test("a guest that is drained has all its memory accepted, at the price of accepting it and of touching pages", () => {
  const before = booted();
  const after = booted("drain.workers=1");
  const { unacceptedBytes, timeNs } = after.drain!;
  assert.is(after.outcome, "ready");
  assert.is(after.bootTimeNs, before.bootTimeNs);
  // Of the first block the boot may have accepted a part, as of what lies behind its own memory.
  const partBytes = unacceptedBytes - (after.acceptedBytes - before.acceptedBytes);
  assert.ok(partBytes >= 0 && partBytes < 4 * MiB);
  assert.ok(unacceptedBytes > GiB && unacceptedBytes < 3 * GiB);
  const paid = (name: string): number => (after.costs[name] ?? 0) - (before.costs[name] ?? 0);
  const pricesNs = {
    tdcall: 800,
    tdcallMismatch: 800,
    eptViolation4k: 8_000,
    acceptZero4k: 1_700,
    septAdd: 3_000,
  };
  const acceptNs = Object.entries(pricesNs).reduce((sum, [name, ns]) => sum + paid(name) * ns, 0);
  assert.is(timeNs, acceptNs + 3_500 * paid("userTouch4k"));
  assert.is(before.drain, undefined);
});

test("where memory ends before all is accepted, the guest is out of memory", () => {
  // The zone below 4 GiB keeps its last block for requests that can only be served there.
  const result = booted("memory=8GiB", "firmware.preAcceptLimit=512MiB", "drain.workers=1");
  assert.is(result.outcome, "oom");
  assert.match(
    result.reason!,
    /^the drain's request of .* found no page .* DMA32 36.4 MiB free \(4 MiB unaccepted\), of which it has to leave 12.9 MiB min watermark and 23.4 MiB lowmem reserve/,
  );
  assert.is(result.drain, undefined);
});

test.run();
