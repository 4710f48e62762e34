// Takes 1 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatGfp } from "../../src/page-alloc/gfp.js";
import { PageEventKind, type PageEvents } from "../../src/workload/events.js";
import { TraceError } from "../../src/workload/trace-error.js";
import { TracefsReader } from "../../src/workload/tracefs.js";
import {
  allocText,
  batchedText,
  drainText,
  extfragText,
  freeText,
  HEADER,
  line,
  read,
  zoneLockedText,
} from "./lines.js";

const test = suite("workload: tracefs");

/** Event `index` as an object. */
function event(events: PageEvents, index = 0): object {
  const { comm, pid } = events.tasks[events.task[index]!]!;
  return {
    kind: events.kind[index],
    order: events.order[index],
    migrateType: events.migrateType[index],
    cpu: events.cpu[index],
    comm,
    pid,
    timeNs: events.timeNs[index],
    pfn: events.pfn[index],
    detail: events.detail[index],
  };
}

function errorOf(text: string): TraceError {
  try {
    read(text);
  } catch (error) {
    if (error instanceof TraceError) return error;
    throw error;
  }
  throw new Error(`was read without an error: ${text}`);
}

const ALLOC_LINE =
  "            bash-1234    [003] .....  1234.567890: mm_page_alloc: page=00000000d2be5665 pfn=0x108000 " +
  "order=0 migratetype=0 gfp_flags=GFP_KERNEL|__GFP_ZERO\n";
const ALLOC_EVENT = {
  kind: PageEventKind.alloc,
  order: 0,
  migrateType: 0,
  cpu: 3,
  comm: "bash",
  pid: 1234,
  timeNs: 1234_567_890_000,
  pfn: 0x108000,
  detail: 0xdc0,
};

test("mm_page_alloc of Linux 6.12", () => {
  assert.equal(event(read(ALLOC_LINE)), ALLOC_EVENT);
});

test("mm_page_alloc of the first moment of boot", () => {
  const text =
    "          <idle>-0       [000] d..1.     0.000000: mm_page_alloc: page=0000000053f81ba8 pfn=0x530e order=0 " +
    "migratetype=0 gfp_flags=__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP\n";
  assert.equal(event(read(text)), {
    ...ALLOC_EVENT,
    cpu: 0,
    comm: "<idle>",
    pid: 0,
    timeNs: 0,
    pfn: 0x530e,
    detail: 0x52000,
  });
});

test("mm_page_alloc of an old kernel: decimal pfn, 4 flags, padded pid of 5", () => {
  const text =
    "           <...>-22275 [006] ....   889.213383: mm_page_alloc: page=ffffea0003b40600 pfn=970744 order=0 " +
    "migratetype=0 gfp_flags=GFP_HIGHUSER|__GFP_ZERO\n";
  assert.equal(event(read(text)), {
    ...ALLOC_EVENT,
    cpu: 6,
    comm: "<...>",
    pid: 22275,
    timeNs: 889_213_383_000,
    pfn: 970744,
    detail: 0x100dc2,
  });
});

test("mm_page_free_batched of Linux 6.18, indented less", () => {
  const text =
    "     ls-18448   [000] ...2.  2408.139994: mm_page_free_batched: page=00000000d210fa82 pfn=0x19b96b order=0\n";
  assert.equal(event(read(text)), {
    ...ALLOC_EVENT,
    kind: PageEventKind.freeBatched,
    cpu: 0,
    comm: "ls",
    pid: 18448,
    timeNs: 2408_139_994_000,
    pfn: 0x19b96b,
    detail: 0,
  });
});

test("mm_page_free_batched of an old kernel has cold= in place of the order", () => {
  const events = read(line("mm_page_free_batched: page=ffffea0004200000 pfn=1081344 cold=0"));
  assert.is(events.pfn[0], 1081344);
});

test("mm_page_free, zone_locked and pcpu_drain", () => {
  const events = read(
    line("mm_page_free: page=00000000d2be5665 pfn=0x1400 order=10") +
      line(
        "mm_page_alloc_zone_locked: page=(____ptrval____) pfn=0x104320 order=3 migratetype=2 percpu_refill=1",
      ) +
      line("mm_page_pcpu_drain: page=00000000d2be5665 pfn=0x10 order=1 migratetype=4"),
  );
  assert.equal([...events.kind], [PageEventKind.free, PageEventKind.zoneLocked, PageEventKind.pcpuDrain]);
  assert.equal([...events.order], [10, 3, 1]);
  assert.equal([...events.migrateType], [0, 2, 4]);
  assert.equal([...events.pfn], [0x1400, 0x104320, 0x10]);
  assert.equal([...events.detail], [0, 1, 0]);
});

test("mm_page_alloc_extfrag", () => {
  const text = line(
    "mm_page_alloc_extfrag: page=(____ptrval____) pfn=0x4000 alloc_order=7 fallback_order=10 pageblock_order=9 " +
      "alloc_migratetype=0 fallback_migratetype=1 fragmenting=0 change_ownership=1",
  );
  assert.equal(event(read(text)), {
    ...ALLOC_EVENT,
    kind: PageEventKind.extfrag,
    order: 7,
    timeNs: 0,
    pfn: 0x4000,
    detail: 10 + 1 * 256 + 1 * 65536,
  });
});

test("a failed allocation has pfn 0", () => {
  const events = read(
    line("mm_page_alloc: page=0000000000000000 pfn=0x0 order=9 migratetype=1 gfp_flags=none"),
  );
  assert.equal([events.pfn[0], events.order[0], events.detail[0]], [0, 9, 0]);
});

test("the largest frame number of a 52-bit guest is exact", () => {
  assert.is(read(line(allocText(2 ** 40 - 1))).pfn[0], 2 ** 40 - 1);
});

test("gfp flags without a name stay as bits", () => {
  assert.is(read(line(allocText(16, 0, 0, "GFP_KERNEL|0x1000000"))).detail[0], 0x1000cc0);
  assert.is(read(line(allocText(16, 0, 0, "0x140cca"))).detail[0], 0x140cca);
});

test("nine decimals of a second are read", () => {
  assert.is(read(ALLOC_LINE.replace("1234.567890", "1234.567890123")).timeNs[0], 1234_567_890_123);
});

test("a line without flags", () => {
  assert.equal(event(read(ALLOC_LINE.replace(".....  ", ""))), ALLOC_EVENT);
});

test("a column for the thread group, known or not", () => {
  for (const group of ["(   1234)", "(-------)"]) {
    assert.equal(event(read(ALLOC_LINE.replace("[003]", `${group} [003]`))), ALLOC_EVENT, group);
  }
});

test("a comm may hold spaces, dashes, colons and what looks like a pid and a CPU", () => {
  const comms = [
    "a b",
    "my-prog-12",
    "kworker/0:1",
    "x: y: 1.0:",
    "-",
    "a-1 [002] 1.5:",
    "(x) [1]",
    "a-1 [0] b-2 [3",
  ];
  for (const comm of comms) {
    const events = read(line(allocText(16), { comm, pid: 77, cpu: 5 }));
    assert.equal(events.tasks, [{ comm, pid: 77 }], comm);
    assert.is(events.cpu[0], 5, comm);
  }
});

test("a comm out of its column ends at the last dash and number before the CPU", () => {
  for (const comm of ["a-1", "my prog-2 x", "this-is-longer-than-16-bytes"]) {
    const text = line(allocText(16), { comm: "", pid: 77, cpu: 5 }).trimStart();
    assert.equal(read(` ${comm}${text}`).tasks, [{ comm, pid: 77 }], comm);
  }
});

test("a comm in another alphabet", () => {
  const bytes = new TextEncoder().encode("прога");
  const padding = " ".repeat(16 - bytes.length);
  const text = line(allocText(16), { comm: "" }).trimStart();
  assert.equal(read(`${padding}прога${text}`).tasks, [{ comm: "прога", pid: 1234 }]);
});

test("tasks are numbered as they turn up, one for each comm and pid", () => {
  const events = read(
    line(allocText(16), { comm: "a", pid: 1 }) +
      line(allocText(17), { comm: "b", pid: 1 }) +
      line(allocText(18), { comm: "a", pid: 4097 }) +
      line(allocText(19), { comm: "a", pid: 1 }),
  );
  assert.equal([...events.task], [0, 1, 2, 0]);
  assert.equal(events.tasks, [
    { comm: "a", pid: 1 },
    { comm: "b", pid: 1 },
    { comm: "a", pid: 4097 },
  ]);
});

test("headers, empty lines and buffer marks are no events", () => {
  const events = read(`${HEADER}\n##### CPU 1 buffer started ####\n${ALLOC_LINE}`);
  assert.is(events.count, 1);
  assert.equal([events.lostEvents, events.overwrittenEvents, events.otherEvents], [0, 0, 0]);
});

test("lines that end in CR LF", () => {
  assert.equal(event(read(`${HEADER}\n${ALLOC_LINE}`.replaceAll("\n", "\r\n"))), ALLOC_EVENT);
});

test("lost events are counted", () => {
  const lost = "CPU:3 [LOST 120 EVENTS]\n";
  assert.is(read(`${lost}${ALLOC_LINE}CPU:0 [LOST 3 EVENTS]\n`).lostEvents, 123);
});

test("a loss of an unknown number counts as one", () => {
  assert.is(read("CPU:3 [LOST EVENTS]\n").lostEvents, 1);
});

test("events overwritten before the trace was read are counted from the header", () => {
  assert.is(read(HEADER.replace("3/3", "3/10")).overwrittenEvents, 7);
});

test("other events are counted and left out", () => {
  const other = [
    line("sched_switch: prev_comm=a prev_pid=1 ==> next_comm=b"),
    line("mm_page_alloc_extra: page=1 pfn=2"),
    line("mm_pageset: page=1"),
  ];
  const events = read(other.join("") + ALLOC_LINE);
  assert.equal([events.otherEvents, events.count], [3, 1]);
});

test("an empty trace", () => {
  assert.is(read("").count, 0);
  assert.is(read(HEADER).count, 0);
});

test("the same events wherever the pieces of a file end", () => {
  const text = `${HEADER}${ALLOC_LINE}CPU:3 [LOST 1 EVENTS]\n${line(freeText(16))}${line(zoneLockedText(17))}`;
  const whole = read(text);
  for (let pieceBytes = 1; pieceBytes < 300; pieceBytes++) assert.equal(read(text, pieceBytes), whole);
});

test("the reader does not keep the pieces it was fed", () => {
  const reader = new TracefsReader("test.trace");
  const piece = new TextEncoder().encode(ALLOC_LINE.slice(0, 40));
  reader.feed(piece);
  piece.fill(0);
  reader.feed(new TextEncoder().encode(ALLOC_LINE.slice(40)));
  assert.equal(event(reader.end()), ALLOC_EVENT);
});

test("a complete last line needs no newline", () => {
  assert.equal(event(read(ALLOC_LINE.trimEnd())), ALLOC_EVENT);
});

test("a trace that ends within an event is truncated, wherever it ends", () => {
  const whole = ALLOC_LINE.trimEnd();
  const complete = [whole.length, whole.lastIndexOf("|")];
  for (let length = 1; length <= whole.length; length++) {
    if (complete.includes(length)) continue;
    const error = errorOf(`${ALLOC_LINE}${whole.slice(0, length)}`);
    assert.match(error.message, /^test\.trace:2:/, whole.slice(0, length));
    assert.match(error.message, "the trace is truncated in line 2, its last");
  }
});

test("an error is one line with file, line, column, expected and found", () => {
  const error = errorOf(`${HEADER}${ALLOC_LINE.replace("pfn=", "pfm=")}`);
  assert.is(
    error.message,
    'test.trace:13:89: expected pfn=, found "pfm=0x108000 order=0 migratetype=0 gfp_f..."',
  );
  assert.equal(
    [error.file, error.place, error.expected],
    ["test.trace", { line: 13, column: ALLOC_LINE.indexOf("pfn=") + 1 }, "pfn="],
  );
});

test("an error in a line across two pieces has the same place", () => {
  const text = `${ALLOC_LINE}${ALLOC_LINE.replace("order=0", "order=x")}`;
  const reader = new TracefsReader("test.trace");
  const bytes = new TextEncoder().encode(text);
  reader.feed(bytes.subarray(0, ALLOC_LINE.length + 50));
  assert.throws(
    () => reader.feed(bytes.subarray(ALLOC_LINE.length + 50)),
    (error: unknown) =>
      error instanceof TraceError &&
      error.message.startsWith(`test.trace:2:${ALLOC_LINE.indexOf("order=") + 7}: `),
  );
});

test("what is not a trace is refused with the reason", () => {
  const broken: readonly (readonly [from: string, to: string, expected: string])[] = [
    ["            bash-1234    [003]", "bash", "a task and a CPU such as bash-1234 [000]"],
    ["[003]", "[x]", "a CPU such as [000]"],
    ["[003]", "[99999]", "a CPU such as [000]"],
    ["1234.567890:", "1234567890:", "a time in seconds such as 12.345678:"],
    ["1234.567890:", "1234.567890", "a time in seconds such as 12.345678:"],
    ["1234.567890:", "1234.:", "a time in seconds such as 12.345678:"],
    ["1234.567890:", "1.0123456789:", "a time in seconds such as 12.345678:"],
    ["page=", "pg=", "page="],
    ["pfn=0x108000", "pfn=", "a page frame number"],
    ["pfn=0x108000", "pfn=0x10800g", "a page frame number"],
    ["pfn=0x108000", "pfn=0x", "a page frame number"],
    ["pfn=0x108000", "pfn=12ab", "a page frame number"],
    ["pfn=0x108000", "pfn=0xfffffffffffffff0", "a page frame number"],
    ["order=0", "order=17", "an order from 0 to 16"],
    ["order=0", "order=-1", "an order from 0 to 16"],
    ["pfn=0x108000 order=0", "pfn=0x108001 order=1", "an order that pfn 0x108001 is a multiple of"],
    ["migratetype=0", "migratetype=300", "a number from 0 to 255"],
    ["migratetype=0 ", "", "migratetype="],
    ["GFP_KERNEL", "GFP_KERNAL", "gfp flags of Linux"],
    ["__GFP_ZERO", "__GFP_ZERO more", "the end of the line"],
  ];
  for (const [from, to, expected] of broken) {
    assert.is(errorOf(ALLOC_LINE.replace(from, to)).expected, expected, `${from} -> ${to}`);
  }
});

test("bytes without line ends are refused before they fill the memory", () => {
  const reader = new TracefsReader("test.trace");
  assert.throws(() => reader.feed(new Uint8Array(1 << 20)), /^test\.trace:1:1: expected the text of a trace/);
});

test("a gzip file is refused at its first line", () => {
  const error = errorOf("\u001f\u008b\u0008\n");
  assert.match(
    error.message,
    /^test\.trace:1:1: expected a task and a CPU such as bash-1234 \[000\], found /,
  );
});

test("events of every kind are read as they were printed", () => {
  const text = fc.stringMatching(/^[ -~]{1,15}$/).filter((comm) => comm.trimStart() === comm);
  const order = fc.integer({ min: 0, max: 10 });
  const type = fc.integer({ min: 0, max: 5 });
  const anyEvent = fc.record({
    kind: fc.integer({ min: 0, max: 5 }),
    comm: text,
    pid: fc.integer({ min: 0, max: 4194304 }),
    cpu: fc.integer({ min: 0, max: 8191 }),
    timeNs: fc.integer({ min: 0, max: 1e9 }).map((us) => us * 1000),
    block: fc.integer({ min: 1, max: 2 ** 42 }),
    order,
    migrateType: type,
    gfp: fc.integer({ min: 0, max: 0xffffffff }),
  });
  fc.assert(
    fc.property(
      fc.array(anyEvent, { maxLength: 20 }),
      fc.integer({ min: 1, max: 500 }),
      (list, pieceBytes) => {
        const printed = list.map((one) => {
          const pfn = one.block * 2 ** one.order;
          const texts = [
            allocText(pfn, one.order, one.migrateType, formatGfp(one.gfp)),
            freeText(pfn, one.order),
            batchedText(pfn),
            zoneLockedText(pfn, one.order, one.migrateType),
            drainText(pfn, one.order, one.migrateType),
            extfragText(pfn, one.order, one.migrateType),
          ];
          return line(texts[one.kind]!, one);
        });
        const events = read(printed.join(""), pieceBytes);
        assert.is(events.count, list.length);
        list.forEach((one, i) => {
          const isBatched = one.kind === PageEventKind.freeBatched;
          const hasType = one.kind !== PageEventKind.free && !isBatched;
          assert.equal(event(events, i), {
            kind: one.kind,
            order: isBatched ? 0 : one.order,
            migrateType: hasType ? one.migrateType : 0,
            cpu: one.cpu,
            comm: one.comm,
            pid: one.pid,
            timeNs: one.timeNs,
            pfn: one.block * 2 ** one.order,
            detail: [one.gfp, 0, 0, 1, 0, 10 + 256 + 65536][one.kind],
          });
        });
      },
    ),
    { numRuns: 100 },
  );
});

test.run();
