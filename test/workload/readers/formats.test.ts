// Takes 1 s.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PageEventKind } from "../../../src/workload/events.js";
import { gfpOfText } from "../../../src/workload/gfp-text.js";
import { KIND_OF_NAME } from "../../../src/workload/readers/payload.js";
import { TraceError } from "../../../src/workload/trace-error.js";
import { type OneEvent, PRINTERS, readWhole } from "./traces.js";

const test = suite("workload: text formats");

function golden(name: string): string {
  return readFileSync(`test/golden/traces/${name}`, "utf8");
}

/** Every page event of a text by one plain expression, as far as all formats have it. */
function naive(text: string): Partial<OneEvent>[] {
  const line =
    /(\d+)\.(\d{6,9}): +(?:kmem:)?(mm_page_\w+): +(?:page=\S+ +)?pfn=(0x[0-9a-f]+|\d+)(?: (?:alloc_)?order=(\d+))?(.*)/;
  return text.split("\n").flatMap((row) => {
    const [, seconds, fraction, name, pfn, order, rest] = line.exec(row) ?? [];
    if (name === undefined) return [];
    const flags = /gfp_flags=(\S+)/.exec(rest!)?.[1];
    return [
      {
        kind: KIND_OF_NAME.get(name)!,
        timeNs: Number(seconds) * 1e9 + Number(fraction!.padEnd(9, "0")),
        pfn: Number(pfn),
        order: Number(order ?? 0),
        migrateType: Number(/migratetype=(\d+)/.exec(rest!)?.[1] ?? 0),
        ...(flags === undefined ? {} : { detail: gfpOfText(flags)!.flags }),
      },
    ];
  });
}

/** Those fields of events that the naive reader has. */
function comparable(list: readonly OneEvent[]): Partial<OneEvent>[] {
  return list.map(({ kind, timeNs, pfn, order, migrateType, detail }) => ({
    kind,
    timeNs,
    pfn,
    order,
    migrateType,
    ...(kind === PageEventKind.alloc ? { detail } : {}),
  }));
}

const GOLDEN: readonly (readonly [file: string, format: string, events: number])[] = [
  ["boot-6.12.tracefs.txt", "tracefs", 56],
  ["live-6.18.tracefs.txt", "tracefs", 60],
  ["live-6.18.trace-cmd.txt", "trace-cmd report", 60],
  ["live-6.18.trace-cmd-t.txt", "trace-cmd report", 60],
  ["live-6.18.trace-cmd-l.txt", "trace-cmd report", 60],
  ["live-6.18.trace-cmd-R.txt", "trace-cmd report", 60],
  ["live-6.18.perf-6.1.txt", "perf script", 40],
  ["live-6.18.perf-6.1-header.txt", "perf script", 15],
  ["live-6.18.perf-6.1-pid-tid-ns.txt", "perf script", 40],
  ["live-6.18.perf-6.1-no-cpu.txt", "perf script", 40],
  ["live-6.18.perf-6.1-task-events.txt", "perf script", 38],
  ["live-6.18.perf-6.1-call-chains.txt", "perf script", 8],
];

for (const [file, format, events] of GOLDEN) {
  test(`real lines: ${file}`, () => {
    const text = golden(file);
    const whole = readWhole(text);
    assert.is(whole.format, format);
    assert.is(whole.list.length, events);
    assert.equal(comparable(whole.list), naive(text));
    assert.is(whole.counts.otherEvents, 0);
    assert.equal(readWhole(text, 1000).list, whole.list);
    assert.equal(readWhole(text.replaceAll("\n", "\r\n")).list, whole.list);
  });
}

test("tracefs and trace-cmd agree on a real trace but for a comm that trace-cmd did not know", () => {
  const [tracefs, traceCmd] = ["live-6.18.tracefs.txt", "live-6.18.trace-cmd.txt"].map(
    (file) => readWhole(golden(file)).list,
  );
  const known = new Map(tracefs!.map(({ pid, comm }) => [pid, comm]));
  assert.equal(
    traceCmd!.map((event) => (event.comm === "<...>" ? { ...event, comm: known.get(event.pid)! } : event)),
    tracefs,
  );
});

test("raw output has no names of flags, which is counted", () => {
  const raw = readWhole(golden("live-6.18.trace-cmd-R.txt"));
  const named = readWhole(golden("live-6.18.trace-cmd.txt"));
  assert.equal(raw.list, named.list);
  assert.is(raw.counts.hexFlags, raw.list.filter(({ kind }) => kind === PageEventKind.alloc).length);
  assert.is(named.counts.hexFlags, 0);
});

test("columns that -F left out are counted", () => {
  const { list, counts } = readWhole(golden("live-6.18.perf-6.1-no-cpu.txt"));
  assert.is(counts.withoutCpu, list.length);
  assert.is(counts.withoutTask + counts.withoutTime, 0);
  assert.equal(
    list.map((event) => ({ ...event, cpu: 1 })),
    readWhole(golden("live-6.18.perf-6.1.txt")).list,
  );
  const bare = golden("live-6.18.perf-6.1.txt").replaceAll(/^.*\] +/gm, "");
  const without = readWhole(bare);
  assert.equal(
    [without.format, without.counts.withoutTask, without.counts.withoutCpu],
    ["perf script", 40, 40],
  );
  const untimed = readWhole(bare.replaceAll(/^[\d.]+: +/gm, ""));
  assert.equal([untimed.format, untimed.list.length, untimed.counts.withoutTime], ["perf script", 40, 40]);
});

test("the caller is the first function behind the allocator's own", () => {
  const { list } = readWhole(golden("live-6.18.perf-6.1-call-chains.txt"));
  assert.equal(
    list.slice(0, 3).map(({ caller }) => caller),
    ["__pmd_alloc", "pte_alloc_one", "tlb_remove_table"],
  );
});

test("stack traces of tracefs give the caller too", () => {
  const line = golden("live-6.18.tracefs.txt").split("\n")[12]!;
  const trace = line.replace(/mm_page.*/, "<stack trace>");
  const { list, counts } = readWhole(
    `${line}\n${trace}\n => __alloc_pages\n => __pmd_alloc\n => mmap\n${line}\n`,
  );
  assert.equal(
    list.map(({ caller }) => caller),
    ["__pmd_alloc", ""],
  );
  assert.is(counts.otherEvents, 0);
});

test("stack traces of trace-cmd do, too", () => {
  const line = golden("live-6.18.trace-cmd.txt").split("\n")[5]!;
  const trace = line.replace(/mm_page.*/, "kernel_stack:         <stack trace >");
  const text = `cpus=2\n${line}\n${trace}\n=> __alloc_pages (ffffffff8161f78b)\n=> __pmd_alloc (ffffffff815e57ee)\n`;
  const { list, counts } = readWhole(text);
  assert.equal([list.length, list[0]!.caller, counts.otherEvents], [1, "__pmd_alloc", 0]);
});

test("losses are counted in the words of each tool", () => {
  const line = (name: string): string => golden(name).split("\n")[13]!;
  const lossesOf = (text: string): number => readWhole(text).counts.lostEvents;
  assert.is(
    lossesOf(`CPU:3 [LOST 120 EVENTS]\n${line("live-6.18.tracefs.txt")}\nCPU:0 [LOST EVENTS]\n`),
    121,
  );
  const traceCmd = line("live-6.18.trace-cmd.txt");
  assert.is(lossesOf(`cpus=2\nCPU:1 [7 EVENTS DROPPED]\n${traceCmd}\nCPU:1 [EVENTS DROPPED]\n`), 8);
  const perf = line("live-6.18.perf-6.1.txt");
  const lost = perf.replace(/kmem:.*/, "PERF_RECORD_LOST lost 5");
  assert.is(lossesOf(`${lost}\n${perf}\nWarning:\nProcessed 99 events and lost 2 chunks!\n`), 7);
});

test("other events are counted and left out in every format", () => {
  for (const file of ["live-6.18.tracefs.txt", "live-6.18.trace-cmd.txt", "live-6.18.perf-6.1.txt"]) {
    const text = golden(file);
    const line = text.split("\n")[14]!;
    const other = line.replace(/(kmem:)?mm_page_\w+: .*/, (_, system) =>
      system === undefined
        ? "sched_switch: prev_comm=a ==> next_comm=b"
        : "sched:sched_switch: a:1 [120] S ==> b:2",
    );
    const { list, counts } = readWhole(`${text}${other}\n${line}\n`);
    assert.equal([list.length, counts.otherEvents], [readWhole(text).list.length + 1, 1], file);
  }
});

test("flags of other kernels", () => {
  const line = golden("live-6.18.tracefs.txt")
    .split("\n")
    .find((row) => row.includes("mm_page_alloc:"))!;
  const flagsOf = (flags: string): [number, number, number] => {
    const { list, counts } = readWhole(`${line.replace(/gfp_flags=.*/, `gfp_flags=${flags}`)}\n`);
    return [list[0]!.detail, counts.hexFlags, counts.unknownFlags];
  };
  assert.equal(flagsOf("GFP_KERNEL|__GFP_NO_OBJ_EXT"), [0xcc0, 0, 0]);
  assert.equal(flagsOf("__GFP_WAIT|__GFP_COLD"), [0xc00, 0, 0]);
  assert.equal(flagsOf("GFP_KERNEL|__GFP_REPEAT"), [0xcc0 | 0x4000, 0, 0]);
  assert.equal(flagsOf("GFP_KERNEL|__GFP_FROM_THE_FUTURE"), [0xcc0, 0, 1]);
  assert.equal(flagsOf("0x140cca"), [0x140cca, 1, 0]);
});

const anyEvent: fc.Arbitrary<OneEvent> = fc
  .record({
    kind: fc.integer({ min: 0, max: 5 }),
    order: fc.integer({ min: 0, max: 10 }),
    migrateType: fc.integer({ min: 0, max: 5 }),
    cpu: fc.integer({ min: 0, max: 8191 }),
    comm: fc
      .oneof(
        fc.constantFrom(
          "bash",
          "<idle>",
          "kworker/0:1-ev",
          "a b",
          "x-1 [002]",
          "a: b",
          "-",
          "12",
          "a 7",
          "[x]",
        ),
        fc.stringMatching(/^[!-~]([ -~]{0,13}[!-~])?$/),
      )
      .filter((comm) => !comm.startsWith("swapper") && comm !== "#" && !comm.startsWith("# ")),
    pid: fc.integer({ min: 1, max: 4194304 }),
    timeNs: fc.integer({ min: 0, max: 2 ** 50 }),
    block: fc.integer({ min: 1, max: 2 ** 42 }),
    gfp: fc.integer({ min: 1, max: 0xffffff }),
    caller: fc.constantFrom("", "__pmd_alloc", "do_anonymous_page", "__get_user_pages"),
  })
  .map(({ block, gfp, ...event }) => {
    const isBatched = event.kind === PageEventKind.freeBatched;
    return {
      ...event,
      order: isBatched ? 0 : event.order,
      migrateType: event.kind === PageEventKind.free || isBatched ? 0 : event.migrateType,
      pfn: isBatched ? block : block * 2 ** event.order,
      detail: [gfp, 0, 0, 1, 0, 10 + 256 + 65536][event.kind]!,
    };
  });

test("the same events give the same columns in every format", () => {
  fc.assert(
    fc.property(
      fc.array(anyEvent, { minLength: 1, maxLength: 20 }),
      fc.oneof(fc.integer({ min: 1, max: 700 }), fc.constant(1e6)),
      (list, piece) => {
        for (const [name, { ns, print }] of Object.entries(PRINTERS)) {
          const header = name.startsWith("trace-cmd") ? "cpus=8\n" : "";
          const expected = list.map((event) => ({
            ...event,
            timeNs: ns ? event.timeNs : Math.floor(event.timeNs / 1000) * 1000,
            caller: name === "perf -g" ? event.caller : "",
          }));
          // The comm ends where a process and its thread begin, so one that ends in a number is another.
          const ambiguous =
            name.startsWith("perf") && list.some(({ comm }) => / -?\d+\/?\d*$|^-?\d+$/.test(comm));
          if (ambiguous) continue;
          const text = header + list.map(print).join("");
          assert.equal(readWhole(text, piece).list, expected, name);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test("the fast way and the slow one read the same from a long trace of the kernel", () => {
  const packed = readFileSync("workloads/recorded/linux-6.12.95-1c4g/wl-dd64.trace.gz");
  const text = new Uint8Array(gunzipSync(packed)).subarray(0, 2 ** 20);
  const bytes = text.subarray(0, text.lastIndexOf(0x0a) + 1);
  // Near the end of a piece every line is read the slow way.
  assert.equal(readWhole(bytes, 200).list, readWhole(bytes).list);
});

test("a trace of nothing but headers is empty", () => {
  for (const text of ["# tracer: nop\n#\n", "cpus=4\n", "# ========\n# perf version : 6.1\n", "\n\n"]) {
    assert.is(readWhole(text).list.length, 0, text);
  }
});

test("a file of no bytes is no trace", () => {
  assert.throws(() => readWhole(""), "test.trace: byte 0: expected a trace, found an empty file");
});

test("files of other kinds are named, with what to do", () => {
  const refused: readonly (readonly [start: string, expected: RegExp])[] = [
    ["PERFILE2\0\0", /^test\.trace: byte 0: expected a trace, found perf\.data: print it with `perf script/],
    ["\x17\x08\x44tracing6\0", /found trace\.dat: print it with `trace-cmd report/],
    ["\x1f\u008b\x08", /found a gzip file within another one/],
    [
      "name: boot\nworkload: x\n",
      /^test\.trace:1:1: expected a line of tracefs, perf script or trace-cmd report, found "name: boot"/,
    ],
    ["# ok\n\n<html>\n", /^test\.trace:3:1: /],
    ["\u0089PNG\r\n\u001a\n", /^test\.trace:1:1: /],
  ];
  for (const [start, expected] of refused) {
    const bytes = Uint8Array.from(start, (character) => character.charCodeAt(0));
    assert.throws(
      () => readWhole(bytes),
      (error: unknown) =>
        error instanceof TraceError && expected.test(error.message) && !error.message.includes("\n"),
      start,
    );
  }
});

test.run();
