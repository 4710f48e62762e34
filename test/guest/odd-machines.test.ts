// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { processUnacceptedMemory } from "../../src/efistub/unaccepted-memory.js";
import { UnacceptedTable } from "../../src/efistub/unaccepted-table.js";
import { type Kernel, startKernel } from "../../src/guest/kernel.js";
import { deferredInit } from "../../src/guest/page-alloc-init-late.js";
import { SMALL_6_12_107 } from "../../src/linux/kernel-build.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { reservedPfnRanges } from "../../src/memblock/hand-over.js";
import {
  cpuComesOnline,
  initPerZoneWmarkMin,
  raiseForHugePages,
  setupPerCpuPageset,
} from "../../src/page-alloc/boot-stages.js";
import { verifyInvariants } from "../../src/page-alloc/invariants.js";
import { NO_PAGE } from "../../src/page-alloc/page-frames.js";
import { pcpIndexOrder } from "../../src/page-alloc/pcp.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import {
  type AddressRange,
  asPfn,
  asPhys,
  GiB,
  KiB,
  MiB,
  PAGE_SIZE,
  pfnDown,
  roundDown,
  roundUp,
  UNIT_SIZE,
} from "../../src/units.js";
import { RecordedAcceptance } from "../../src/verify/acceptance.js";
import { pfnsOn } from "../../src/verify/page-place.js";
import { plainMachine, q35Map } from "./machines.js";
import { runBoot } from "./run-boot.js";

/*
 * Kernels on machines whose memory ends anywhere, unaccepted in ranges that begin and end anywhere:
 * each page of memory is in one place, and nothing that is free or in use is unaccepted.
 */
const test = suite("guest: machines of odd sizes");

const KERNEL: AddressRange = { start: 0x100_0000, end: 0x4c2_6000 };
const ANYWHERE = Number.POSITIVE_INFINITY;

interface OddMachine {
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly nodes: number;
  readonly lazy: boolean;
  readonly unaccepted: readonly AddressRange[];
}

/** The stub's table for the parts of RAM in the ranges, without the kernel image. */
function tableFor({ memoryBytes, unaccepted }: OddMachine): UnacceptedTable | undefined {
  const ram = q35Map(memoryBytes).filter(({ start, type }) => type === 1 && start > 0);
  const ranges = unaccepted.flatMap((range) =>
    ram.flatMap((entry) => {
      const start = Math.max(range.start, entry.start);
      const end = Math.min(range.end, entry.end);
      return start < end ? [{ start, end }] : [];
    }),
  );
  if (ranges.length === 0) return undefined;
  const physBase = roundDown(ranges[0]!.start, UNIT_SIZE);
  const table = new UnacceptedTable(physBase, Math.ceil((ranges.at(-1)!.end - physBase) / (8 * UNIT_SIZE)));
  for (const { start, end } of ranges)
    processUnacceptedMemory(table, asPhys(start), asPhys(end), { acceptMemory: () => {} });
  const first = Math.max(0, (roundDown(KERNEL.start, UNIT_SIZE) - physBase) / UNIT_SIZE);
  const last = Math.min(table.unitCount, (roundUp(KERNEL.end, UNIT_SIZE) - physBase) / UNIT_SIZE);
  if (first < last) table.clearRange(first, last);
  return table;
}

/** Boots as far as the allocator goes and has all CPUs allocate. */
function boot(odd: OddMachine, table: UnacceptedTable | undefined): Kernel {
  const { memoryBytes, cpus, nodes } = odd;
  const border = roundDown(memoryBytes / 2, 4 * MiB);
  const ram = q35Map(memoryBytes).filter(({ type }) => type === 1);
  const numaBlocks = ram.flatMap(({ start, end }) =>
    [
      { nid: 0, start, end: Math.min(end, border) },
      { nid: 1, start: Math.max(start, border), end },
    ].filter((block) => block.start < block.end),
  );
  const cpuNodes = Array.from({ length: cpus }, (_, cpu) => cpu % nodes);
  const machine = plainMachine(memoryBytes, { cpuNodes, numaBlocks: nodes === 1 ? [] : numaBlocks });
  const clock = new GuestClock(new VirtualCpus(cpus), new CostLedger());
  const acceptance = new RecordedAcceptance(table);
  const kernel = startKernel({
    machine,
    build: SMALL_6_12_107,
    rules: kernelRules("6.12"),
    acceptance,
    lazy: odd.lazy,
    clock,
  });
  const { allocator } = kernel;
  setupPerCpuPageset(allocator, cpuNodes.slice(0, 1));
  for (let cpu = 1; cpu < cpus; cpu++) cpuComesOnline(allocator, cpuNodes.slice(0, cpu));
  for (let order = 0; order < 50; order++) allocator.allocPages(0xcc0, order % 4, 0, 0);
  deferredInit(kernel);
  raiseForHugePages(allocator, initPerZoneWmarkMin(allocator, cpuNodes), cpuNodes);
  for (let request = 0; request < 3000; request++) {
    const cpu = request % cpus;
    const order = request % 7 === 0 ? request % 10 : 0;
    const page = allocator.allocPages(request % 2 === 0 ? 0xcc0 : 0x100cca, order, cpuNodes[cpu]!, cpu);
    if (request % 3 === 0 && page !== NO_PAGE) allocator.freePages(page, order, cpu);
  }
  return kernel;
}

/** Where each page of memory is: 1 free, 2 waiting for acceptance, 3 allocated, 4 reserved. */
function whereabouts({ allocator, early }: Kernel): Uint8Array {
  const { frames, zones } = allocator;
  const where = new Uint8Array(Math.max(...zones.map(({ endPfn }) => endPfn)));
  const put = (pfn: number, pages: number, place: number): void => {
    for (let at = pfn; at < pfn + pages; at++) {
      if (where[at] !== 0 && where[at] !== place)
        throw new Error(`pfn 0x${at.toString(16)} is in two places`);
      where[at] = place;
    }
  };
  for (const zone of zones) {
    for (let order = 0; order <= 10; order++) {
      for (let type = 0; type < 6; type++) {
        for (const pfn of pfnsOn(allocator, zone.list(order, type))) put(pfn, 2 ** order, 1);
      }
    }
    for (const pfn of pfnsOn(allocator, zone.unacceptedList)) put(pfn, 1024, 2);
    for (const pcp of zone.pcp) {
      pcp.lists.forEach((list, index) => {
        for (let at = 0; at < list.size; at++) put(frames.pfnOf(list.at(at)), 2 ** pcpIndexOrder(index), 1);
      });
    }
  }
  for (let pfn = 0; pfn < where.length; pfn++) {
    const page = frames.pageOf(asPfn(pfn));
    if (page !== NO_PAGE && frames.isAllocated(page)) put(pfn, 1, 3);
  }
  for (const { startPfn, endPfn } of reservedPfnRanges(early.memblock)) {
    put(startPfn, Math.min(endPfn, where.length) - startPfn, 4);
  }
  return where;
}

function check(odd: OddMachine): void {
  const table = tableFor(odd);
  const kernel = boot(odd, table);
  verifyInvariants(kernel.allocator);
  const where = whereabouts(kernel);
  let managed = 0;
  for (const { startPfn, endPfn } of kernel.early.memblock.memPfnRanges()) {
    for (let pfn = startPfn; pfn < endPfn; pfn++) {
      if (where[pfn] === 0) assert.unreachable(`pfn 0x${pfn.toString(16)} is lost`);
      if (where[pfn] !== 4) managed++;
    }
  }
  assert.is(
    kernel.allocator.zones.reduce((sum, zone) => sum + zone.managedPages, 0),
    managed,
  );
  for (let unit = table?.nextSet(0, table.unitCount) ?? 0; unit < (table?.unitCount ?? 0); ) {
    const start = pfnDown(table!.physBase + unit * UNIT_SIZE);
    for (let pfn = start; pfn < start + UNIT_SIZE / PAGE_SIZE; pfn++) {
      // A unit of a parked block, or of a reservation that nobody has used.
      if (where[pfn] === 1 || where[pfn] === 3) assert.unreachable(`pfn 0x${pfn.toString(16)} is unaccepted`);
    }
    unit = table!.nextSet(unit + 1, table!.unitCount);
  }
}

const PARTLY: readonly AddressRange[] = [
  { start: 131 * MiB, end: 300 * MiB },
  { start: 511 * MiB + 8 * KiB, end: 777 * MiB },
  { start: 4 * GiB + 5 * MiB, end: 4 * GiB + 400 * MiB + 4 * KiB },
];

const UNACCEPTED: Readonly<Record<string, readonly AddressRange[]>> = {
  nothing: [],
  "all above 4 GiB": [{ start: 4 * GiB, end: ANYWHERE }],
  "all above an address inside a unit": [{ start: 129 * MiB + 4 * KiB, end: ANYWHERE }],
  "all around the kernel": [{ start: 8 * MiB + 4 * KiB, end: ANYWHERE }],
  "three ranges": PARTLY,
};

for (const memoryBytes of [1021 * MiB, 2049 * MiB, 3001 * MiB, 2 * GiB + 308 * KiB]) {
  for (const [what, unaccepted] of Object.entries(UNACCEPTED)) {
    test(`${memoryBytes / MiB} MiB, unaccepted: ${what}`, () => {
      for (const lazy of [true, false]) check({ memoryBytes, cpus: 2, nodes: 1, lazy, unaccepted });
    });
  }
}

test("16 GiB, 8 CPUs", () => {
  check({ memoryBytes: 16 * GiB, cpus: 8, nodes: 1, lazy: true, unaccepted: PARTLY });
});

test("3001 MiB on two nodes", () => {
  check({
    memoryBytes: 3001 * MiB,
    cpus: 8,
    nodes: 2,
    lazy: true,
    unaccepted: [{ start: 128 * MiB, end: ANYWHERE }],
  });
});

test("an array of memblock that grows as late as its regions get their nodes is not freed twice", () => {
  const run = runBoot("platform=tdx", "policy=lazy", "memory=2817MiB", "vcpus=89");
  assert.is(run.outcome, "ready");
});

test.run();
