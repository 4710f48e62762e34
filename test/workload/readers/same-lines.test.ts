// Takes 3 s.
/** CommonLines reads a line as TextReader does without it, or leaves it alone: on changed lines of every format. */

import { readdirSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EventBlocks } from "../../../src/workload/event-blocks.js";
import type { Task } from "../../../src/workload/events.js";
import { TRACE_CMD, TRACEFS } from "../../../src/workload/readers/ftrace-format.js";
import type { LineFormat } from "../../../src/workload/readers/line-format.js";
import { PERF_SCRIPT } from "../../../src/workload/readers/perf-format.js";
import { TextReader } from "../../../src/workload/readers/text-reader.js";
import { newTraceCounts, TraceNames } from "../../../src/workload/trace-names.js";
import { EventList } from "./traces.js";

const test = suite("workload: usual lines");

const FOLDER = "test/golden/traces";
const CHANGED_LINES = 12_000;

/** A format all of whose lines are read by TextReader itself. */
function slow(format: LineFormat): LineFormat {
  const { usual, ...rest } = format;
  assert.ok(usual !== undefined, "it has usual lines");
  return rest;
}

/** What a reader makes of lines that come in pieces. */
function readingOf(
  format: LineFormat,
  pieces: readonly string[],
): {
  list: unknown[];
  counts: object;
  gfpTexts: readonly string[];
  others: readonly unknown[];
  tasks: readonly Task[];
} {
  const names = new TraceNames();
  const counts = newTraceCounts();
  const events = new EventList(names);
  const blocks = new EventBlocks((block) => events.add(block));
  const reader = new TextReader("x", format, { names, counts, blocks }, { lenient: true });
  for (const piece of pieces) reader.feed(Buffer.from(piece, "latin1"));
  reader.end();
  blocks.flush();
  return {
    list: events.list,
    counts,
    gfpTexts: [...names.gfpTexts.keys()],
    others: [...names.otherEvents],
    tasks: names.tasks,
  };
}

/** Numbers from 0 to below a limit, the same each time. */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const CHARACTERS = " \t[]():.=-|_0123456789abcdefxgK#/<>\r\u007f\u0085\u00a0\u00ff";

function changed(line: string, next: (limit: number) => number): string {
  let text = line;
  for (let edits = 1 + next(3); edits > 0; edits--) {
    const at = next(text.length + 1);
    const tokens = text.split(/( +)/);
    const token = next(tokens.length);
    const character = CHARACTERS[next(CHARACTERS.length)]!;
    switch (next(8)) {
      case 0:
        text = text.slice(0, at) + text.slice(at + 1);
        break;
      case 1:
        text = text.slice(0, at) + character + text.slice(at);
        break;
      case 2:
        text = text.slice(0, at) + character + text.slice(at + 1);
        break;
      case 3:
        text = tokens.toSpliced(token, 1).join("");
        break;
      case 4:
        text = tokens.toSpliced(token, 0, tokens[next(tokens.length)]!, " ").join("");
        break;
      case 5:
        text = text.replace(
          /page=\S+/,
          `page=${["(null)", "0", "0x0", "0000000000000000", "NULL", "0x12"][next(6)]}`,
        );
        break;
      case 6:
        text = text.replace(/pfn=\S+/, `pfn=${["0", "0x0", "5", "-1", "4294967295", "0x7"][next(6)]}`);
        break;
      default:
        text = text.replace(
          /\d+\.\d+:/,
          `${["9007199.254741", "9007199.254740993", "99999999.123456789", "1.5"][next(4)]}:`,
        );
    }
  }
  return text.replaceAll("\n", " ");
}

const SAMPLES: readonly (readonly [name: string, format: LineFormat, files: RegExp])[] = [
  ["tracefs", TRACEFS, /tracefs/],
  ["trace-cmd", TRACE_CMD, /trace-cmd/],
  ["perf script", PERF_SCRIPT, /perf/],
];

for (const [name, format, files] of SAMPLES) {
  const lines = readdirSync(FOLDER)
    .filter((file) => files.test(file))
    .flatMap((file) => readFileSync(`${FOLDER}/${file}`, "latin1").split("\n"))
    .filter((line) => line.includes("mm_page"));

  test(`the same events from changed lines of ${name}`, () => {
    const next = numbers(lines.length + Number(process.env.PROPERTY_SEED ?? 1));
    const texts = Array.from(
      { length: CHANGED_LINES },
      () => `${changed(lines[next(lines.length)]!, next)}\n`,
    );
    const usual = readingOf(format, [texts.join("")]);
    const slowly = readingOf(slow(format), texts);
    const at = slowly.list.findIndex(
      (event, index) => JSON.stringify(event) !== JSON.stringify(usual.list[index]),
    );
    if (at >= 0)
      assert.equal(usual.list.slice(at - 1, at + 2), slowly.list.slice(at - 1, at + 2), `event ${at}`);
    assert.equal(usual.counts, slowly.counts);
  });
}

/** Events of other kinds, a task with brackets in its name, and lines that take part in what they are told apart from. */
const OTHERS = [
  "            init-1       [000] .....     2.865113: mm_setup_per_zone_lowmem_reserve: node_id=0 zone name=DMA pages=1921",
  "            init-1       [000] .....     2.865114: mm_calculate_totalreserve_pages: totalreserve_pages=31060",
  "            init-1       [000] .....     2.865115: mm_page_pcpu_new: page=00000000d2be5665 pfn=0x10 order=0",
  "         [a-1 [0]-77     [012] d..1.   345.192833: sched_switch: prev_comm=bash prev_pid=7 ==> next_comm=b-12 next_pid=8",
  "         [a-1 [0]-77     [012]   345.192833: kmalloc:   call_site=f ptr=0x1",
  "            init-1       [000] .....     2.865114: totals: pages=1             bash-9       [001] d..1.     2.865117: mm_page_free: page=00000000d2be5665 pfn=0x10 order=0",
  "            init-1       [000] .....     2.865114: totals: pages=1",
  "            init-1       [000] .....     2.865114: stage1: pages=1",
  "            init-1       [000] .....     2.865114: stage2: pages=1",
  "            init-1       [000] .....     2.865114: totals:",
  "            init-1       [000] .....     2.865114: totals:more: pages=1",
  "            init-1       [000] .....     2.865116: kernel_stack: <stack trace>",
  " => do_fault",
  "            init-1       [000] .....     2.865117: mm_page_free: page=00000000d2be5665 pfn=0x10 order=0",
];

for (const [name, format] of SAMPLES.slice(0, 2)) {
  test(`the same kinds of other events, and callers, from changed lines of ${name}`, () => {
    const next = numbers(Number(process.env.PROPERTY_SEED ?? 1));
    const texts = Array.from({ length: CHANGED_LINES / 3 }, (_, at) => {
      // Runs of one kind, as they are in traces.
      const line = OTHERS[next(4) === 0 ? next(OTHERS.length) : Math.floor(at / 20) % OTHERS.length]!;
      const timed = line.replace(/(?<=\d\.)\d+:/, () => `${String(next(1e6)).padStart(6, "0")}:`);
      return `${next(3) === 0 ? changed(timed, next) : timed}\n`;
    });
    const fast = readingOf(format, [texts.join("")]);
    const slowly = readingOf(slow(format), texts);
    assert.equal(fast.others, slowly.others);
    assert.equal(fast.counts, slowly.counts);
    assert.equal(fast.tasks, slowly.tasks);
    assert.is(JSON.stringify(fast.list), JSON.stringify(slowly.list));
    assert.ok(slowly.others.length > 20, "names that were changed");
  });
}

test("the same events where each line has its fields elsewhere than the line before", () => {
  const next = numbers(Number(process.env.PROPERTY_SEED ?? 1));
  const oneOf = <T>(list: readonly T[]): T => list[next(list.length)]!;
  const texts = Array.from({ length: CHANGED_LINES / 3 }, () => {
    const task = oneOf([
      "bash-1    ",
      "            bash-12     ",
      "            bash-13     ",
      "  kworker/0:1-1       ",
      "é-7 ",
      "-9 ",
    ]);
    const cpu = oneOf(["[000]", "[001]", "[1]", "[1001]", "[01]", "[12]"]);
    const flags = oneOf(["..... ", "d..1. ", ".... ", "", "5.... ", "dé.1. "]);
    const time = oneOf([
      "    1.000001",
      "    2.000001",
      "100001.000001",
      "    1.000002003",
      " 9007199.254741",
      "   .000001",
    ]);
    const gap = oneOf([" ", " ", "  ", "        "]);
    const page = oneOf([
      "0000000012345678",
      "(____ptrval____)",
      "0x10",
      "0x1000",
      "ffffea0000000040",
      "0x0",
      "0xffffea0000000040",
    ]);
    const pfn = oneOf(["0x10", "16", "0x1234567", "0x12345678", "0x1000000000", "0x100", "0xg"]);
    const [name, tail] = oneOf([
      ["mm_page_alloc", "order=0 migratetype=1 gfp_flags=GFP_KERNEL"],
      ["mm_page_alloc", "order=4 migratetype=0 gfp_flags=GFP_HIGHUSER_MOVABLE|__GFP_COMP"],
      ["mm_page_free", "order=0"],
      ["mm_page_free", "order=10"],
      ["mm_page_free_batched", "order=0"],
      ["mm_page_alloc_zone_locked", "order=0 migratetype=1 percpu_refill=1"],
      ["mm_page_pcpu_drain", "order=3 migratetype=1"],
      ["kfree", "order=0"],
    ]);
    return `${task}${cpu} ${flags}${time}: ${name}:${gap}page=${page} pfn=${pfn} ${tail}\n`;
  });
  const fast = readingOf(TRACEFS, [texts.join("")]);
  const slowly = readingOf(slow(TRACEFS), texts);
  assert.is(JSON.stringify(fast.list), JSON.stringify(slowly.list));
  assert.equal(fast.counts, slowly.counts);
  assert.ok(fast.list.length > 200, String(fast.list.length));
});

test("events of other kinds count whatever their time, and before the first page event", () => {
  const line = (time: string, event: string): string =>
    `${"bash-1".padStart(18)}      [000] ..... ${time}: ${event}\n`;
  const page = line("    1.000000", "mm_page_free: page=00000000d2be5665 pfn=0x1000 order=0");
  const others = [
    ...Array.from({ length: 5 }, () => line("    0.500000", "kfree: call_site=f ptr=0x1")),
    page,
    ...Array.from({ length: 5 }, () => line("99999999999.000000", "kfree: call_site=f ptr=0x1")),
    line("    2.000000", "kfree: call_site=f ptr=0x1"),
    " => do_fault\n",
    page,
    " => do_fault\n",
  ];
  const { list, others: counts, tasks } = readingOf(TRACEFS, [others.join("")]);
  assert.equal(counts, [["kfree", 11]]);
  assert.equal(tasks, [{ comm: "bash", pid: 1 }]);
  assert.equal(
    list.map((event) => (event as { caller: string }).caller),
    ["", "do_fault"],
  );
});

test("a word such as a page event's where a task should be is left to who knows better", () => {
  const start = "     mm_page_free: page=0 bash-1       [000] ..... ";
  const free = "mm_page_free: page=00000000d2be5665 pfn=0x1000 order=0\n";
  const { list, counts } = readingOf(TRACEFS, [`${start}1.000000: ${free}`]);
  assert.equal([list, (counts as { unreadLines: number }).unreadLines], [[], 1]);
});

test("two pages from an odd frame are refused as a usual line, too", () => {
  const line = `${"bash-1".padStart(18)}      [000] .....     1.000000: mm_page_alloc: page=00000000d2be5665 pfn=0x1001 order=1 migratetype=0 gfp_flags=GFP_KERNEL\n`;
  const { list, counts } = readingOf(TRACEFS, [line]);
  assert.equal([list, (counts as { unreadLines: number }).unreadLines], [[], 1]);
});

test("a comment behind a remark leaves no flags behind", () => {
  const comment = `# bash-1 [000] d..1. 1.000000: mm_page_alloc: page=00000000d2be5665 pfn=0x1001 order=0 migratetype=0 gfp_flags=GFP_KERNEL\n`;
  const { list, gfpTexts } = readingOf(TRACEFS, [`TRACE:\n${comment}`]);
  assert.equal([list, gfpTexts], [[], []]);
});

test.run();
