// Takes 1 s.
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
import type { RequestRow } from "../../src/memblock/request-rows.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { asPhys, GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { leftBy, limitHost, looksAt } from "./watched.js";

const test = suite("accept: rows of requests that take turns");

/** Where the rows soon come to another GiB and to another 512 GiB, each with a table of its own. */
const BASE = 2047.25 * GiB;
const UNIT = 2 * MiB;
const UNITS = 2000;

interface Case {
  readonly kind: "tdx" | "snp";
  readonly kernel: string;
  readonly unitBytes: number;
  readonly pageSizeBytes: number;
  readonly sharedAccept2mNs: number;
  readonly accepted: readonly number[];
  /** Units that the VMM put there in pages of 4 KiB. */
  readonly launched: readonly number[];
  readonly hostBytes: number | undefined;
  readonly quietNs: number;
  readonly cpusOnline: number;
  readonly turns: number;
  /** Whether one of the rows, or both, lies in memory that is accepted. */
  readonly accepts: "small" | "large" | "both" | "none";
  /** Rows: their first bytes, 64 bytes each, and requests in a turn. */
  readonly small: readonly [at: number, each: number];
  readonly large: readonly [unit: number, each: number];
}

const unit = fc.nat({ max: UNITS - 1 });

const CASES: fc.Arbitrary<Case> = fc.record({
  kind: fc.constantFrom("tdx", "snp"),
  kernel: fc.constantFrom("6.5", "6.6", "6.12", "7.3"),
  unitBytes: fc.constantFrom(UNIT, UNIT, PAGE_SIZE),
  pageSizeBytes: fc.constantFrom(PAGE_SIZE, UNIT),
  sharedAccept2mNs: fc.constantFrom(1000, 30_000, 1234.5, 3e6),
  accepted: fc.array(unit, { maxLength: 8 }),
  launched: fc.array(unit, { maxLength: 3 }),
  hostBytes: fc.option(fc.integer({ min: 1, max: 2 * GiB }), { nil: undefined, freq: 4 }),
  quietNs: fc.integer({ min: 1, max: 1e9 }),
  cpusOnline: fc.constantFrom(1, 1, 1, 2),
  turns: fc.integer({ min: 1, max: 30 }),
  accepts: fc.constantFrom("small", "large", "both", "none"),
  small: fc.tuple(fc.nat({ max: (100 * UNIT) / 64 }), fc.integer({ min: 0, max: 40 })),
  large: fc.tuple(fc.integer({ min: -20, max: 1500 }), fc.integer({ min: 0, max: 20 })),
});

function unitsAccepted({ accepts, small, large, turns }: Case): number[] {
  const smallUnit = Math.floor((small[0] * 64) / UNIT);
  const from = accepts === "large" || accepts === "both" ? Math.max(0, large[0]) : 0;
  const units = Array.from({ length: from === 0 ? 0 : turns * large[1] + 1 }, (_, at) => from + at);
  return [
    ...(accepts === "small" || accepts === "both" ? [0, 1, 2, 3, 4].map((at) => smallUnit + at) : []),
    ...units,
  ].filter((at) => at < UNITS);
}

/** All that can be seen of a guest after its requests; a guest that tells of each request makes them one by one. */
function accepted(one: Case, tells: boolean): unknown {
  const parameters = PLATFORMS[one.kind].parameters;
  const timing = withOverrides(parameters, { sharedAccept2mNs: one.sharedAccept2mNs });
  const ledger = new CostLedger(priceList(timing));
  const clock = new GuestClock(new VirtualCpus(2), ledger);
  const supply = {
    get freePages(): number {
      return host.freePages;
    },
    shortage: (pfn: number, launching: boolean) => host.shortage(pfn, launching),
  };
  const platform = PLATFORMS[one.kind].create(ledger, { pageSizeBytes: one.pageSizeBytes, supply });
  const host = new GuestMemory(platform, 8 * GiB, PAGE_SIZE);
  const meter = new AcceptMeter(platform, clock, timing);
  const lockups = new LockupDetector(2);
  const rules = kernelRules(one.kernel).acceptMemory;
  const kernelAccept = new KernelAccept(meter, clock, lockups, rules);
  const table = new UnacceptedTable(BASE, Math.ceil((UNITS * (UNIT / one.unitBytes)) / 8), one.unitBytes);
  table.setMemory(BASE, BASE + UNITS * UNIT);
  const isSet = (start: number): boolean => table.isSet((start - BASE) / one.unitBytes);
  for (const [units, accept] of [
    [one.launched, (from: number, to: number) => meter.launchPages(from, to)],
    [[...one.accepted, ...unitsAccepted(one)], (from: number, to: number) => meter.firmwareAccept(from, to)],
  ] as const) {
    for (const at of units) {
      const start = BASE + at * UNIT;
      if (!isSet(start)) continue;
      accept(start, start + UNIT);
      table.clearRange((start - BASE) / one.unitBytes, (start + UNIT - BASE) / one.unitBytes);
    }
  }
  clock.settle(0);
  limitHost(host, one.hostBytes);
  const seen = looksAt(clock, meter, one.quietNs);
  clock.idle.online = one.cpusOnline;

  const acceptance = new AcceptMemory(table, kernelAccept, kernelAccept, rules);
  if (tells) acceptance.onRequest = () => {};
  const rows: RequestRow[] = [
    { start: asPhys(BASE + one.small[0] * 64), sizeBytes: PAGE_SIZE, each: one.small[1] },
    { start: asPhys(BASE + one.large[0] * UNIT), sizeBytes: UNIT, each: one.large[1] },
  ];
  let ended = "";
  try {
    acceptance.acceptInTurns(one.turns, rows);
  } catch (error) {
    if (!(error instanceof HostMemoryError)) throw error;
    ended = error.message;
  }
  clock.settle(0);
  return {
    ended,
    seen,
    ...leftBy(
      { ledger, clock, platform, host, meter, lockups, kernelAccept, table, acceptance },
      BASE,
      BASE + UNITS * UNIT,
    ),
  };
}

test("they leave everything as requests one by one", () => {
  fc.assert(
    fc.property(CASES, (one) => {
      assert.equal(accepted(one, false), accepted(one, true));
    }),
    { numRuns: 300 },
  );
});

test("a row of a million requests is a few accepts", () => {
  const ledger = new CostLedger(priceList(PLATFORMS.tdx.parameters));
  const clock = new GuestClock(new VirtualCpus(1), ledger);
  const platform = PLATFORMS.tdx.create(ledger, { pageSizeBytes: UNIT });
  let accepts = 0;
  const accept = platform.kernelAccept.bind(platform);
  platform.kernelAccept = (start, end) => {
    accepts++;
    accept(start, end);
  };
  const meter = new AcceptMeter(platform, clock, PLATFORMS.tdx.parameters);
  const kernelAccept = new KernelAccept(meter, clock, new LockupDetector(1), kernelRules("7.3").acceptMemory);
  const table = new UnacceptedTable(0, 2 ** 18);
  table.setRange(1, 2 ** 21);
  const acceptance = new AcceptMemory(table, kernelAccept, kernelAccept);
  acceptance.acceptInTurns(2 ** 20, [
    { start: asPhys(0), sizeBytes: PAGE_SIZE, each: 0 },
    { start: asPhys(2 ** 20 * UNIT), sizeBytes: UNIT, each: 1 },
  ]);
  assert.is(accepts, 2);
  assert.is(acceptance.acceptCalls, 2 ** 20);
  assert.is(platform.acceptedPages, 2 ** 20 * 512);
});

test.run();
