import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AcceptMemory } from "../../src/accept/accept-memory.js";
import { AcceptMeter } from "../../src/accept/accept-meter.js";
import { KernelAccept, LockupDetector } from "../../src/accept/kernel-accept.js";
import { priceList, withOverrides } from "../../src/coco/parameters.js";
import { HostMemoryError } from "../../src/coco/platform.js";
import { PLATFORMS } from "../../src/coco/platforms.js";
import { UnacceptedTable } from "../../src/efistub/unaccepted-table.js";
import { GuestMemory } from "../../src/host/guest-memory.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { requestsInTurns } from "../../src/memblock/request-rows.js";
import { type BootAcceptor, BootRelease } from "../../src/page-alloc/release.js";
import { condAcceptMemory, type MemoryAcceptor } from "../../src/page-alloc/unaccepted-list.js";
import type { Zone } from "../../src/page-alloc/zone.js";
import { CostEvent } from "../../src/sim/cost-events.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { asPfn, asPhys, GiB, MiB, PAGE_SIZE, type Page, type PhysAddr } from "../../src/units.js";
import { LINUX_6_12 } from "../linux/releases.js";
import { listed, oneZone } from "../page-alloc/machine.js";
import { leftBy, limitHost, looksAt } from "./watched.js";

const test = suite("accept: blocks that are alike");

/** Where blocks soon come to another GiB and to another 512 GiB, each with a table of its own. */
const BASE = 2047.25 * GiB;
const UNIT = 2 * MiB;

interface Case {
  readonly kind: "tdx" | "snp";
  readonly kernel: string;
  readonly cpus: number;
  readonly blocks: number;
  /** Requests before that, in turns with others for 64 KiB each, and how much each is for. */
  readonly turns: number;
  readonly each: number;
  readonly others: number;
  readonly requestBytes: number;
  /** First block, and blocks before the end that are accepted already. */
  readonly skip: number;
  readonly options: Record<string, boolean | number>;
  readonly prices: Record<string, number>;
  /** Whether the first block is like others, in that the guard of one before it has been accepted. */
  readonly guarded: boolean;
  /** Units, from the first on, that the firmware accepted, or the VMM put there in pages of 4 KiB. */
  readonly accepted: readonly number[];
  readonly launched: readonly number[];
  readonly hostBytes: number | undefined;
  readonly quietNs: number;
  /** Parts of the blocks that are to be accepted, one after the other, where the others wait for the allocator. */
  readonly wanted: readonly number[] | undefined;
  /** A block of these that has frames. */
  readonly placed: number;
  /** Whether idle CPUs delay exits, which is not in whole nanoseconds. */
  readonly ticking: boolean;
  /** Whether the soft lockup detector is at work. */
  readonly watching: boolean;
}

const unit = fc.nat({ max: 1200 });

const CASES: fc.Arbitrary<Case> = fc.record({
  kind: fc.constantFrom("tdx", "snp"),
  kernel: fc.constantFrom("6.5", "6.6", "6.12", "7.3"),
  cpus: fc.constantFrom(1, 1, 3),
  turns: fc.nat({ max: 200 }),
  each: fc.integer({ min: 1, max: 8 }),
  others: fc.constantFrom(0, 1, 7),
  requestBytes: fc.constantFrom(UNIT, 2 * UNIT),
  blocks: fc.integer({ min: 1, max: 600 }),
  skip: fc.nat({ max: 200 }),
  options: fc.record(
    {
      pageSizeBytes: fc.constantFrom(4096, UNIT, GiB),
      contiguity: fc.constantFrom(1, 1, 0.9),
      dynamicPamt: fc.boolean(),
      prefault: fc.boolean(),
      svsm: fc.boolean(),
      coherencyErratum: fc.boolean(),
      clearsInOrder: fc.boolean(),
    },
    { requiredKeys: ["pageSizeBytes"] },
  ),
  prices: fc.dictionary(
    fc.constantFrom("septAddNs", "sharedAccept4kNs", "sharedAccept2mNs", "hostClear4kNs", "pamtAddNs"),
    fc.oneof(fc.nat({ max: 2_000 }), fc.nat({ max: 3e6 }), fc.constantFrom(1234.5, 3e7)),
  ),
  guarded: fc.boolean(),
  accepted: fc.array(unit, { maxLength: 4 }),
  launched: fc.array(unit, { maxLength: 3 }),
  hostBytes: fc.option(fc.integer({ min: 1, max: 2 * GiB }), { nil: undefined, freq: 4 }),
  quietNs: fc.integer({ min: 1, max: 1e9 }),
  ticking: fc.boolean(),
  watching: fc.boolean(),
  wanted: fc.option(fc.array(fc.double({ min: 0.2, max: 1, noNaN: true }), { minLength: 1, maxLength: 2 }), {
    nil: undefined,
    freq: 2,
  }),
  placed: fc.nat({ max: 2000 }),
});

/** All that can be seen of a guest that has handed its blocks over; `asOne` says whether it may do so in one step. */
function handedOver(one: Case, asOne: boolean): unknown {
  const parameters = PLATFORMS[one.kind].parameters;
  const own = Object.entries(one.prices).filter(([name]) => name in parameters);
  const timing = withOverrides(parameters, Object.fromEntries(own));
  const ledger = new CostLedger(priceList(timing));
  const clock = new GuestClock(new VirtualCpus(one.cpus), ledger);
  const supply = {
    get freePages(): number {
      return host.freePages;
    },
    shortage: (pfn: number, launching: boolean) => host.shortage(pfn, launching),
  };
  const options = {
    pageSizeBytes: PAGE_SIZE,
    ...one.options,
    chance: (at: number) => (at % 13) / 13,
    supply,
  };
  const platform = PLATFORMS[one.kind].create(ledger, options);
  const host = new GuestMemory(platform, one.blocks * 4 * MiB, PAGE_SIZE);
  const meter = new AcceptMeter(platform, clock, timing);
  const lockups = new LockupDetector(one.cpus);
  lockups.interruptsOn = true;
  const kernelAccept = new KernelAccept(meter, clock, lockups, kernelRules(one.kernel).acceptMemory);

  // The guard of the last block is there, too.
  const units = (one.skip + one.blocks) * 2 + 1;
  const table = new UnacceptedTable(BASE, Math.ceil(units / 8));
  table.setRange(0, units);
  for (const [at, accept] of [
    ...one.launched.map((at) => [at, (from: number, to: number) => meter.launchPages(from, to)] as const),
    ...(one.guarded ? [one.skip * 2, ...one.accepted] : one.accepted).map(
      (at) => [at, (from: number, to: number) => meter.firmwareAccept(from, to)] as const,
    ),
  ]) {
    if (at >= units || !table.isSet(at)) continue;
    accept(BASE + at * UNIT, BASE + (at + 1) * UNIT);
    table.clearRange(at, at + 1);
  }
  clock.settle(0);
  limitHost(host, one.hostBytes);

  const seen = looksAt(clock, meter, one.quietNs);
  clock.idle.online = one.cpus;
  clock.idle.ticking = one.ticking;

  const acceptance = new AcceptMemory(table, kernelAccept, kernelAccept);
  const acceptor: BootAcceptor = {
    acceptMemory(start, sizeBytes) {
      clock.reschedule();
      acceptance.acceptMemory(start, sizeBytes);
    },
    rangeContainsUnaccepted: (start, sizeBytes) => acceptance.rangeContainsUnaccepted(start, sizeBytes),
    unacceptedRunLength: (pfn, blocks) => acceptance.unacceptedRunLength(pfn, blocks),
    acceptBlocks: (pfn, blocks) => (asOne ? acceptance.acceptBlocks(pfn, blocks, true) : 0),
  };
  const ofAllocator: MemoryAcceptor = asOne
    ? acceptance
    : { acceptMemory: (start, sizeBytes) => acceptance.acceptMemory(start, sizeBytes) };
  // As for the memory map, below the blocks: requests of 2 MiB or 4 MiB, the highest first.
  const { turns, each, requestBytes } = one;
  const room = Math.floor(Math.min(turns, (one.skip * 4 * MiB) / (each * requestBytes)));
  const rows = [
    { start: asPhys(BASE + one.skip * 4 * MiB), sizeBytes: PAGE_SIZE * 16, each: one.others },
    { start: asPhys(BASE), sizeBytes: requestBytes, each },
  ].slice(one.others === 0 ? 1 : 0);
  const request = (start: PhysAddr, bytes: number): void => acceptance.acceptMemory(start, bytes);
  const above = message(() => {
    if (asOne) acceptance.acceptInTurns(room, rows);
    else requestsInTurns(room, rows, request);
  });
  lockups.watching = one.watching;
  const firstPfn = asPfn(BASE / PAGE_SIZE + one.skip * 1024);
  const allocator = oneZone(BASE / (4 * MiB) + one.skip + one.blocks, { acceptor, free: false });
  const zone = allocator.zones[0]!;
  if (one.placed < one.blocks) zone.frames.materialise(BASE / (4 * MiB) + one.skip + one.placed, 0, 1, 1);
  const ended =
    above !== ""
      ? above
      : message(() => {
          new BootRelease(allocator, acceptor, one.wanted !== undefined, 0).maxOrderRun(firstPfn, one.blocks);
          for (const share of one.wanted ?? []) {
            zone.watermark.fill(Math.round(share * one.blocks * 1024));
            condAcceptMemory(zone, 0, ofAllocator, LINUX_6_12, 0, false);
          }
        });
  // What comes after meets what the blocks left: locks, the channel, the time of the CPU.
  const after =
    ended !== "" ? ended : message(() => acceptance.acceptMemory(asPhys(BASE), (one.skip * 4 + 4) * MiB));
  clock.settle(0);
  const others = Array.from({ length: after === "" ? one.cpus - 1 : 0 }, (_, at) => {
    clock.begin(at + 1);
    const why = message(() => {
      meter.firmwareAccept(BASE + 8 * GiB + at * UNIT, BASE + 8 * GiB + (at + 1) * UNIT);
      acceptance.acceptMemory(asPhys(BASE + (one.skip + 100 * at) * 4 * MiB), 8 * MiB);
    });
    return [why, clock.settle(at + 1)];
  });
  return {
    ended,
    after,
    others,
    seen,
    ...leftBy(
      { ledger, clock, platform, host, meter, lockups, kernelAccept, table, acceptance },
      BASE,
      BASE + units * UNIT,
    ),
    zone: [zone.freePages, zone.unacceptedPages, zone.nrFree[10]],
    lists: [listed(allocator, 10, 1), entries(zone, zone.list(10, 1)), entries(zone, zone.unacceptedList)],
  };
}

/** How many entries a list has: runs without frames are one. */
function entries({ frames }: Zone, list: Page): number {
  let count = 0;
  for (let node = frames.next[list]!; node !== list; node = frames.next[node]!) count++;
  return count;
}

function message(run: () => void): string {
  try {
    run();
    return "";
  } catch (error) {
    if (error instanceof HostMemoryError) return error.message;
    throw error;
  }
}

test("blocks that are accepted as one leave everything as blocks that are accepted one by one", () => {
  fc.assert(
    fc.property(CASES, (one) => {
      assert.equal(handedOver(one, true), handedOver(one, false));
    }),
    { numRuns: 150 },
  );
});

test("256 TiB are accepted in a few steps", () => {
  const ledger = new CostLedger(priceList(PLATFORMS.tdx.parameters));
  const clock = new GuestClock(new VirtualCpus(1), ledger);
  const platform = PLATFORMS.tdx.create(ledger, { pageSizeBytes: UNIT });
  platform.launchPages(0, UNIT);
  let accepts = 0;
  const accept = platform.kernelAccept.bind(platform);
  platform.kernelAccept = (start, end) => {
    accepts++;
    accept(start, end);
  };
  const meter = new AcceptMeter(platform, clock, PLATFORMS.tdx.parameters);
  const rules = kernelRules("7.3").acceptMemory;
  const lockups = new LockupDetector(1);
  lockups.interruptsOn = true;
  const kernelAccept = new KernelAccept(meter, clock, lockups, rules);
  const table = new UnacceptedTable(0, 2 ** 24);
  table.setRange(1, 2 ** 27);
  const done = new AcceptMemory(table, kernelAccept, kernelAccept).acceptBlocks(asPfn(0), 2 ** 26);
  assert.is(done, 2 ** 26 - 1);
  assert.is(accepts, 1);
  // The longest piece of all comes to another GiB and another 512 GiB.
  const price = (event: CostEvent): number => ledger.priceNs(event);
  const { tdcall, acceptZero2m, eptViolation2m, hostClear2m, septAdd } = CostEvent;
  const unitNs = price(tdcall) + price(acceptZero2m) + price(eptViolation2m) + price(hostClear2m);
  assert.is(lockups.longestIrqOffNs, 2 * unitNs + 2 * price(septAdd));
  assert.is(table.countSet(), 1);
  assert.is(platform.acceptedPages, (2 ** 27 - 1) * 512);
});

test.run();
