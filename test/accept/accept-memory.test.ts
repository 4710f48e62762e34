import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AcceptLock, AcceptMemory } from "../../src/accept/accept-memory.js";
import { UnacceptedTable } from "../../src/efistub/unaccepted-table.js";
import { addressOf, asPfn, asPhys, GiB, MiB, PAGE_SIZE, type PhysAddr, TiB } from "../../src/units.js";
import { Recorder } from "../efistub/recorder.js";

const test = suite("accept: accept_memory");

const BLOCK = 4 * MiB;

/** A table from 4 GiB with 16 units, all unaccepted or only the given ones. */
function machine(units?: readonly number[]): {
  accept: AcceptMemory;
  table: UnacceptedTable;
  arch: Recorder;
} {
  const table = new UnacceptedTable(0x1_0000_0000, 2);
  if (units === undefined) table.setRange(0, 16);
  else for (const unit of units) table.setRange(unit, unit + 1);
  const arch = new Recorder();
  return { accept: new AcceptMemory(table, arch), table, arch };
}

test("without a table everything is accepted", () => {
  const arch = new Recorder();
  const accept = new AcceptMemory(undefined, arch);
  accept.acceptMemory(asPhys(0), GiB);
  assert.equal(arch.calls, []);
  assert.is(accept.acceptCalls, 0);
  assert.not(accept.rangeContainsUnaccepted(asPhys(0), GiB));
  assert.is(accept.unacceptedRunLength(asPfn(0), 77), 77);
});

test("the first block takes its guard unit along, the next block starts behind it", () => {
  const { accept, table, arch } = machine();
  accept.acceptMemory(asPhys(0x1_0000_0000), BLOCK);
  assert.equal(arch.take(), [[0x1_0000_0000, 0x1_0060_0000]]);
  accept.acceptMemory(asPhys(0x1_0040_0000), BLOCK);
  assert.equal(arch.take(), [[0x1_0060_0000, 0x1_00a0_0000]]);
  assert.is(table.nextSet(0, 16), 5);
  assert.is(table.countSet(), 11);
  assert.is(accept.acceptCalls, 2);
});

test("a page accepts its unit; the last page of a unit accepts the next unit too", () => {
  const { accept, arch } = machine();
  accept.acceptMemory(asPhys(0x1_0000_1000), PAGE_SIZE);
  assert.equal(arch.take(), [[0x1_0000_0000, 0x1_0020_0000]]);
  accept.acceptMemory(asPhys(0x1_001f_f000), PAGE_SIZE);
  assert.equal(arch.take(), [[0x1_0020_0000, 0x1_0040_0000]]);
});

test("a range that ends where the table begins accepts unit 0 as its guard", () => {
  const { accept, arch } = machine();
  accept.acceptMemory(asPhys(0xfff0_0000), MiB);
  assert.equal(arch.take(), [[0x1_0000_0000, 0x1_0020_0000]]);
});

test("a range that ends below the table accepts nothing", () => {
  const { accept, arch } = machine();
  accept.acceptMemory(asPhys(0xffe0_0000), MiB);
  assert.equal(arch.take(), []);
  assert.is(accept.acceptCalls, 0);
});

test("the guard of the last unit is clipped by the table", () => {
  const { accept, arch } = machine();
  accept.acceptMemory(asPhys(0x1_01e0_0000), 2 * MiB);
  assert.equal(arch.take(), [[0x1_01e0_0000, 0x1_0200_0000]]);
  accept.acceptMemory(asPhys(0x1_0200_0000), BLOCK);
  accept.acceptMemory(asPhys(64 * TiB), BLOCK);
  assert.equal(arch.take(), [], "beyond the table");
});

test("an unaligned end needs no guard", () => {
  const { accept, arch } = machine();
  accept.acceptMemory(asPhys(0x1_0000_0000), 3 * MiB);
  assert.equal(arch.take(), [[0x1_0000_0000, 0x1_0040_0000]]);
});

test("each run of unaccepted units is one call, and all of them one request", () => {
  const { accept, table, arch } = machine([1, 3, 4, 9]);
  accept.acceptMemory(asPhys(0x1_0000_0000), 32 * MiB);
  assert.equal(arch.take(), [
    [0x1_0020_0000, 0x1_0040_0000],
    [0x1_0060_0000, 0x1_00a0_0000],
    [0x1_0120_0000, 0x1_0140_0000],
  ]);
  assert.is(table.countSet(), 0);
  assert.is(accept.acceptCalls, 1);
});

test("a request for accepted memory does not reach the hardware and is not counted", () => {
  const { accept, arch } = machine([9]);
  accept.acceptMemory(asPhys(0x1_0000_0000), BLOCK);
  assert.equal(arch.calls, []);
  assert.is(accept.acceptCalls, 0);
});

/** Writes down when a request comes and goes, and what the hardware accepted meanwhile. */
class LockRecorder implements AcceptLock {
  readonly events: string[] = [];
  enter(first: number, end: number): void {
    this.events.push(`enter ${first}-${end}`);
  }
  leave(first: number, end: number): void {
    this.events.push(`leave ${first}-${end}`);
  }
  read(): void {
    this.events.push("read");
  }
  acceptAlike(): number {
    return 0;
  }
}

test("a request comes with its whole range, guard included, before it looks at the bitmap", () => {
  const table = new UnacceptedTable(0x1_0000_0000, 2);
  table.setRange(3, 5);
  const lock = new LockRecorder();
  const arch = {
    acceptMemory: (start: number, end: number) =>
      void lock.events.push(
        `accept ${(start - 0x1_0000_0000) / (2 * MiB)}-${(end - 0x1_0000_0000) / (2 * MiB)}`,
      ),
  };
  const accept = new AcceptMemory(table, arch, lock);
  accept.acceptMemory(asPhys(0x1_0040_0000), BLOCK);
  assert.equal(lock.events, ["enter 2-5", "accept 3-5", "leave 2-5"]);
});

test("a request for accepted memory comes too; one below the table or without one does not", () => {
  const table = new UnacceptedTable(0x1_0000_0000, 2);
  const lock = new LockRecorder();
  const accept = new AcceptMemory(table, new Recorder(), lock);
  accept.acceptMemory(asPhys(0x1_0000_1000), PAGE_SIZE);
  assert.equal(lock.events, ["enter 0-1", "leave 0-1"]);
  accept.acceptMemory(asPhys(0), MiB);
  new AcceptMemory(undefined, new Recorder(), lock).acceptMemory(asPhys(0x1_0000_0000), BLOCK);
  assert.is(lock.events.length, 2);
});

test("contains: the bitmap is read under the lock", () => {
  const lock = new LockRecorder();
  const accept = new AcceptMemory(new UnacceptedTable(0x1_0000_0000, 2), new Recorder(), lock);
  accept.rangeContainsUnaccepted(asPhys(0x1_0000_0000), BLOCK);
  accept.rangeContainsUnaccepted(asPhys(0), MiB);
  assert.equal(lock.events, ["read"]);
});

test("contains: a block whose next unit is unaccepted counts as unaccepted", () => {
  const { accept } = machine([4]);
  assert.ok(accept.rangeContainsUnaccepted(asPhys(0x1_0040_0000), BLOCK));
  assert.not(accept.rangeContainsUnaccepted(asPhys(0x1_0000_0000), BLOCK));
  assert.not(accept.rangeContainsUnaccepted(asPhys(0x1_005f_f000), PAGE_SIZE));
  assert.ok(accept.rangeContainsUnaccepted(asPhys(0x1_0060_0000), 2 * MiB));
});

test("contains: a last page looks at the next unit", () => {
  const { accept } = machine([4]);
  assert.ok(accept.rangeContainsUnaccepted(asPhys(0x1_007f_f000), PAGE_SIZE));
  assert.not(accept.rangeContainsUnaccepted(asPhys(0x1_007f_e000), PAGE_SIZE));
});

test("contains: steps from an unaligned start can miss the last unit", () => {
  const { accept } = machine([2]);
  assert.not(accept.rangeContainsUnaccepted(asPhys(0x1_001f_f000), 0x202000));
});

test("contains: below, at the edge of, and above the table", () => {
  const { accept } = machine();
  assert.not(accept.rangeContainsUnaccepted(asPhys(0xffe0_0000), MiB));
  assert.ok(accept.rangeContainsUnaccepted(asPhys(0xfff0_0000), MiB));
  assert.ok(accept.rangeContainsUnaccepted(asPhys(0x1_01e0_0000), 2 * MiB));
  assert.not(accept.rangeContainsUnaccepted(asPhys(0x1_0200_0000), BLOCK));
  assert.not(accept.rangeContainsUnaccepted(asPhys(64 * TiB), BLOCK));
});

/**
 * 16 GiB on a q35 machine, only [4 GiB, 18 GiB) unaccepted; addresses a kernel asks for on its way
 * through boot.
 */
function bootOf16GiB(): { accept: AcceptMemory; table: UnacceptedTable; arch: Recorder } {
  const table = new UnacceptedTable(4 * GiB, 896);
  table.setRange(0, 7168);
  const arch = new Recorder();
  return { accept: new AcceptMemory(table, arch), table, arch };
}

test("boot of 16 GiB: the probe at the top of RAM accepts one unit", () => {
  const { accept, table, arch } = bootOf16GiB();
  accept.acceptMemory(asPhys(0x4_7fe0_0000), 2 * MiB);
  assert.equal(arch.take(), [[0x4_7fe0_0000, 0x4_8000_0000]]);
  assert.is(table.countSet(), 7167);
});

test("boot of 16 GiB: the memmap is accepted in one run, blocks one by one behind the guard", () => {
  const { accept, table, arch } = bootOf16GiB();
  accept.acceptMemory(asPhys(0x4_7fe0_0000), 2 * MiB);
  accept.acceptMemory(asPhys(0x4_7000_0000), 256 * MiB);
  assert.equal(arch.take().at(-1), [0x4_7000_0000, 0x4_7fe0_0000]);
  assert.not(accept.rangeContainsUnaccepted(asPhys(0x7fc0_0000), BLOCK), "DMA32 ends below the table");

  const block = (pfn: number): [PhysAddr, number] => [addressOf(asPfn(pfn)), BLOCK];
  for (let pfn = 0x100000; pfn < 0x108000; pfn += 1024) accept.acceptMemory(...block(pfn));
  const calls = arch.take();
  assert.is(calls.length, 32);
  assert.equal(calls[0], [0x1_0000_0000, 0x1_0060_0000]);
  assert.equal(calls[1], [0x1_0060_0000, 0x1_00a0_0000]);
  assert.equal(calls[31], [0x1_07e0_0000, 0x1_0820_0000]);
  assert.not(table.isSet(64), "the guard of the last block");
  assert.ok(accept.rangeContainsUnaccepted(...block(0x108000)), "for its second unit");
  assert.ok(accept.rangeContainsUnaccepted(...block(0x46fc00)), "the last block below the memmap");
  assert.ok(table.isSet(7038) && table.isSet(7039) && !table.isSet(7040));
});

test("boot of 16 GiB: freed memory below an unaccepted block is parked too, for its guard alone", () => {
  const { accept, arch } = bootOf16GiB();
  accept.acceptMemory(asPhys(0x1_0800_0000), 2 * MiB);
  arch.take();
  accept.acceptMemory(asPhys(0x1_0800_0000), 3 * MiB);
  arch.take();
  assert.ok(accept.rangeContainsUnaccepted(asPhys(0x1_0800_0000), BLOCK));
  accept.acceptMemory(asPhys(0x1_0800_0000), BLOCK);
  assert.equal(arch.take(), [[0x1_0840_0000, 0x1_0860_0000]]);
});

/** Requests of a recorded boot of Linux 6.12.107 with 4 GiB, all above 4 GiB unaccepted: [start, size, accepted]. */
const RECORDED: readonly [number, number, [number, number]?][] = [
  [0x99000, 0x6000],
  [0x17fe00000, 0x200000, [0x17fe00000, 0x180000000]],
  [0x17ffff000, 0x1000],
  [0x17fffe000, 0x1000],
  [0x17fffbdc0, 0x2240],
  [0x17fff7dc0, 0x4000],
  [0x17fff6dc0, 0x1000],
  [0x17fff66c0, 0x700],
  [0x17be00000, 0x4000000, [0x17be00000, 0x17fe00000]],
  [0x17fff5000, 0x1000],
  [0x17fff6640, 0x49],
  [0x17bc00000, 0x200000, [0x17bc00000, 0x17be00000]],
  [0x17fff6180, 0x8],
  [0x17b800000, 0x400000, [0x17b800000, 0x17bc00000]],
  [0x17b600000, 0x200000, [0x17b600000, 0x17b800000]],
  [0x7be47000, 0x4000000],
];

test("the early requests of a recorded boot accept what they accepted there", () => {
  const table = new UnacceptedTable(0x1_0000_0000, 128);
  table.setRange(0, 1024);
  const arch = new Recorder();
  const accept = new AcceptMemory(table, arch);
  for (const [start, sizeBytes, accepted] of RECORDED) {
    accept.acceptMemory(asPhys(start), sizeBytes);
    assert.equal(arch.take(), accepted === undefined ? [] : [accepted], start.toString(16));
  }
  assert.is(accept.acceptCalls, 5);
  assert.is(1024 - table.countSet(), 37);
});

/** The kernel's rule page by page and unit by unit. */
class Oracle {
  readonly bits: boolean[];
  readonly base: number;
  constructor(base: number, bits: readonly boolean[]) {
    this.base = base;
    this.bits = [...bits];
  }
  accept(start: number, size: number): number[] {
    const accepted: number[] = [];
    const { from, to } = this.#clamp(start, size);
    for (let unit = 0; unit < this.bits.length; unit++) {
      const overlaps = unit * 2 * MiB < to && from < (unit + 1) * 2 * MiB && from < to;
      if (!overlaps || !this.bits[unit]) continue;
      this.bits[unit] = false;
      accepted.push(unit);
    }
    return accepted;
  }
  contains(start: number, size: number): boolean {
    const { from, to } = this.#clamp(start, size);
    for (let at = from; at < to; at += 2 * MiB) if (this.bits[Math.floor(at / (2 * MiB))]) return true;
    return false;
  }
  #clamp(start: number, size: number): { from: number; to: number } {
    let end = start + size;
    if (end < this.base) return { from: 0, to: 0 };
    end -= this.base;
    if (end % (2 * MiB) === 0) end += 2 * MiB;
    return { from: Math.max(start - this.base, 0), to: Math.min(end, this.bits.length * 2 * MiB) };
  }
}

const units = fc.array(fc.boolean(), { minLength: 24, maxLength: 24 });
/** Page numbers around a table that starts at page 2048 and ends at page 2048 + 24 * 512. */
const page = fc.oneof(
  fc.integer({ min: 0, max: 30 * 512 }),
  fc.integer({ min: 0, max: 30 }).map((unit) => unit * 512),
  fc.integer({ min: 1, max: 30 }).map((unit) => unit * 512 - 1),
);

test("any sequence of requests accepts what the rule says, unit by unit", () => {
  fc.assert(
    fc.property(units, fc.array(fc.tuple(page, page), { maxLength: 8 }), (bits, requests) => {
      const table = new UnacceptedTable(8 * MiB, 3);
      for (const [unit, set] of bits.entries()) if (set) table.setRange(unit, unit + 1);
      const arch = new Recorder();
      const accept = new AcceptMemory(table, arch);
      const oracle = new Oracle(8 * MiB, bits);
      let calls = 0;
      for (const [a, b] of requests) {
        const start = Math.min(a, b) * PAGE_SIZE;
        const size = (Math.abs(a - b) + 1) * PAGE_SIZE;
        assert.is(accept.rangeContainsUnaccepted(asPhys(start), size), oracle.contains(start, size));
        accept.acceptMemory(asPhys(start), size);
        const got = arch.take().flatMap(([from, to]) => {
          const first = (from - 8 * MiB) / (2 * MiB);
          return Array.from({ length: (to - from) / (2 * MiB) }, (_, i) => first + i);
        });
        const expected = oracle.accept(start, size);
        assert.equal(got, expected);
        if (expected.length > 0) calls++;
        assert.equal(
          oracle.bits.map((_, unit) => table.isSet(unit)),
          oracle.bits,
        );
      }
      assert.is(accept.acceptCalls, calls);
    }),
    { numRuns: 200 },
  );
});

test("a run of blocks is as long as the blocks agree, wherever the table lies", () => {
  fc.assert(
    fc.property(
      units,
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
      (bits, baseUnit, firstBlock, count) => {
        const base = baseUnit * 2 * MiB;
        const table = new UnacceptedTable(base, 3);
        for (const [unit, set] of bits.entries()) if (set) table.setRange(unit, unit + 1);
        const accept = new AcceptMemory(table, new Recorder());
        const oracle = new Oracle(base, bits);
        const status = (block: number): boolean => oracle.contains((firstBlock + block) * BLOCK, BLOCK);
        let expected = 1;
        while (expected < count && status(expected) === status(0)) expected++;
        assert.is(accept.unacceptedRunLength(asPfn(firstBlock * 1024), count), expected);
      },
    ),
    { numRuns: 200 },
  );
});

test("a hand-over of 1 TiB is a few runs", () => {
  const table = new UnacceptedTable(4 * GiB, TiB / (16 * MiB));
  table.setRange(0, table.unitCount);
  const accept = new AcceptMemory(table, new Recorder());
  accept.acceptMemory(asPhys(4 * GiB + TiB / 2), 16 * GiB);
  const startPfn = (4 * GiB) / PAGE_SIZE;
  const blocks = TiB / BLOCK;
  const runs: number[] = [];
  for (let block = 0; block < blocks; block += runs.at(-1)!) {
    runs.push(accept.unacceptedRunLength(asPfn(startPfn + block * 1024), blocks - block));
  }
  assert.equal(runs, [TiB / 2 / BLOCK, 16 * 256, blocks - TiB / 2 / BLOCK - 16 * 256]);
});

test("no blocks are no run", () => {
  assert.is(machine().accept.unacceptedRunLength(asPfn(0x100000), 0), 0);
});

test.run();
