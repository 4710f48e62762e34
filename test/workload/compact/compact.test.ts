// Takes 3 s.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CompactReader } from "../../../src/workload/compact/reader.js";
import { BLOCK_EVENTS, EventBlocks } from "../../../src/workload/event-blocks.js";
import { PageEventKind } from "../../../src/workload/events.js";
import { TraceReader } from "../../../src/workload/readers/trace-reader.js";
import { TraceError } from "../../../src/workload/trace-error.js";
import { newTraceCounts, TraceNames } from "../../../src/workload/trace-names.js";
import { EventList, type OneEvent, readWhole } from "../readers/traces.js";
import { METADATA, sealed, written, writtenAsVersion1 } from "./files.js";

const test = suite("workload: compact traces");

/** The versions that are read, and how to write them. */
const WRITERS = { 1: writtenAsVersion1, 2: written } as const;

const anyEvent: fc.Arbitrary<OneEvent> = fc
  .record({
    kind: fc.integer({ min: 0, max: 5 }),
    order: fc.oneof(fc.integer({ min: 0, max: 10 }), fc.constant(16)),
    migrateType: fc.integer({ min: 0, max: 255 }),
    cpu: fc.integer({ min: 0, max: 65535 }),
    comm: fc.string({ maxLength: 15 }),
    pid: fc.integer({ min: 1, max: 2 ** 31 }),
    timeNs: fc.oneof(
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      fc.integer({ min: 0, max: 400 }).map((microseconds) => 5e12 + microseconds * 1000),
      fc.integer({ min: 5e12, max: 5e12 + 300 }),
      fc.constantFrom(0, Number.MAX_SAFE_INTEGER),
    ),
    block: fc.oneof(
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      fc.integer({ min: 2 ** 20, max: 2 ** 20 + 300 }),
      fc.constantFrom(0, Number.MAX_SAFE_INTEGER),
    ),
    detail: fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.constant(0xcc0)),
    caller: fc.constantFrom("", "", "__pmd_alloc", "do_fault"),
  })
  .map(({ block, ...event }) => {
    const { order } = possible({ ...event, pfn: 0 });
    return possible({
      ...event,
      pfn: Math.min(block, Math.floor(Number.MAX_SAFE_INTEGER / 2 ** order)) * 2 ** order,
    });
  });

/** Without what the kind of event does not have. */
function possible(event: OneEvent): OneEvent {
  const { alloc, free, freeBatched, zoneLocked, extfrag } = PageEventKind;
  const hasType = event.kind !== free && event.kind !== freeBatched;
  const mask = new Map<number, number>([
    [alloc, 0xffffffff],
    [zoneLocked, 0xff],
    [extfrag, 0xffffff],
  ]);
  return {
    ...event,
    order: event.kind === freeBatched ? 0 : event.order,
    migrateType: hasType ? event.migrateType : 0,
    detail: (event.detail & (mask.get(event.kind) ?? 0)) >>> 0,
  };
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

const EVENT: OneEvent = {
  kind: 0,
  order: 0,
  migrateType: 0,
  cpu: 0,
  comm: "bash",
  pid: 7,
  timeNs: 1000,
  pfn: 16,
  detail: 0xcc0,
  caller: "",
};

for (const [version, write] of Object.entries(WRITERS)) {
  test(`read(write(x)) = x in version ${version}, however the pieces of the file end`, () => {
    fc.assert(
      fc.property(
        fc.array(anyEvent, { maxLength: 40 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 3000 }),
        (list, blockEvents, piece) => {
          const bytes = write(list, { ...newTraceCounts(), lostEvents: 3, hexFlags: 1 }, blockEvents);
          const { format, list: read, counts, names } = readWhole(bytes, piece);
          assert.is(format, "compact");
          assert.equal(read, list);
          assert.equal(counts, { ...newTraceCounts(), lostEvents: 3, hexFlags: 1 });
          assert.is(names.gfpTexts.get("GFP_KERNEL"), 0xcc0);
        },
      ),
      { numRuns: 100 },
    );
  });
}

test("every event that version 1 can hold comes back from version 2", () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { minLength: 1, maxLength: 200 }), (list) => {
      const before = readWhole(writtenAsVersion1(list)).list;
      assert.equal(readWhole(written(before)).list, list);
    }),
    { numRuns: 200 },
  );
});

test("a block of as many shapes as events, of steps near and far, and of all CPUs", () => {
  const list = Array.from({ length: BLOCK_EVENTS }, (_, index) => ({
    ...EVENT,
    detail: index * 65_521,
    cpu: index,
    timeNs: index % 3 === 0 ? index * 2 ** 36 : index * 1000,
    pfn: (index * 2_654_435_761) % 2 ** 40,
    caller: `f${index % 300}`,
  }));
  const read = readWhole(written(list)).list;
  // As one, and told without both: so many objects take minutes to compare and to print.
  assert.ok(JSON.stringify(read) === JSON.stringify(list));
});

test("where a trace comes from is kept", () => {
  const names = new TraceNames();
  const output = { names, counts: newTraceCounts(), blocks: new EventBlocks(() => undefined) };
  const reader = new TraceReader("x", output);
  reader.feed(written([EVENT]));
  reader.end();
  assert.equal(reader.metadata, METADATA);
});

test("columns of all blocks of a file are in the same memory", () => {
  for (const write of Object.values(WRITERS)) {
    const names = new TraceNames();
    const buffers = new Set<ArrayBufferLike>();
    const blocks = new EventBlocks(({ timeNs }) => buffers.add(timeNs.buffer));
    const reader = new CompactReader("x", { names, counts: newTraceCounts(), blocks });
    reader.feed(write([EVENT, EVENT, EVENT], newTraceCounts(), 1));
    reader.end();
    assert.is(buffers.size, 1);
  }
});

test("parts of a trace that number tasks and callers differently become one", () => {
  const parts = [
    [EVENT, { ...EVENT, comm: "a", caller: "f" }],
    [
      { ...EVENT, comm: "b" },
      { ...EVENT, comm: "a", caller: "g" },
      { ...EVENT, caller: "f" },
    ],
  ];
  const names = new TraceNames();
  const events = new EventList(names);
  const output = { names, counts: newTraceCounts(), blocks: new EventBlocks((block) => events.add(block)) };
  for (const part of parts) {
    const reader = new TraceReader("x", output);
    reader.feed(written(part));
    reader.end();
  }
  assert.equal(events.list, parts.flat());
  assert.equal(names.callers, ["f", "g"]);
});

test("the file of three events, byte for byte as workloads/FORMAT.md says", () => {
  const { free } = PageEventKind;
  const bytes = written([
    { ...EVENT, timeNs: 7000, pfn: 16 },
    { ...EVENT, timeNs: 6000, pfn: 18 },
    { ...EVENT, timeNs: 1_007_000, kind: free, order: 3, pfn: 4096, detail: 0 },
  ]);
  const view = new DataView(bytes.buffer);
  const text = (at: number, length: number): string =>
    Buffer.from(bytes.subarray(at, at + length)).toString("latin1");
  assert.is(text(0, 8), "\u0089UATRC\r\n");
  assert.equal([view.getUint32(8, true), view.getUint32(12, true)], [2, 0]);
  assert.is(text(16, 4), "TASK");
  assert.is(view.getUint32(20, true), 16);
  assert.is(text(32, 16), '[["bash",7]]    ');
  const at = 48;
  assert.is(text(at, 4), "COLS");
  assert.equal([view.getUint32(at + 4, true), view.getUint32(at + 8, true)], [72, 3]);
  const head = at + 16;
  assert.equal([view.getFloat64(head, true), view.getFloat64(head + 8, true)], [16, 7000]);
  assert.equal(
    [16, 20, 24, 28].map((offset) => view.getUint32(head + offset, true)),
    [1000, 2, 1, 1],
  );
  // Bytes of shape, step of the page, far page, step of the time, far time; none of task, caller and CPU.
  assert.equal([...bytes.subarray(head + 32, head + 40)], [1, 1, 2, 1, 2, 0, 0, 0]);
  const shapes = [...bytes.subarray(head + 40, head + 56)];
  assert.equal(shapes, [0xc0, 0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, free, 3, 0, 0]);
  // Steps of pages 0 and 2, then from block 2 to block 512; of times 0, back by 1 and on by 1001.
  const columns = [0, 0, 1, 0, 4, 255, 1020 & 255, 1020 >> 8, 0, 1, 255, 2002 & 255, 2002 >> 8];
  assert.equal([...bytes.subarray(head + 56, head + 72)], [...columns, 0, 0, 0]);
  assert.is(text(at + 88, 4), "META");
  // FNV-1a over the words of the header and of the payload, with 64-bit integers.
  const words = [0, 4, 8].map((offset) => BigInt(view.getUint32(at + offset, true)));
  for (let i = 0; i < 72; i += 4) words.push(BigInt(view.getUint32(at + 16 + i, true)));
  const hash = words.reduce((sum, word) => ((sum ^ word) * 0x01000193n) & 0xffffffffn, 0x811c9dc5n);
  assert.is(BigInt(view.getUint32(at + 12, true)), hash);
});

test("a file that is cut short is refused at every length, with where it ends", () => {
  for (const write of Object.values(WRITERS)) {
    const bytes = write([EVENT, { ...EVENT, caller: "f" }]);
    for (let length = 17; length < bytes.length; length++) {
      const message = errorOf(bytes.subarray(0, length));
      assert.match(message, new RegExp(`^test\\.trace: byte ${length}: expected .*the trace is truncated$`));
    }
  }
});

test("a change of any byte is noticed", () => {
  for (const [version, write] of Object.entries(WRITERS)) {
    const bytes = write([EVENT, EVENT]);
    for (let at = 0; at < bytes.length; at++) {
      // In version 1 the word behind the version says nothing.
      if (version === "1" && at >= 12 && at < 16) continue;
      const changed = bytes.slice();
      changed[at]! ^= 0x10;
      assert.match(errorOf(changed), /^test\.trace:( byte)? \d+|^test\.trace:1:1/, `byte ${at}`);
    }
  }
});

test("more bytes behind the end, another version, and blocks of the other version", () => {
  const bytes = written([EVENT]);
  assert.match(
    errorOf(new Uint8Array([...bytes, 0])),
    `byte ${bytes.length}: expected the end of the file, found more`,
  );
  const other = bytes.slice();
  other[8] = 3;
  assert.match(errorOf(other), "byte 8: expected version 1 or 2, found version 3");
  other[8] = 1;
  assert.match(errorOf(other), "byte 48: expected a block, found something else");
  const old = writtenAsVersion1([EVENT]);
  old[8] = 2;
  assert.match(errorOf(old), "byte 48: expected a block, found something else");
});

test("a missing block is noticed although each other one is whole", () => {
  const bytes = written([EVENT, EVENT], newTraceCounts(), 1);
  const first = 48;
  const length = 16 + new DataView(bytes.buffer).getUint32(first + 4, true);
  const without = new Uint8Array([...bytes.subarray(0, first), ...bytes.subarray(first + length)]);
  assert.match(errorOf(without), "expected 2 events, found 1; a block is missing");
});

test("a file that was written when version 1 was the only one is read, and becomes version 2", () => {
  const golden = new Uint8Array(readFileSync("test/golden/compact/live-6.18-call-chains.trace"));
  const text = readFileSync("test/golden/traces/live-6.18.perf-6.1-call-chains.txt");
  const { list } = readWhole(new Uint8Array(text));
  assert.is(golden[8], 1);
  assert.equal(readWhole(golden).list, list);
  const bytes = written(readWhole(golden).list);
  assert.is(bytes[8], 2);
  assert.equal(readWhole(bytes).list, list);
});

test("events that no kernel can have written are refused", () => {
  const { alloc, free, freeBatched, zoneLocked, pcpuDrain, extfrag } = PageEventKind;
  const impossible: readonly (readonly [event: Partial<OneEvent>, what: string])[] = [
    [{ timeNs: 2 ** 53 }, "time"],
    [{ timeNs: 1.5 }, "time"],
    [{ timeNs: -1 }, "time"],
    [{ timeNs: Number.NaN }, "time"],
    [{ pfn: 2 ** 53 }, "page frame number"],
    [{ pfn: 0.5 }, "page frame number"],
    [{ pfn: 3, order: 1 }, "page frame number"],
    [{ kind: 6 }, "kind"],
    [{ order: 17, pfn: 0 }, "order"],
    [{ kind: freeBatched, order: 1, detail: 0 }, "order"],
    [{ kind: free, migrateType: 1, detail: 0 }, "migrate type"],
    [{ kind: freeBatched, migrateType: 1, detail: 0 }, "migrate type"],
    [{ kind: free, detail: 1 }, "detail"],
    [{ kind: pcpuDrain, detail: 1 }, "detail"],
    [{ kind: zoneLocked, detail: 256 }, "detail"],
    [{ kind: extfrag, detail: 2 ** 24 }, "detail"],
  ];
  for (const [change, what] of impossible) {
    const message = errorOf(writtenAsVersion1([{ ...EVENT, ...change }]));
    assert.is(message, `test.trace: byte 64: expected events with a possible ${what}, found another ${what}`);
  }
  assert.is(readWhole(writtenAsVersion1([{ ...EVENT, kind: alloc, detail: 0xffffffff }])).list.length, 1);
});

/** What is changed in the payload of a block of two events, which then gets the checksum that fits it. */
const IMPOSSIBLE_PAYLOADS: readonly (readonly [what: string, change: (payload: DataView) => void])[] = [
  ["page frame number", (payload) => payload.setFloat64(0, 2 ** 53, true)],
  ["page frame number", (payload) => payload.setFloat64(0, Number.NaN, true)],
  ["page frame number", (payload) => payload.setFloat64(0, -1, true)],
  ["time", (payload) => payload.setFloat64(8, 2 ** 53, true)],
  ["time", (payload) => payload.setFloat64(8, 1.5, true)],
  ["time", (payload) => payload.setFloat64(8, -1, true)],
  ["time", (payload) => payload.setUint32(16, 0, true)],
  ["time", (payload) => payload.setUint32(16, 0xffffffff, true)],
  ["size", (payload) => payload.setUint32(20, 3, true)],
  ["size", (payload) => payload.setUint32(20, 0xffffffff, true)],
  ["page frame number", (payload) => payload.setUint32(24, 1, true)],
  ["size", (payload) => payload.setUint32(24, 0xffffffff, true)],
  ["size", (payload) => payload.setUint32(28, 0xffffffff, true)],
  ["size", (payload) => payload.setUint8(32, 3)],
  ["size", (payload) => payload.setUint8(33, 0)],
  ["size", (payload) => payload.setUint8(36, 8)],
  ["size", (payload) => payload.setUint8(39, 255)],
  ["detail", (payload) => payload.setUint8(44, PageEventKind.free)],
  ["kind", (payload) => payload.setUint8(44, 6)],
  ["order", (payload) => payload.setUint8(45, 17)],
  ["shape", (payload) => payload.setUint8(47, 1)],
  ["shape", (payload) => payload.setUint8(48, 1)],
  ["page frame number", (payload) => payload.setUint8(51, 255)],
  ["time", (payload) => payload.setUint8(53, 255)],
  ["page frame number", (payload) => payload.setUint8(51, 41)],
  ["time", (payload) => payload.setUint8(53, 5)],
  ["task", (payload) => payload.setUint8(54, 2)],
];

test("payloads that no events can have are refused although their checksums fit", () => {
  const bytes = written([
    { ...EVENT, timeNs: 2, pfn: 20, detail: 0xcc0, comm: "a" },
    { ...EVENT, timeNs: 3, pfn: 21, detail: 0xcc0, comm: "b" },
  ]);
  const at = Buffer.from(bytes).indexOf("COLS");
  const end = at + 16 + new DataView(bytes.buffer).getUint32(at + 4, true);
  // Shapes need a byte each here, so that another shape can stand there.
  const payload = withShapePlane(bytes.slice(at + 16, end));
  for (const [what, change] of [["", () => {}], ...IMPOSSIBLE_PAYLOADS] as const) {
    const changed = payload.slice();
    change(new DataView(changed.buffer));
    const file = new Uint8Array(
      Buffer.concat([bytes.subarray(0, at), sealed("COLS", 2, changed), bytes.subarray(end)]),
    );
    if (what === "") assert.is(readWhole(file).list.length, 2);
    else
      assert.is(
        errorOf(file),
        `test.trace: byte ${at + 16}: expected events with a possible ${what}, found another ${what}`,
      );
  }
});

/** The payload of two events of one shape, with a column of shapes that it could do without. */
function withShapePlane(payload: Uint8Array): Uint8Array {
  const longer = new Uint8Array([...payload.subarray(0, 48), 0, 0, ...payload.subarray(48, 54)]);
  longer[32] = 1;
  return longer;
}

test("a count or a length of gigabytes is refused before there is memory for it", () => {
  const bytes = written([EVENT, EVENT]);
  const at = Buffer.from(bytes).indexOf("COLS");
  for (const [offset, value] of [
    [4, 0xfffffff8],
    [4, 0x10000000],
    [8, 0xffffffff],
    [8, 65_537],
    [8, 0],
  ] as const) {
    const changed = bytes.slice();
    new DataView(changed.buffer).setUint32(at + offset, value, true);
    assert.match(errorOf(changed), `byte ${at}: expected a block of a possible size, found`);
  }
});

test("names that no export could print, and counts without end, are refused", () => {
  for (const comm of ["x".repeat(513), "\ud800"]) {
    assert.match(
      errorOf(written([{ ...EVENT, comm }])),
      "byte 32: expected a list of tasks, found something else",
    );
  }
  const caller = "f".repeat(513);
  assert.match(errorOf(written([{ ...EVENT, caller }])), "expected a list of callers, found something else");
  for (const lostEvents of [2 ** 48 + 1, -1, 1.5, Number.POSITIVE_INFINITY]) {
    const message = errorOf(written([EVENT], { ...newTraceCounts(), lostEvents }));
    assert.match(message, "expected the counts of the trace, found something else");
  }
});

test("as many names as there are events can be read again", () => {
  const list = Array.from({ length: 20_000 }, (_, pid) => ({
    ...EVENT,
    comm: `a${pid}`,
    pid,
    caller: `f${pid}`,
  }));
  const read = readWhole(written(list)).list;
  assert.is(read.length, list.length);
  for (const index of [0, 8191, 8192, 16_384, 19_999]) assert.equal(read[index], list[index]);
});

test("sums of counts that lose digits are refused", () => {
  const part = written([EVENT], { ...newTraceCounts(), lostEvents: 2 ** 48 });
  const output = {
    names: new TraceNames(),
    counts: newTraceCounts(),
    blocks: new EventBlocks(() => undefined),
  };
  const read = (): void => {
    const reader = new TraceReader("x", output);
    reader.feed(part);
    reader.end();
  };
  read();
  assert.throws(read, /expected at most 281474976710656 events that are counted, found 562949953421312$/);
});

test("a trace of the kernel survives, with its counts", () => {
  const text = readFileSync("test/golden/traces/boot-6.12.tracefs.txt", "utf8");
  const { list, counts } = readWhole(`CPU:1 [LOST 4 EVENTS]\n${text}`);
  const read = readWhole(written(list, counts));
  assert.equal([read.list, read.counts], [list, counts]);
});

test.run();
