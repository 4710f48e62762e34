// Takes 1 s.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AllocationWaits } from "../../../src/accept/waits.js";
import { kernelRules } from "../../../src/linux/kernel-rules.js";
import { addFreeRun } from "../../../src/page-alloc/buddy.js";
import { PageAllocator } from "../../../src/page-alloc/page-allocator.js";
import { COST_EVENT_NAMES, CostEvent } from "../../../src/sim/cost-events.js";
import { CostLedger } from "../../../src/sim/cost-ledger.js";
import { GuestClock } from "../../../src/sim/guest-clock.js";
import { VirtualCpus } from "../../../src/sim/virtual-cpus.js";
import { GiB, MiB } from "../../../src/units.js";
import { beginsAfterBoot } from "../../../src/workload/after-boot.js";
import {
  GENERATORS,
  generate,
  generateBlocks,
  generatedWorkload,
} from "../../../src/workload/generators/index.js";
import { Replay } from "../../../src/workload/replay.js";
import { RequestKind, type Requests } from "../../../src/workload/requests.js";
import { LINUX_6_12 } from "../../linux/releases.js";
import { heldPages } from "../machine.js";

const test = suite("workload: generators");

const MACHINE = { memoryBytes: 2 * GiB, vcpus: 3, nodes: 1 };

/** A short run of each, and what to change so that it asks for twice as much. */
const SHORT: Readonly<Record<string, { given: Record<string, unknown>; twice: Record<string, unknown> }>> = {
  boot: { given: {}, twice: {} },
  heap: { given: { size: "64MiB", step: "8MiB", pause: "1ms" }, twice: { size: "128MiB" } },
  fork: { given: { processes: 100 }, twice: { processes: 200 } },
  "page-cache": { given: { size: "40MiB" }, twice: { size: "80MiB" } },
  container: { given: { image: "4MiB", heap: "1MiB" }, twice: { containers: 2 } },
  database: { given: { size: "32MiB" }, twice: { size: "64MiB" } },
  model: { given: { size: "64MiB" }, twice: { size: "128MiB" } },
  fragmentation: { given: { size: "8MiB", operations: 20_000 }, twice: { operations: 40_000 } },
  idle: { given: { duration: "10s" }, twice: { duration: "20s" } },
};
/** Generators that choose by chance. */
const RANDOM = ["boot", "fork", "database", "fragmentation", "idle"];

function short(name: string, more: Record<string, unknown> = {}, seed = 1, machine = MACHINE): Requests {
  return generate(generatedWorkload(name, { ...SHORT[name]!.given, ...more }), machine, seed).requests;
}

/** Pages taken in all. */
function pagesTaken({ count, kind, order }: Requests): number {
  let pages = 0;
  for (let i = 0; i < count; i++)
    if (kind[i] === RequestKind.alloc || kind[i] === RequestKind.allocBulk) pages += 2 ** order[i]!;
  return pages;
}

test("every generator is tried here", () => {
  assert.equal(
    GENERATORS.map(({ name }) => name),
    Object.keys(SHORT),
  );
});

for (const { name, boots } of GENERATORS) {
  test(`${name}: handles count from 0 in order, only what is allocated is freed, all of it is counted`, () => {
    const { requests, report } = generate(generatedWorkload(name, SHORT[name]!.given), MACHINE, 7);
    assert.ok(requests.count > 0);
    assert.is(heldPages(requests), report.stillAllocatedPages);
    assert.is(report.allocations + report.inferredBulk, requests.handleCount);
    for (let i = 0; i < requests.count; i++) {
      if (requests.cpu[i]! >= MACHINE.vcpus)
        assert.unreachable(`request ${i} is made by CPU ${requests.cpu[i]}`);
      if (!(requests.thinkNs[i]! >= 0))
        assert.unreachable(`request ${i} comes ${requests.thinkNs[i]} ns later`);
    }
  });

  test(`${name}: the same seed gives the same requests`, () => {
    assert.equal(short(name), short(name));
  });

  test(`${name}: another seed gives others only where something is left to chance`, () => {
    const [one, other] = [short(name, {}, 1), short(name, {}, 2)];
    const equal = one.count === other.count && one.order.every((order, i) => order === other.order[i]);
    const samePlace = equal && one.cpu.every((cpu, i) => cpu === other.cpu[i]);
    assert.is(samePlace && one.gfp.every((gfp, i) => gfp === other.gfp[i]), !RANDOM.includes(name));
  });

  test(`${name}: begins ${boots ? "with a boot" : "on a machine that is up"}`, () => {
    const { recording } = generate(generatedWorkload(name, SHORT[name]!.given), MACHINE, 1);
    assert.is(beginsAfterBoot(recording), !boots);
  });

  test(`${name}: an allocator serves it`, () => {
    const { recording, requests } = generate(generatedWorkload(name, SHORT[name]!.given), MACHINE, 3);
    const allocator = lowMemory(256);
    const free = allocator.zones[0]!.exactFreePages();
    const ns = new Float64Array(COST_EVENT_NAMES.length);
    ns[CostEvent.guestWork] = 1;
    const ledger = new CostLedger({ ns, assumed: new Uint8Array(COST_EVENT_NAMES.length) });
    const replay = new Replay({
      requests,
      allocator,
      clock: new GuestClock(new VirtualCpus(MACHINE.vcpus), ledger),
      waits: new AllocationWaits(),
      vmalloc: kernelRules("6.12").vmalloc,
      timeScale: 1,
      cpuNodes: [0, 0, 0],
      reserved: recording.reserved.map(() => undefined),
    });
    replay.runUntil(requests.count);
    assert.is(replay.counts.failed, 0);
    assert.is(replay.counts.allocations, requests.handleCount);
    assert.is(free - allocator.zones[0]!.exactFreePages() - pagesOnPcp(allocator), heldPages(requests));
  });

  if (boots) continue;
  test(`${name}: twice the work asks for twice the memory`, () => {
    const [once, twice] = [pagesTaken(short(name)), pagesTaken(short(name, SHORT[name]!.twice))];
    assert.ok(Math.abs(twice / once - 2) < 0.05, `${once} pages and ${twice}`);
  });
}

/** A machine of 4 MiB blocks that serve every request, even those for DMA. */
function lowMemory(blocks: number): PageAllocator {
  const pages = blocks * 1024;
  const allocator = new PageAllocator({
    zones: [{ nodeId: 0, type: 0, name: "DMA", startPfn: 0, endPfn: pages, presentPages: pages }],
    zonelists: [[0]],
    nodeZonelists: [[0]],
    cpus: MACHINE.vcpus,
    rules: LINUX_6_12,
    acceptor: { acceptMemory: () => assert.unreachable("nothing is unaccepted") },
    pageblockTypes: { typeAt: () => 1 },
  });
  const zone = allocator.zones[0]!;
  zone.managedPages = pages;
  addFreeRun(zone, 0, blocks, 0);
  return allocator;
}

/** Pages that per-CPU lists hold. */
function pagesOnPcp(allocator: PageAllocator): number {
  return allocator.zones[0]!.pcp.reduce((sum, { count }) => sum + count, 0);
}

test("a long workload comes in blocks that are the whole when put together", () => {
  const workload = generatedWorkload("fork", { processes: 5000 });
  let count = 0;
  let handles = 0;
  let blocks = 0;
  for (const block of generateBlocks(workload, MACHINE, 1)) {
    blocks++;
    count += block.count;
    for (let i = 0; i < block.count; i++)
      if (block.rows.kind[i] === RequestKind.alloc && block.rows.handle[i] !== handles++)
        assert.unreachable("handle");
  }
  const { requests } = generate(workload, MACHINE, 1);
  assert.ok(blocks > 2);
  assert.equal([count, handles], [requests.count, requests.handleCount]);
});

test("marks are counted over all blocks", () => {
  const { requests } = generate(generatedWorkload("boot", {}), { ...MACHINE, vcpus: 1024 }, 1);
  assert.ok(requests.count > 80_000);
  assert.is(requests.kind[requests.marks.smpInit!.request - 1], RequestKind.freeReserved);
});

test("any parameters make requests that hold together", () => {
  const sizes = fc.integer({ min: 2 * MiB, max: 24 * MiB });
  const parts = fc.double({ min: 0, max: 0.4, noNaN: true });
  const workloads = fc.oneof(
    fc.tuple(
      fc.constant("heap"),
      fc.record({
        size: sizes,
        pages: fc.constantFrom("huge", "small"),
        threads: fc.integer({ min: 1, max: 5 }),
      }),
    ),
    fc.tuple(
      fc.constant("page-cache"),
      fc.record({ size: sizes, file: sizes, folioOrder: fc.integer({ min: 0, max: 9 }) }),
    ),
    fc.tuple(
      fc.constant("database"),
      fc.record({ size: sizes, snapshots: fc.integer({ min: 0, max: 3 }), written: parts }),
    ),
    fc.tuple(
      fc.constant("fragmentation"),
      fc.record({ size: sizes, unmovable: parts, reclaimable: parts, operations: fc.constant(2000) }),
    ),
    fc.tuple(
      fc.constant("fork"),
      fc.record({ processes: fc.integer({ min: 1, max: 40 }), together: fc.integer({ min: 1, max: 50 }) }),
    ),
  );
  fc.assert(
    fc.property(workloads, fc.integer({ min: 0, max: 2 ** 32 - 1 }), ([name, given], seed) => {
      const { requests, report } = generate(generatedWorkload(name, given), MACHINE, seed);
      assert.is(heldPages(requests), report.stillAllocatedPages);
    }),
    { numRuns: 40 },
  );
});

test.run();
