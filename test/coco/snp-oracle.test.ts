// Takes 1 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DoubleAcceptError } from "../../src/coco/platform.js";
import { SnpPlatform } from "../../src/coco/snp/snp-platform.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { KiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { counts } from "./counts.js";
import { NAIVE_LINUX, NAIVE_OVMF, NaiveSnp } from "./naive-snp.js";

const test = suite("coco: SNP against an oracle");

const PAGES = 5 * 512;

type Kind = "kernel" | "firmware" | "stub" | "launch" | "share" | "remap" | "access" | "again" | "twice";
interface Step {
  readonly kind: Kind;
  readonly start: number;
  readonly end: number;
}

interface Machine {
  readonly hostPage: number;
  /** One bit a span: backed with 2 MiB. */
  readonly large: number;
  readonly prefault: boolean;
  readonly keepsConverted: boolean;
  readonly svsm: boolean;
  readonly erratum: boolean;
}

/** Both machines, and what a step may be done to. */
class Pair {
  readonly ledger = new CostLedger();
  readonly fast: SnpPlatform;
  readonly naive: NaiveSnp;

  constructor(machine: Machine) {
    const isLarge = (span: number): boolean => Math.floor(machine.large / 2 ** span) % 2 === 1;
    const mixed = machine.hostPage === 2 * MiB;
    this.fast = new SnpPlatform(this.ledger, {
      pageSizeBytes: machine.hostPage,
      prefault: machine.prefault,
      keepsConverted: machine.keepsConverted,
      svsm: machine.svsm,
      coherencyErratum: machine.erratum,
      ...(mixed ? { contiguity: 0.5, chance: (span: number) => (isLarge(span) ? 0.25 : 0.75) } : {}),
    });
    const large = mixed ? isLarge : () => machine.hostPage > 4 * KiB;
    this.naive = new NaiveSnp({ ...machine, large });
  }

  /** Does as much of a step as makes sense where things are. */
  run({ kind, start, end }: Step): void {
    const { naive, fast } = this;
    const run = (holds: (pfn: number) => boolean): [number, number] => this.#firstRun(start, end, holds);
    const bytes = (from: number, to: number): [number, number] => [from * PAGE_SIZE, to * PAGE_SIZE];
    const page = (pfn: number) => naive.page(pfn);
    switch (kind) {
      case "kernel":
      case "firmware":
      case "stub": {
        const [from, to] = run((pfn) => !page(pfn).valid);
        if (kind === "stub") naive.acceptByMsr(from, to);
        else naive.accept(from, to, kind === "kernel" ? NAIVE_LINUX : NAIVE_OVMF);
        fast[`${kind}Accept`](...bytes(from, to));
        break;
      }
      case "launch": {
        const [from, to] = run((pfn) => !page(pfn).assigned && !page(pfn).shared);
        naive.launch(from, to);
        fast.launchPages(...bytes(from, to));
        break;
      }
      case "share": {
        const [from, to] = run((pfn) => page(pfn).valid);
        naive.share(from, to);
        fast.convertToShared(...bytes(from, to));
        break;
      }
      case "remap": {
        const [from, to] = run((pfn) => page(pfn).valid);
        naive.remap(from, to);
        fast.remap(...bytes(from, to));
        break;
      }
      case "access":
        assert.is(fast.access(...bytes(start, end)), naive.access(start, end));
        break;
      case "again": {
        const [from, to] = run((pfn) => page(pfn).assigned && !page(pfn).valid && !page(pfn).shared);
        naive.acceptAgain(from, to);
        fast.acceptAgain(...bytes(from, to));
        break;
      }
      case "twice": {
        const [from, to] = run((pfn) => page(pfn).valid);
        if (from === to) break;
        // What a guest does once a page has ended it is not charged.
        const isDouble = (error: unknown): boolean => error instanceof DoubleAcceptError;
        assert.throws(() => fast.kernelAccept(...bytes(from, to)), isDouble);
      }
    }
  }

  /** The first run of pages of a range for which something holds. */
  #firstRun(start: number, end: number, holds: (pfn: number) => boolean): [number, number] {
    let from = start;
    while (from < end && !holds(from)) from++;
    let to = from;
    while (to < end && holds(to)) to++;
    return [from, to];
  }

  compare(): void {
    const { fast, naive } = this;
    assert.equal(counts(this.ledger), naive.counts);
    let [valid, assigned] = [0, 0];
    for (let pfn = 0; pfn < PAGES; pfn++) {
      const page = naive.page(pfn);
      if (page.valid) valid++;
      if (page.assigned) assigned++;
      const state = page.valid ? "guestValid" : page.assigned ? "guestInvalid" : "hypervisor";
      if (fast.rmp.stateOf(pfn) !== state) assert.is(fast.rmp.stateOf(pfn), state, `page ${pfn}`);
      const usable = page.valid || page.shared ? PAGE_SIZE : 0;
      if (fast.usableBytesIn(pfn * PAGE_SIZE, (pfn + 1) * PAGE_SIZE) !== usable) {
        assert.unreachable(`page ${pfn} should be ${usable === 0 ? "unusable" : "usable"}`);
      }
    }
    for (let span = 0; span < PAGES / 512; span++) {
      const small = fast.rmp.tables.levelOf(span * 512) === 0;
      assert.is(small, naive.small.has(span), `size of the entries of span ${span}`);
    }
    assert.equal([fast.acceptedPages, fast.privatePages], [valid, assigned]);
  }
}

const MACHINE: fc.Arbitrary<Machine> = fc.record({
  hostPage: fc.constantFrom(4 * KiB, 2 * MiB, 1024 * MiB),
  large: fc.nat(31),
  prefault: fc.boolean(),
  keepsConverted: fc.boolean(),
  svsm: fc.boolean(),
  erratum: fc.boolean(),
});
/** Often on a boundary of a span or near one. */
const POSITION: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 0, max: 5 }).map((span) => span * 512),
  fc.integer({ min: 0, max: PAGES }),
  fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: -70, max: 70 })).map(([s, by]) => s * 512 + by),
);
const STEP: fc.Arbitrary<Step> = fc
  .tuple(
    fc.constantFrom<Kind>(
      ...(["kernel", "kernel", "firmware", "firmware", "stub", "launch"] as const),
      ...(["share", "share", "remap", "access", "again", "twice"] as const),
    ),
    POSITION,
    POSITION,
  )
  .map(([kind, a, b]) => ({ kind, start: Math.min(a, b), end: Math.max(a, b) }));

test("every call counts and leaves what executing every instruction counts and leaves", () => {
  fc.assert(
    fc.property(MACHINE, fc.array(STEP, { minLength: 1, maxLength: 12 }), (machine, steps) => {
      const pair = new Pair(machine);
      for (const step of steps) {
        pair.run(step);
        pair.compare();
      }
    }),
    { numRuns: 200 },
  );
});

test.run();
