// Takes 1 s.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { chanceAt } from "../../../src/sim/prng.js";
import { PageEventKind } from "../../../src/workload/events.js";
import { TraceError } from "../../../src/workload/trace-error.js";
import { readWhole } from "./traces.js";

const test = suite("workload: LLFree traces");

/** One entry, as the Rust source names its fields. */
interface Entry {
  timeUs?: number;
  pfn: number;
  alloc?: boolean;
  order?: number;
  flags?: number;
  pid?: number;
}

/** The 128 bits of an entry, from the lowest on: 38 time, 24 pfn, 1 alloc, 4 order, 29 flags, 32 pid. */
function entryBits({ timeUs = 0, pfn, alloc = true, order = 0, flags = 0xcc0, pid = 1 }: Entry): bigint {
  let bits = 0n;
  let at = 0n;
  for (const [value, width] of [
    [timeUs, 38],
    [pfn, 24],
    [alloc ? 1 : 0, 1],
    [order, 4],
    [flags, 29],
    [pid, 32],
  ]) {
    bits |= BigInt(value!) << at;
    at += BigInt(width!);
  }
  return bits;
}

function llfreeTrace(
  cpus: number,
  maxPfn: number,
  pages: readonly { cpu: number; entries: Entry[] }[],
): Uint8Array {
  const bytes = new Uint8Array(4096 * (1 + pages.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, pages.length, true);
  view.setUint32(4, cpus, true);
  view.setUint32(8, maxPfn, true);
  pages.forEach(({ cpu, entries }, index) => {
    const start = 4096 * (index + 1);
    view.setUint32(start, cpu, true);
    entries.forEach((entry, slot) => {
      const bits = entryBits(entry);
      view.setBigUint64(start + 16 + 16 * slot, bits & 0xffffffffffffffffn, true);
      view.setBigUint64(start + 24 + 16 * slot, bits >> 64n, true);
    });
  });
  return bytes;
}

function errorOf(bytes: Uint8Array): string {
  try {
    readWhole(bytes);
  } catch (error) {
    if (error instanceof TraceError) return error.message;
    throw error;
  }
  throw new Error("was read without an error");
}

/**
 * two-cpus.llfree was put together byte by byte from the layout, with another program than this one:
 * a page of CPU 1 with three entries, a full one of CPU 0, and its next one, whose times need more
 * than 32 bits.
 */
test("the golden file", () => {
  const { format, list } = readWhole(readFileSync("test/golden/llfree/two-cpus.llfree"));
  assert.is(format, "LLFree");
  assert.is(list.length, 3 + 255 + 2);
  const row = (index: number): unknown[] => {
    const { kind, cpu, pid, timeNs, pfn, order, migrateType, detail } = list.at(index)!;
    return [kind, cpu, pid, timeNs, pfn, order, migrateType, detail];
  };
  const { alloc, free } = PageEventKind;
  assert.equal(row(0), [alloc, 0, 41, 1000, 0x1000, 0, 1, 0x1100cca]);
  // At 5 us both CPUs have one, and the page of CPU 1 stands first in the file.
  assert.equal(row(4), [alloc, 1, 7, 5000, 0x100, 0, 0, 0xcc0]);
  assert.equal(row(5), [alloc, 0, 41, 5000, 0x1004, 0, 1, 0x1100cca]);
  assert.equal(row(9), [alloc, 1, 7, 9000, 0x200, 9, 1, 0x3d20ca]);
  assert.equal(row(31), [free, 1, 7, 30000, 0x100, 0, 0, 0]);
  assert.equal(row(-2), [free, 0, 41, 4294967302000, 0x1000, 0, 0, 0]);
  assert.equal(row(-1), [alloc, 0, 42, 4294967303000, 0x10400, 10, 0, 0x40dc0]);
});

test("a file without an entry", () => {
  const expected = "test.trace: byte 4096: expected an entry of a CPU, found none in the file";
  assert.is(errorOf(llfreeTrace(2, 1000, [])), expected);
  assert.is(
    errorOf(
      llfreeTrace(2, 1000, [
        { cpu: 0, entries: [] },
        { cpu: 1, entries: [] },
      ]),
    ),
    expected,
  );
});

test("every field at its largest", () => {
  const entry = { timeUs: 2 ** 38 - 1, pfn: 2 ** 24 - 1024, order: 10, flags: 0x0fffffff, pid: 4194304 };
  const { format, list } = readWhole(llfreeTrace(300, 2 ** 24 - 1, [{ cpu: 299, entries: [entry] }]));
  assert.is(format, "LLFree");
  assert.equal(list, [
    {
      kind: PageEventKind.alloc,
      order: 10,
      migrateType: 3,
      cpu: 299,
      comm: "<...>",
      pid: 4194304,
      timeNs: (2 ** 38 - 1) * 1000,
      pfn: 2 ** 24 - 1024,
      detail: 0x0fffffff,
      caller: "",
    },
  ]);
});

test("a free, a movable allocation and the mark for the page cache, which Linux does not have", () => {
  const entries = [
    { pfn: 7, flags: 0x10000000 | 0x100cca },
    { pfn: 7, alloc: false, flags: 0x100cca },
  ];
  const { list } = readWhole(llfreeTrace(1, 100, [{ cpu: 0, entries }]));
  assert.equal(
    list.map(({ kind, migrateType, detail }) => [kind, migrateType, detail]),
    [
      [PageEventKind.alloc, 1, 0x100cca],
      [PageEventKind.free, 0, 0],
    ],
  );
});

test("the CPUs' entries are merged by time; of equal times the first in the file goes first", () => {
  const at = (timeUs: number, pfn: number): Entry => ({ timeUs, pfn });
  // One microsecond apart at a time at which a 32-bit float of seconds no longer tells them apart.
  const late = 1_000_000_000;
  const { list } = readWhole(
    llfreeTrace(3, 1000, [
      { cpu: 2, entries: [at(5, 25), at(late + 1, 21)] },
      { cpu: 0, entries: [at(1, 1), at(5, 5), at(late, 10)] },
      { cpu: 2, entries: [at(late + 3, 23)] },
    ]),
  );
  assert.equal(
    list.map(({ pfn, cpu }) => [pfn, cpu]),
    [
      [1, 0],
      [25, 2],
      [5, 0],
      [10, 0],
      [21, 2],
      [23, 2],
    ],
  );
});

test("the entries of any number of CPUs come in the order of time", () => {
  // Each CPU has two pages, times grow within a CPU, and many are equal.
  const pages = Array.from({ length: 1000 }, (_, page) => ({
    cpu: (page * 7) % 500,
    entries: Array.from({ length: 3 }, (_entry, i) => ({
      timeUs: Math.floor(chanceAt(i, page) * 40) + 40 * i + (page < 500 ? 0 : 200),
      pfn: page * 3 + i + 1,
    })),
  }));
  const { list } = readWhole(llfreeTrace(500, 10_000, pages));
  const inOrder = pages
    .flatMap(({ cpu, entries }) => entries.map(({ timeUs, pfn }) => ({ timeNs: timeUs * 1000, pfn, cpu })))
    .sort((a, b) => a.timeNs - b.timeNs || a.pfn - b.pfn);
  assert.equal(
    list.map(({ timeNs, pfn, cpu }) => ({ timeNs, pfn, cpu })),
    inOrder,
  );
});

test("the entries of few CPUs come in the order of time", () => {
  for (let seed = 0; seed < 60; seed++) {
    const cpus = 2 + (seed % 6);
    const pages = Array.from({ length: cpus }, (_, cpu) => ({
      cpu,
      entries: Array.from({ length: 4 }, (_entry, i) => ({
        timeUs: 10 * i + Math.floor(chanceAt(seed, 10 * cpu + i) * 10),
        pfn: 4 * cpu + i + 1,
      })),
    }));
    const inOrder = pages
      .flatMap(({ entries }) => entries)
      .sort((a, b) => a.timeUs - b.timeUs || a.pfn - b.pfn)
      .map(({ pfn }) => pfn);
    const { list } = readWhole(llfreeTrace(cpus, 100, pages));
    assert.equal(
      list.map(({ pfn }) => pfn),
      inOrder,
      `seed ${seed}`,
    );
  }
});

test("255 entries fit on a page, and pfn 0 ends one before", () => {
  const full = Array.from({ length: 255 }, (_, i) => ({ timeUs: i, pfn: i + 1 }));
  const short = [
    { timeUs: 300, pfn: 9 },
    { timeUs: 301, pfn: 0 },
    { timeUs: 302, pfn: 8 },
  ];
  const { list } = readWhole(
    llfreeTrace(1, 1000, [
      { cpu: 0, entries: full },
      { cpu: 0, entries: short },
    ]),
  );
  assert.is(list.length, 256);
  assert.is(list.at(-1)!.pfn, 9);
});

test("a file that ends within a page, and entries that cannot be, are refused with their offset", () => {
  const page = { cpu: 0, entries: [{ pfn: 4 }] };
  const whole = llfreeTrace(1, 100, [page]);
  assert.is(
    errorOf(whole.subarray(0, 5000)),
    "test.trace: byte 4096: expected 4096 bytes, found the end of the file after 904",
  );
  assert.match(
    errorOf(llfreeTrace(1, 100, [{ cpu: 1, entries: [] }])),
    "byte 4096: expected a CPU below 1, found 1",
  );
  const entry = (broken: Entry): string =>
    errorOf(llfreeTrace(1, 100, [{ cpu: 0, entries: [{ pfn: 1 }, broken] }]));
  assert.match(entry({ pfn: 101 }), "byte 4128: expected a page frame number up to 100, found 101");
  assert.match(entry({ pfn: 64, order: 11 }), "byte 4128: expected an order from 0 to 10, found 11");
  assert.match(
    entry({ pfn: 3, order: 1 }),
    "byte 4128: expected an order that pfn 3 is a multiple of, found 1",
  );
});

test.run();
