// Takes 3 s.
/** Traces as people have them: old kernels, vendors' fields, other tracers and wrappers. */

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PageEventKind } from "../../../src/workload/events.js";
import { LivePages } from "../../../src/workload/live-pages.js";
import { TraceError } from "../../../src/workload/trace-error.js";
import type { TraceCounts } from "../../../src/workload/trace-names.js";
import { line } from "../lines.js";
import { readWhole, type WholeTrace } from "./traces.js";

const test = suite("workload: made-up traces");

function madeUp(name: string): string {
  return readFileSync(`test/golden/made-up/${name}`, "latin1");
}

/** Allocations, failed ones, frees, and pages that are left. */
function sums({ list }: WholeTrace): number[] {
  const live = new LivePages();
  for (const { kind, pfn, order, detail } of list) {
    if (kind === PageEventKind.alloc) live.allocated(pfn, order, detail);
    else if (kind === PageEventKind.free) live.freed(pfn, order);
    else if (kind === PageEventKind.freeBatched) live.freedInBatch(pfn);
  }
  return [live.counts.allocations, live.counts.failed, live.counts.frees, live.pages];
}

/** Counts that are not 0. */
function remarks({ counts }: WholeTrace): Partial<TraceCounts> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

function messageOf(text: string | Uint8Array): string {
  try {
    readWhole(text);
  } catch (error) {
    if (error instanceof TraceError) return error.message;
    throw error;
  }
  throw new Error("was read");
}

const FILES: readonly (readonly [file: string, format: string, sums: readonly number[], remarks: object])[] =
  [
    ["old-free-names.txt", "tracefs", [2, 0, 2, 0], {}],
    [
      "function-graph.txt",
      "function_graph",
      [1, 1, 0, 1],
      { otherEvents: 3, withoutTask: 1, withoutTime: 2 },
    ],
    ["vendor-field-and-null-page.txt", "tracefs", [1, 1, 0, 1], {}],
    ["null-page-alone.txt", "tracefs", [0, 1, 0, 0], {}],
    ["null-page-with-pfn.txt", "tracefs", [1, 1, 0, 1], {}],
    ["trace-cmd-failed-to-parse.txt", "trace-cmd report", [1, 0, 1, 0], { hexFlags: 1 }],
    ["perf-call-chain-blanks.txt", "perf script", [1, 0, 1, 0], {}],
    ["perf-trace.txt", "perf trace", [1, 0, 1, 0], { lostEvents: 3, hexFlags: 1, withoutCpu: 2 }],
    ["oops-ftrace-dump.txt", "ftrace dump", [1, 0, 1, 0], {}],
    ["x86-tsc-clock.txt", "tracefs", [1, 0, 1, 0], { tickTimes: 2 }],
    ["atrace-head.txt", "tracefs", [1, 0, 0, 1], {}],
    ["gfp-names-before-4.6-perf.txt", "tracefs", [1, 0, 1, 0], {}],
    ["gfp-names-before-4.6-stack.txt", "tracefs", [2, 0, 0, 5], {}],
    ["raw-decimal-gfp.txt", "trace-cmd report", [1, 0, 0, 1], { hexFlags: 1 }],
    ["systrace.html", "tracefs", [1, 0, 0, 1], {}],
    ["order-13.txt", "tracefs", [1, 0, 0, 8192], { wideOrders: 1 }],
  ];

for (const [file, format, expected, counts] of FILES) {
  test(`what ${file} holds`, () => {
    const whole = readWhole(Buffer.from(madeUp(file), "latin1"));
    assert.equal([whole.format, sums(whole), remarks(whole)], [format, [...expected], counts]);
    for (const piece of [1, 7, 100]) {
      assert.equal(
        readWhole(Buffer.from(madeUp(file), "latin1"), piece).list,
        whole.list,
        `pieces of ${piece}`,
      );
    }
  });
}

test("times of a dumped buffer are microseconds, with the CPU before the flags", () => {
  const { list } = readWhole(madeUp("oops-ftrace-dump.txt"));
  assert.equal(
    list.map(({ timeNs, cpu, comm, pid }) => [timeNs, cpu, comm, pid]),
    [
      [9_000_337_000, 1, "insmod", 77],
      [9_000_339_000, 1, "insmod", 77],
    ],
  );
});

test("a dump has a kernel log around it, with or without its prefixes", () => {
  const bare = madeUp("oops-ftrace-dump.txt").replaceAll(/^\[.*?\] /gm, "");
  const syslog = madeUp("oops-ftrace-dump.txt").replaceAll(/^/gm, "Nov 29 10:00:01 host kernel: ");
  const around = `[    0.000000] Linux version 6.1\n[    9.4] BUG: x\n${madeUp("oops-ftrace-dump.txt")}[   10.0][ C1] Kernel panic\n`;
  const levels = madeUp("oops-ftrace-dump.txt").replaceAll(/^\[/gm, "<0>[");
  for (const text of [bare, syslog, around, levels]) {
    const whole = readWhole(text);
    assert.equal([whole.format, whole.list.length, remarks(whole)], ["ftrace dump", 2, {}], text);
  }
  const lossy = madeUp("oops-ftrace-dump.txt").replace("\n[", "\n[   9.500002] CPU:1 [LOST 29 EVENTS]\n[");
  assert.is(readWhole(lossy).counts.lostEvents, 29);
  assert.match(
    messageOf("[    0.000000] Linux version 6.1\n[    0.1] smp: up\n"),
    "without a dumped trace buffer",
  );
});

test("the latency format has delays marked behind its times", () => {
  const text = [
    "# tracer: nop",
    "#",
    "    bash-2345    0d..2.   12us+: mm_page_alloc: page=00000000d2be5665 pfn=0x1000 order=0 migratetype=0 gfp_flags=GFP_KERNEL",
    "   <...>-7       3.....   45us : mm_page_free: page=00000000d2be5665 pfn=0x1000 order=0",
    "",
  ].join("\n");
  const { format, list } = readWhole(text);
  assert.is(format, "tracefs latency format");
  assert.equal(
    list.map(({ cpu, timeNs, pid }) => [cpu, timeNs, pid]),
    [
      [0, 12_000, 2345],
      [3, 45_000, 7],
    ],
  );
});

test("function_graph with times and tasks of its own, and what is cut within an event", () => {
  const event = "mm_page_alloc: page=ffffea0000c00040 pfn=196609 order=0 migratetype=0 gfp_flags=GFP_KERNEL";
  const timed = ` 12.345678 |   0)   bash-123   |               |  /* ${event} */\n`;
  const { list, counts } = readWhole(timed);
  assert.equal(
    [list[0]!.timeNs, list[0]!.comm, list[0]!.pid, counts.withoutTime],
    [12_345_678_000, "bash", 123, 0],
  );
  const { list: switched } = readWhole(`${madeUp("function-graph.txt")}`);
  assert.equal([switched[0]!.comm, switched[0]!.pid, switched[1]!.cpu], ["term-b", 4083, 24]);
  const other = readWhole(` 0)               |  /* sched_switch: prev_comm=a */\n${timed}`);
  assert.equal([other.list.length, other.counts.otherEvents], [1, 1]);
  assert.match(messageOf(`${timed}${timed.replace(" */", "")}`), /:2:\d+: expected the end of an event/);
  assert.match(messageOf(`${timed}${timed.replace(" pfn=", " pf=")}`), /:2:\d+: expected pfn=, found "pf=/);
});

test("perf trace leaves out fields that are 0, and prints system calls between", () => {
  const text = [
    "     0.000 ( 0.010 ms): cat/123 openat(dfd: CWD, filename: 0x1) = 3",
    "     1.500 (         ): cat/123 kmem:mm_page_alloc(pfn: 8, order: 3, gfp_flags: 0xcc0, migratetype: 1)",
    "     1.501 (         ): kworker/u8:1/77 kmem:mm_page_free(pfn: 8, order: 3)",
    "     2.000 (         ): kmem:mm_page_alloc(pfn: 18446744073709551615, order: 9)",
    "",
  ].join("\n");
  const whole = readWhole(text);
  assert.equal([whole.format, sums(whole), whole.counts.otherEvents], ["perf trace", [1, 1, 1, 0], 1]);
  assert.equal(
    whole.list.map(({ comm, pid, timeNs, order }) => [comm, pid, timeNs, order]),
    [
      ["cat", 123, 1_500_000, 3],
      ["kworker/u8:1", 77, 1_501_000, 3],
      ["<...>", 0, 2_000_000, 9],
    ],
  );
});

test("a page of systrace has scripts of other kinds, and lines that count from its first", () => {
  const trace = madeUp("systrace.html").split("\n");
  const event = trace.find((row) => row.includes("mm_page_alloc"))!;
  const page = `<!DOCTYPE html>\n<html><script>var x = "</" + "script>";\n${"a<b;".repeat(40_000)}</script>
<script class="trace-data" type="application/text">
USER PID PPID NAME
root 1 0 init
</script>
<script class="trace-data" type="application/text">
# tracer: nop
${event}
${event.replace("123", "124")}
</script></html>\n`;
  for (const piece of [3, 1000, Number.POSITIVE_INFINITY]) assert.is(readWhole(page, piece).list.length, 2);
  assert.match(messageOf(page.replace(" pfn=", " pf=")), /^test\.trace:10:\d+: expected pfn=/);
  assert.match(messageOf("<html><body>nothing</body></html>"), /:1:1: expected a trace in a <script/);
});

test("files of other tools are named, with the command that records what is needed", () => {
  assert.match(messageOf(madeUp("page-owner.txt")), /:1:1: .*page_owner.*perf record -e kmem:mm_page_alloc/);
  for (const [text, named] of [
    [
      "[10:11:12.123456789] (+?.?????????) host kmem_mm_page_alloc: { cpu_id = 0 }, { pfn = 1 }",
      "babeltrace",
    ],
    ["Attaching 2 probes...\n@[kprobe]: 12", "bpftrace"],
    ['{"traceEvents":[', "Chrome trace"],
    ["SUMMARY (page allocator)\n=====", "perf kmem"],
  ] as const) {
    assert.match(messageOf(`${text}\n`), named);
    assert.match(messageOf(`${text}\n`), "`perf ");
  }
});

const ALLOC = "mm_page_alloc: page=ffffea0000480000 pfn=73728 order=0 migratetype=0 gfp_flags=GFP_KERNEL";

test("what atrace has compressed is named", () => {
  const bytes = Buffer.from("capturing trace... done\nTRACE:\nx\u009cabc", "latin1");
  assert.match(messageOf(bytes), "the output of `atrace -z`: record without -z");
});

test("a null page is a failed allocation in every spelling, whatever its frame number", () => {
  const pages = [
    "(null)",
    "          (null)",
    " (null)",
    "(nil)",
    "NULL",
    "null",
    "0",
    "0x0",
    "0x0000000000000000",
  ];
  const frames = ["pfn=0", "pfn=377957122048", "pfn=377957122049", "pfn=18446744073709551615"];
  for (const page of [...pages, "0000000000000000", "00000000"]) {
    for (const pfn of frames) {
      for (const order of [0, 4]) {
        const failed = ALLOC.replace(/page=\S+ pfn=\S+ order=0/, `page=${page} ${pfn} order=${order}`);
        const text = `${line(failed)}${line(ALLOC)}`;
        for (const more of order === 0 ? ["", "#\n".repeat(300)] : [""]) {
          assert.equal(sums(readWhole(text + more)), [1, 1, 0, 1], failed);
        }
      }
    }
  }
});

test("a page of zeros beside a real frame fails only where other pages have an address", () => {
  const zeros = ALLOC.replace("ffffea0000480000", "0000000000000000").replace("73728", "16");
  const padding = "#\n".repeat(300);
  assert.equal(sums(readWhole(line(zeros) + line(ALLOC) + padding)), [1, 1, 0, 1]);
  assert.equal(sums(readWhole(line(ALLOC) + line(zeros) + padding)), [1, 1, 0, 1]);
  assert.equal(sums(readWhole(line(zeros.replace("pfn=16", "pfn=377957122049")))), [0, 1, 0, 0]);
  // Tools that have no pointer print zeros for every page.
  assert.equal(sums(readWhole(line(zeros) + padding)), [1, 0, 0, 1]);
  const free = zeros.replace(/ migratetype.*/, "").replace("alloc", "free");
  const only = readWhole(line(zeros) + line(free) + line(zeros).repeat(100) + padding);
  assert.equal([only.list.length, sums(only)[1]], [102, 0]);
});

test("output of records has no page, and -1 for a frame that was not found", () => {
  for (const pfn of ["0xffffffffffffffff", "18446744073709551615", "-1", "0xffffffff", "0"]) {
    const raw = `mm_page_alloc:         pfn=${pfn} order=9 gfp_flags=0xcc0 migratetype=0`;
    assert.equal(sums(readWhole(`cpus=1\n${line(raw)}`)), [0, 1, 0, 0], pfn);
  }
});

test("fields go by their names: others between, in any order, and each of ours once", () => {
  const fields = "page=00000000d2be5665 pfn=0x10 order=1 migratetype=1 gfp_flags=GFP_KERNEL".split(" ");
  const vendors = ["nr_free=9", "gfp_zone=0x2", "name=foo"];
  for (let at = 0; at <= fields.length; at++) {
    const text = fields.toSpliced(at, 0, ...vendors).join(" ");
    assert.equal(sums(readWhole(line(`mm_page_alloc: ${text}`))), [1, 0, 0, 2], text);
  }
  const turned = fields.toReversed().join(" ");
  assert.equal(sums(readWhole(line(`mm_page_alloc: ${turned}`))), [1, 0, 0, 2]);
  for (const [index, field] of fields.entries()) {
    const name = field.replace(/=.*/, "=");
    const without = fields.toSpliced(index, 1).join(" ");
    if (name !== "page=")
      assert.match(messageOf(line(`mm_page_alloc: ${without}`)), `expected ${name}, found`);
    assert.match(
      messageOf(line(`mm_page_alloc: ${fields.join(" ")} ${field}`)),
      `expected ${name} only once`,
    );
  }
});

const free = (name: string, pfn: number, order = 0, rest = ` order=${order}`): string =>
  line(`${name}: page=00000000d2be5665 pfn=0x${pfn.toString(16)}${rest}`);
const alloc = (pfn: number, order = 0, gfp = "GFP_KERNEL"): string =>
  line(
    `mm_page_alloc: page=00000000d2be5665 pfn=0x${pfn.toString(16)} order=${order} migratetype=0 gfp_flags=${gfp}`,
  );

test("kernels before 3.3 tell frees twice, which count once", () => {
  // 2.6.32: __free_pages and free_hot_page; pages of a pagevec alone.
  const early =
    alloc(16) +
    free("mm_page_free_direct", 16).repeat(2) +
    alloc(17) +
    free("mm_pagevec_free", 17, 0, " order=0 cold=0");
  // 2.6.34: every page as mm_page_free_direct, those of a pagevec twice.
  const late = alloc(16) + free("mm_pagevec_free", 16, 0, " cold=1") + free("mm_page_free_direct", 16);
  const again = alloc(32, 3) + free("mm_page_free_direct", 32, 3);
  for (const [text, expected, repeated] of [
    [early, [2, 0, 2, 0], 1],
    [late, [1, 0, 1, 0], 1],
    [late + late + again + again, [4, 0, 4, 0], 2],
  ] as const) {
    const whole = readWhole(text + "#\n".repeat(300));
    assert.equal([sums(whole), whole.counts.repeatedFrees], [[...expected], repeated], text);
    assert.is(whole.list.filter(({ kind }) => kind === PageEventKind.freeBatched).length, 0);
  }
});

test("a free of a batch counts once, before or after its own event or without it", () => {
  const own = free("mm_page_free", 16);
  const batched = free("mm_page_free_batched", 16);
  for (const text of [own + batched, batched + own, batched, own]) {
    assert.equal(sums(readWhole(alloc(16) + text)), [1, 0, 1, 0], text);
    assert.equal(sums(readWhole((alloc(16) + text).repeat(3))), [3, 0, 3, 0], text);
  }
  // The event has no order: a compound page is freed as a whole, others page by page.
  assert.equal(sums(readWhole(alloc(16, 2, "GFP_KERNEL|__GFP_COMP") + batched)), [1, 0, 1, 0]);
  assert.equal(sums(readWhole(alloc(16, 2) + batched)), [1, 0, 1, 3]);
});

test("names like those of page events that nobody knows are told", () => {
  const whole = readWhole(alloc(16) + free("mm_page_free_huge", 16) + line("sched_switch: prev_comm=a"));
  assert.equal(remarks(whole), { otherEvents: 2, unknownEvents: 1 });
  assert.equal([...whole.names.otherEvents.keys()], ["mm_page_free_huge", "sched_switch"]);
});

test("orders up to 16 are read, and pages of another size are told by their blocks", () => {
  assert.equal(sums(readWhole(alloc(2 ** 16, 16) + free("mm_page_free", 2 ** 16, 16))), [1, 0, 1, 0]);
  assert.match(messageOf(alloc(2 ** 17, 17)), "expected an order from 0 to 16");
  assert.match(messageOf(alloc(0x1000, 13)), "an order that pfn 0x1000 is a multiple of");
  const extfrag = (order: number): string =>
    line(
      `mm_page_alloc_extfrag: page=1 pfn=0x2000 alloc_order=0 fallback_order=9 pageblock_order=${order} ` +
        "alloc_migratetype=0 fallback_migratetype=1 fragmenting=0 change_ownership=0",
    );
  const otherSizes = (order: number): number => readWhole(extfrag(order)).counts.otherPageSizes;
  assert.equal([9, 10, 11, 13].map(otherSizes), [0, 0, 1, 1]);
});

test("the format is decided by many lines, and the damaged one is told", () => {
  assert.match(
    messageOf(madeUp("first-line-cpu-damaged.txt")),
    /^test\.trace:13:\d+: expected a CPU such as \[000\]/,
  );
  const whole = readWhole(madeUp("first-line-cpu-damaged.txt").replace("[z00]", "[000]"));
  assert.is(whole.format, "tracefs");
  const perf = readFileSync("test/golden/traces/live-6.18.perf-6.1.txt", "utf8");
  const damaged = perf.replace("[001]", "-1 [001]").replace("kmem:", "");
  assert.match(messageOf(damaged), /^test\.trace:1:\d+: expected an event with its system/);
});

test("formats that are mixed are told at the first line of the other one", () => {
  const [tracefs, perf] = ["live-6.18.tracefs.txt", "live-6.18.perf-6.1.txt"].map((name) =>
    readFileSync(`test/golden/traces/${name}`, "utf8"),
  );
  const lines = tracefs!.split("\n").length;
  assert.match(messageOf(`${tracefs}${perf}`), new RegExp(`^test\\.trace:${lines}:`));
  assert.match(messageOf(`${perf}${perf}${tracefs}`), /^test\.trace:81:|^test\.trace:\d+:.*system/);
});

test("a line without a time has that of the line before, and is counted", () => {
  const perf = readFileSync("test/golden/traces/live-6.18.perf-6.1.txt", "utf8");
  const rows = perf.split("\n");
  const untimed = rows.map((row, index) => (index === 5 ? row.replace(/\d+\.\d+: +/, "") : row)).join("\n");
  const { list, counts } = readWhole(untimed);
  assert.equal([list[5]!.timeNs, counts.withoutTime], [list[4]!.timeNs, 1]);
});

test("a clock that counts keeps the order of events and no length; one that does not fit is told", () => {
  const { list } = readWhole(madeUp("x86-tsc-clock.txt"));
  assert.equal(
    list.map(({ kind, timeNs }) => [kind, timeNs]),
    [
      [0, 0],
      [1, 0],
    ],
  );
  const rows = madeUp("x86-tsc-clock.txt").trimEnd().split("\n");
  const mixed = [...rows, rows.at(-1)!.replace("34519283999", "345.192833")].join("\n");
  // Far from its end a line is read fast where it can be.
  for (const rest of ["", "#\n".repeat(300)]) {
    assert.match(messageOf(`${mixed}\n${rest}`), /:7:\d+: expected a count of the clock/);
  }
});

test("numbers that lose digits are refused", () => {
  assert.match(
    messageOf(madeUp("lost-400-digits.txt")),
    /:3:\d+: expected at most 281474976710656 events, found /,
  );
  assert.match(
    messageOf(`# entries-in-buffer/entries-written: 3/${"9".repeat(30)}   #P:1\n${alloc(16)}`),
    "at most 281474976710656 events",
  );
  assert.match(messageOf(`# entries-in-buffer/entries-written: ${"9".repeat(30)}/3   #P:1\n`), "at most");
  const timed = (time: string): string => alloc(16).replace(/ +\d+\.\d+:/, ` ${time}:`);
  assert.is(readWhole(timed("9000000.000001") + "#\n".repeat(300)).list[0]!.timeNs, 9_000_000_000_001_000);
  const lost = (each: number): string => `${`CPU:0 [LOST ${each} EVENTS]\n`.repeat(2)}${alloc(16)}`;
  assert.is(readWhole(lost(2 ** 47)).counts.lostEvents, 2 ** 48);
  assert.match(messageOf(lost(2 ** 47 + 1)), /:2:1: expected at most 281474976710656 events/);
});

test.run();
