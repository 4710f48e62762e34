// Takes 2 s.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { CompactMetadata } from "../../../src/workload/compact/format.js";
import { CompactWriter } from "../../../src/workload/compact/format.js";
import { CompactReader } from "../../../src/workload/compact/reader.js";
import { BLOCK_EVENTS, EventBlocks } from "../../../src/workload/event-blocks.js";
import { PageEventKind } from "../../../src/workload/events.js";
import { TraceReader } from "../../../src/workload/readers/trace-reader.js";
import { TraceError } from "../../../src/workload/trace-error.js";
import { newTraceCounts, type TraceCounts, TraceNames } from "../../../src/workload/trace-names.js";
import { EventList, type OneEvent, readWhole } from "../readers/traces.js";

const test = suite("workload: compact traces");

const METADATA: CompactMetadata = { kernel: "6.12.95", clock: "local", source: ["tracefs"] };

/** Writes events as a compact trace, in blocks of at most so many. */
function written(
  list: readonly OneEvent[],
  counts: TraceCounts = newTraceCounts(),
  blockEvents = BLOCK_EVENTS,
): Uint8Array {
  const names = new TraceNames();
  const pieces: Uint8Array[] = [];
  const writer = new CompactWriter(names, (bytes) => pieces.push(bytes.slice()));
  const blocks = new EventBlocks((block) => writer.add(block));
  list.forEach((event, index) => {
    if (index % blockEvents === 0) blocks.flush();
    const { kind, order, migrateType, cpu, timeNs, pfn, detail, comm, pid, caller } = event;
    blocks.append(kind, order, migrateType, cpu, names.task(comm, pid), timeNs, pfn, detail);
    if (caller !== "") blocks.setCaller(names.caller(caller));
  });
  blocks.flush();
  names.noteGfp("GFP_KERNEL", 0xcc0);
  writer.end(METADATA, counts);
  return new Uint8Array(Buffer.concat(pieces));
}

const anyEvent: fc.Arbitrary<OneEvent> = fc
  .record({
    kind: fc.integer({ min: 0, max: 5 }),
    order: fc.integer({ min: 0, max: 10 }),
    migrateType: fc.integer({ min: 0, max: 255 }),
    cpu: fc.integer({ min: 0, max: 65535 }),
    comm: fc.string({ maxLength: 15 }),
    pid: fc.integer({ min: 1, max: 2 ** 31 }),
    timeNs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    block: fc.integer({ min: 0, max: 2 ** 42 }),
    detail: fc.integer({ min: 0, max: 0xffffffff }),
    caller: fc.constantFrom("", "", "__pmd_alloc", "do_fault"),
  })
  .map(({ block, ...event }) => possible({ ...event, pfn: block * 2 ** event.order }));

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

test("read(write(x)) = x, however the pieces of the file end", () => {
  fc.assert(
    fc.property(
      fc.array(anyEvent, { maxLength: 40 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 3000 }),
      (list, blockEvents, piece) => {
        const bytes = written(list, { ...newTraceCounts(), lostEvents: 3, hexFlags: 1 }, blockEvents);
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

test("where a trace comes from is kept", () => {
  const names = new TraceNames();
  const output = { names, counts: newTraceCounts(), blocks: new EventBlocks(() => undefined) };
  const reader = new TraceReader("x", output);
  reader.feed(written([EVENT]));
  reader.end();
  assert.equal(reader.metadata, METADATA);
});

test("columns are views of what was read, not copies", () => {
  const names = new TraceNames();
  const buffers = new Set<ArrayBufferLike>();
  const blocks = new EventBlocks(({ timeNs, pfn, kind, cpu }) => {
    for (const column of [timeNs, pfn, kind, cpu]) buffers.add(column.buffer);
  });
  const reader = new CompactReader("x", { names, counts: newTraceCounts(), blocks });
  reader.feed(written([EVENT, EVENT, EVENT], newTraceCounts(), 1));
  reader.end();
  assert.is(buffers.size, 1);
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

test("the file of one event, byte for byte as workloads/FORMAT.md says", () => {
  const bytes = written([EVENT]);
  const view = new DataView(bytes.buffer);
  const text = (at: number, length: number): string =>
    Buffer.from(bytes.subarray(at, at + length)).toString("latin1");
  assert.is(text(0, 8), "\u0089UATRC\r\n");
  assert.is(view.getUint32(8, true), 1);
  assert.is(text(16, 4), "TASK");
  assert.is(view.getUint32(20, true), 16);
  assert.is(text(32, 16), '[["bash",7]]    ');
  const at = 48;
  assert.is(text(at, 4), "EVNT");
  assert.equal([view.getUint32(at + 4, true), view.getUint32(at + 8, true)], [32, 1]);
  assert.is(view.getFloat64(at + 16, true), 1000);
  assert.is(view.getFloat64(at + 24, true), 16);
  assert.equal([view.getUint32(at + 32, true), view.getUint32(at + 36, true)], [0, 0xcc0]);
  assert.is(view.getUint16(at + 40, true), 0);
  assert.is(text(at + 48, 4), "META");
  // FNV-1a over the words of the header and of the payload, with 64-bit integers.
  const words = [0, 4, 8].map((offset) => BigInt(view.getUint32(at + offset, true)));
  for (let i = 0; i < 32; i += 4) words.push(BigInt(view.getUint32(at + 16 + i, true)));
  const hash = words.reduce((sum, word) => ((sum ^ word) * 0x01000193n) & 0xffffffffn, 0x811c9dc5n);
  assert.is(BigInt(view.getUint32(at + 12, true)), hash);
});

test("a file that is cut short is refused at every length, with where it ends", () => {
  const bytes = written([EVENT, { ...EVENT, caller: "f" }]);
  for (let length = 17; length < bytes.length; length++) {
    const message = errorOf(bytes.subarray(0, length));
    assert.match(message, new RegExp(`^test\\.trace: byte ${length}: expected .*the trace is truncated$`));
  }
});

test("a change of any byte is noticed", () => {
  const bytes = written([EVENT, EVENT]);
  for (let at = 0; at < bytes.length; at++) {
    // The unused word behind the version says nothing.
    if (at >= 12 && at < 16) continue;
    const changed = bytes.slice();
    changed[at]! ^= 0x10;
    assert.match(errorOf(changed), /^test\.trace:( byte)? \d+|^test\.trace:1:1/, `byte ${at}`);
  }
});

test("more bytes behind the end, and another version", () => {
  const bytes = written([EVENT]);
  assert.match(
    errorOf(new Uint8Array([...bytes, 0])),
    `byte ${bytes.length}: expected the end of the file, found more`,
  );
  const other = bytes.slice();
  other[8] = 2;
  assert.match(errorOf(other), "byte 8: expected version 1, found version 2");
});

test("a missing block is noticed although each other one is whole", () => {
  const bytes = written([EVENT, EVENT], newTraceCounts(), 1);
  const first = 48;
  const without = new Uint8Array([...bytes.subarray(0, first), ...bytes.subarray(first + 48)]);
  assert.match(errorOf(without), "expected 2 events, found 1; a block is missing");
});

test("a file that was written when version 1 was new is read, and written the same today", () => {
  const golden = new Uint8Array(readFileSync("test/golden/compact/live-6.18-call-chains.trace"));
  const text = readFileSync("test/golden/traces/live-6.18.perf-6.1-call-chains.txt");
  const { list } = readWhole(new Uint8Array(text));
  assert.equal(readWhole(golden).list, list);
  const bytes = written(list);
  const events = Buffer.from(golden).indexOf("META");
  assert.equal(bytes.subarray(0, events), golden.subarray(0, events));
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
    const message = errorOf(written([{ ...EVENT, ...change }]));
    assert.is(message, `test.trace: byte 64: expected events with a possible ${what}, found another ${what}`);
  }
  assert.is(readWhole(written([{ ...EVENT, kind: alloc, detail: 0xffffffff }])).list.length, 1);
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
