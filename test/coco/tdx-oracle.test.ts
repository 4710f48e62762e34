// Takes 7 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PageLevel } from "../../src/coco/page-tables.js";
import { DoubleAcceptError } from "../../src/coco/platform.js";
import { TdxPlatform } from "../../src/coco/tdx/tdx-platform.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GiB, KiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { counts } from "./counts.js";
import {
  keyOf,
  NaiveTdx,
  naiveAcceptAgain,
  naiveFirmwareAcceptRange,
  naiveGuestAccept,
} from "./naive-tdx.js";

const test = suite("coco: TDX against an oracle");
const HOST_BYTES = [4 * KiB, 2 * MiB, GiB] as const;

type Kind = "kernel" | "firmware" | "launch" | "share" | "remap" | "access" | "again" | "twice";
interface Step {
  readonly kind: Kind;
  readonly start: number;
  readonly end: number;
}

interface Machine {
  readonly hostLevel: PageLevel;
  /** One bit for each host page, by its position: whether it is found. */
  readonly luck: number;
  readonly septVeDisable: boolean;
  readonly keepsConverted: boolean;
  readonly dynamicPamt: boolean;
}

/** Both machines, and what a step may be done to. */
class Pair {
  readonly ledger = new CostLedger();
  readonly fast: TdxPlatform;
  readonly naive: NaiveTdx;

  constructor(machine: Machine) {
    const large = (position: number): boolean => Math.floor(machine.luck / 2 ** (position % 6)) % 2 === 1;
    this.fast = new TdxPlatform(this.ledger, {
      ...machine,
      pageSizeBytes: HOST_BYTES[machine.hostLevel],
      contiguity: machine.luck === 63 ? 1 : 0.5,
      chance: (position: number) => (large(position) ? 0.25 : 0.75),
    });
    this.naive = new NaiveTdx({ ...machine, large });
  }

  /** Does as much of a step as makes sense where things are. */
  run({ kind, start, end }: Step): void {
    const { naive, fast } = this;
    const run = (holds: (pfn: number) => boolean): [number, number] => firstRun(start, end, holds);
    const bytes = (from: number, to: number): [number, number] => [from * PAGE_SIZE, to * PAGE_SIZE];
    const state = (pfn: number) => naive.leafOf(pfn)?.state ?? "absent";
    switch (kind) {
      case "kernel": {
        const [from, to] = run((pfn) => state(pfn) !== "mapped");
        assert.ok(naiveGuestAccept(naive, from, to));
        fast.kernelAccept(...bytes(from, to));
        break;
      }
      case "firmware": {
        // The firmware never accepts below a larger leaf, but accepted pages do not stop it.
        const small = (pfn: number) => naive.leaves.has(keyOf(0, pfn)) || state(pfn) === "absent";
        const [from, to] = run(small);
        const before = fast.firmwareDuplicates;
        const duplicates = naiveFirmwareAcceptRange(naive, from, to);
        fast.firmwareAccept(...bytes(from, to));
        assert.is(fast.firmwareDuplicates - before, duplicates);
        break;
      }
      case "launch": {
        const [from, to] = run((pfn) => state(pfn) === "absent" && !naive.shared.has(pfn));
        naive.launch(from, to);
        fast.launchPages(...bytes(from, to));
        break;
      }
      case "share":
        if (start < end) naive.mapGpaShared(start, end);
        fast.convertToShared(...bytes(start, end));
        break;
      case "remap": {
        const [from, to] = run((pfn) => state(pfn) !== "absent");
        naive.remap(from, to);
        fast.remap(...bytes(from, to));
        break;
      }
      case "access":
        assert.is(fast.access(...bytes(start, end)), naive.access(start, end));
        break;
      case "again": {
        const [from, to] = run((pfn) => state(pfn) === "pending");
        naiveAcceptAgain(naive, from, to);
        fast.acceptAgain(...bytes(from, to));
        break;
      }
      case "twice": {
        const [from, to] = run((pfn) => state(pfn) === "mapped");
        if (from === to) break;
        // What a guest does once a page has ended it is not charged.
        const isDouble = (error: unknown): boolean => error instanceof DoubleAcceptError;
        assert.throws(() => fast.kernelAccept(...bytes(from, to)), isDouble);
        assert.throws(() => fast.acceptAgain(...bytes(from, to)), isDouble);
      }
    }
  }

  /** @param pages which to look at one by one */
  compare(pages: Iterable<number>): void {
    const { fast, naive } = this;
    assert.equal(counts(this.ledger), naive.counts);
    assert.equal(
      [fast.acceptedPages, fast.privatePages, fast.sept.tables.pages, fast.trackingPages],
      [
        naive.pagesOf((state) => state === "mapped"),
        naive.pagesOf(() => true) + naive.kept.size,
        naive.tables.size,
        naive.pairs.size * 2,
      ],
    );
    for (const pfn of pages) {
      const state = naive.leafOf(pfn)?.state ?? "absent";
      if (fast.sept.stateOf(pfn) !== state) assert.is(fast.sept.stateOf(pfn), state, `page ${pfn}`);
      const usable = state === "mapped" || naive.shared.has(pfn) ? PAGE_SIZE : 0;
      if (fast.usableBytesIn(pfn * PAGE_SIZE, (pfn + 1) * PAGE_SIZE) !== usable) {
        assert.unreachable(`page ${pfn} should be ${usable === 0 ? "unusable" : "usable"}`);
      }
    }
  }
}

/** The first run of pages of a range for which something holds. */
function firstRun(start: number, end: number, holds: (pfn: number) => boolean): [number, number] {
  let from = start;
  while (from < end && !holds(from)) from++;
  let to = from;
  while (to < end && holds(to)) to++;
  return [from, to];
}

function pagesBetween(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, offset) => start + offset);
}

function machine(hostLevel: fc.Arbitrary<PageLevel>, luck: fc.Arbitrary<number>): fc.Arbitrary<Machine> {
  return fc.record({
    hostLevel,
    luck,
    septVeDisable: fc.boolean(),
    keepsConverted: fc.boolean(),
    dynamicPamt: fc.boolean(),
  });
}

function step(position: fc.Arbitrary<number>): fc.Arbitrary<Step> {
  const kinds = ["kernel", "kernel", "kernel", "firmware", "firmware", "launch"] as const;
  const others = ["share", "share", "remap", "access", "again", "twice"] as const;
  return fc
    .tuple(fc.constantFrom<Kind>(...kinds, ...others), position, position)
    .map(([kind, a, b]) => ({ kind, start: Math.min(a, b), end: Math.max(a, b) }));
}

/** Five spans of 2 MiB around a multiple of 1 GiB. */
const [FIRST, LAST] = [262_144 - 2 * 512, 262_144 + 3 * 512];

test("every call counts and leaves what executing every instruction counts and leaves", () => {
  const position = fc.oneof(
    fc.integer({ min: 0, max: 5 }).map((span) => FIRST + span * 512),
    fc.integer({ min: FIRST, max: LAST }),
  );
  const machines = machine(fc.constantFrom<PageLevel>(0, 1, 1, 2), fc.oneof(fc.constant(63), fc.nat(63)));
  const pages = pagesBetween(FIRST, LAST);
  fc.assert(
    fc.property(machines, fc.array(step(position), { minLength: 1, maxLength: 12 }), (of, steps) => {
      const pair = new Pair(of);
      for (const each of steps) {
        pair.run(each);
        pair.compare(pages);
      }
    }),
    { numRuns: 200 },
  );
});

test("pages of 1 GiB are mapped, refused and broken up as executing every instruction does it", () => {
  const edges = [262_144, 524_288];
  const near = fc
    .tuple(fc.constantFrom(...edges), fc.constantFrom(-513, -512, -1, 0, 0, 0, 1, 511, 512, 600))
    .map(([edge, by]) => edge + by);
  const pages = edges.flatMap((edge) => pagesBetween(edge - 600, edge + 700));
  fc.assert(
    fc.property(
      machine(fc.constant<PageLevel>(2), fc.constantFrom(63, 63, 63, 63, 61)),
      fc.array(step(near), { minLength: 1, maxLength: 4 }),
      (of, steps) => {
        const pair = new Pair(of);
        pair.run({ kind: "kernel", start: 262_144, end: 524_288 });
        for (const each of steps) {
          pair.run(each);
          pair.compare(pages);
        }
      },
    ),
    { numRuns: 15 },
  );
});

test.run();
