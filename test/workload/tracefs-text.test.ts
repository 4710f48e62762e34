// Takes 1 s.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EventBlocks } from "../../src/workload/event-blocks.js";
import { PageEventKind } from "../../src/workload/events.js";
import { newTraceCounts, TraceNames } from "../../src/workload/trace-names.js";
import {
  TRACEFS_HEADER,
  TracefsPrinter,
  tracefsTrailer,
  UnprintableName,
} from "../../src/workload/tracefs-text.js";
import { type OneEvent, readWhole } from "./readers/traces.js";

const test = suite("workload: printing as tracefs does");

function printed(list: readonly OneEvent[], counts = newTraceCounts()): string {
  const names = new TraceNames();
  const pieces: Uint8Array[] = [];
  const printer = new TracefsPrinter(names, (bytes) => pieces.push(bytes.slice()));
  const blocks = new EventBlocks((block) => printer.add(block));
  for (const { kind, order, migrateType, cpu, timeNs, pfn, detail, comm, pid, caller } of list) {
    blocks.append(kind, order, migrateType, cpu, names.task(comm, pid), timeNs, pfn, detail);
    if (caller !== "") blocks.setCaller(names.caller(caller));
  }
  blocks.flush();
  return TRACEFS_HEADER + Buffer.concat(pieces).toString("utf8") + tracefsTrailer(counts, list.length);
}

/** What the trace says apart from `page=` and the flags of interrupts, which nobody keeps. */
function meaning(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.replace(/page=\S+/, "page=").replace(/\] \S{5} /, "] "))
    .map((line) =>
      line.replace(/gfp_flags=(\S+)/, (_, flags: string) => `gfp_flags=${flags.split("|").sort().join()}`),
    );
}

test("a real trace is printed line by line as the kernel did", () => {
  const text = readFileSync("test/golden/traces/boot-6.12.tracefs.txt", "utf8");
  assert.equal(meaning(printed(readWhole(text).list)), meaning(text));
});

test("import(export(x)) = x", () => {
  const word = fc.stringMatching(/^[!-~]([ -~]{0,13}[!-~])?$/);
  const anyEvent: fc.Arbitrary<OneEvent> = fc
    .record({
      kind: fc.integer({ min: 0, max: 5 }),
      order: fc.integer({ min: 0, max: 10 }),
      migrateType: fc.integer({ min: 0, max: 255 }),
      cpu: fc.integer({ min: 0, max: 65535 }),
      comm: fc.oneof(word, fc.constantFrom("прога", "a-1 [002] 1.5:", "kworker/u8:1-", "(x) [1]", "")),
      pid: fc.integer({ min: 0, max: 4194304 }),
      timeNs: fc.oneof(
        fc.integer({ min: 0, max: 2 ** 53 - 1 }),
        fc.constantFrom(0, 999_999_999, 2 ** 53 - 1),
      ),
      block: fc.integer({ min: 1, max: 2 ** 42 }),
      detail: fc.integer({ min: 0, max: 0xffffffff }),
      caller: fc.constantFrom("", "", "__pmd_alloc", "add"),
    })
    .map(({ block, ...event }) => {
      const isBatched = event.kind === PageEventKind.freeBatched;
      const hasType = event.kind !== PageEventKind.free && !isBatched;
      return {
        ...event,
        comm: event.pid === 0 && /^swapper(\/\d+)?$/.test(event.comm) ? "<idle>" : event.comm,
        order: isBatched ? 0 : event.order,
        migrateType: hasType ? event.migrateType : 0,
        pfn: isBatched ? block : block * 2 ** event.order,
        detail: [event.detail, 0, 0, event.detail % 256, 0, event.detail % 2 ** 24][event.kind]!,
      };
    });
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 30 }), fc.integer({ min: 1, max: 1000 }), (list, piece) => {
      const counts = { ...newTraceCounts(), lostEvents: 5, overwrittenEvents: 2 };
      const read = readWhole(printed(list, counts), piece);
      assert.equal(read.list, list);
      assert.equal([read.counts.lostEvents, read.counts.overwrittenEvents], [5, 2]);
    }),
    { numRuns: 200 },
  );
});

test("a name of any characters is printed so that it can be read, or refused", () => {
  const event = readWhole(readFileSync("test/golden/traces/live-6.18.tracefs.txt", "utf8")).list[0]!;
  const piece = fc.constantFrom(
    ..."\n \r \t \0 \x1b \x85 \xa0 \ufeff => # CPU:0 cpus=1 [001] [LOST 5 EVENTS] -1 ( ) 1.5: : alloc_pages swapper/0 <idle> a é".split(
      " ",
    ),
    " ",
  );
  const name = fc.oneof(
    fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join("")),
    fc.string(),
  );
  let refused = 0;
  fc.assert(
    fc.property(
      name,
      fc.oneof(fc.constant(""), name),
      fc.integer({ min: 1, max: 99 }),
      (comm, caller, pid) => {
        const list = [event, { ...event, comm, caller, pid }, event];
        let text: string;
        try {
          text = printed(list);
        } catch (error) {
          assert.instance(error, UnprintableName);
          assert.not.match((error as Error).message, /\n/);
          refused++;
          return;
        }
        assert.equal(readWhole(text).list, list);
      },
    ),
    { numRuns: 400 },
  );
  assert.ok(refused > 40 && refused < 360, `${refused} of 400 refused`);
});

test("a damaged call chain is read the same after it was printed", () => {
  const { list } = readWhole(readFileSync("test/golden/made-up/damaged-frames.txt"));
  assert.is(list.length, 3);
  assert.equal(readWhole(printed(list)).list, list);
});

test("a comm too long for its column does not stand where a line of a tool begins", () => {
  const event = readWhole(readFileSync("test/golden/traces/live-6.18.tracefs.txt", "utf8")).list[0]!;
  const list = [{ ...event, comm: "cpus=aaaaaaaaaaaaaaa", caller: "f" }];
  assert.equal(readWhole(printed(list)).list, list);
});

test("names that cannot be printed", () => {
  const event = readWhole(readFileSync("test/golden/traces/live-6.18.tracefs.txt", "utf8")).list[0]!;
  for (const comm of ["two\nlines", " leading", "x".repeat(2 ** 21)]) {
    assert.throws(
      () => printed([event, { ...event, comm }]),
      /^the task ".*" has a name that the text of tracefs/,
      comm,
    );
  }
  for (const caller of ["two words", "a+0x1", "alloc_pages", "x".repeat(2 ** 21)]) {
    assert.throws(() => printed([event, { ...event, caller }]), /^the function ".*" has a name/, caller);
  }
});

test("a quotient that is rounded up is no second too many", () => {
  const event = readWhole(readFileSync("test/golden/traces/live-6.18.tracefs.txt", "utf8")).list[0]!;
  for (const timeNs of [8_999_999_999_999_999, 9_007_198_999_999_999, 4e15 - 1]) {
    assert.is(readWhole(printed([{ ...event, timeNs }])).list[0]!.timeNs, timeNs);
  }
});

test.run();
