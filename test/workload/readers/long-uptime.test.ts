/** Traces of machines that have been up for so long that no number holds their times exactly. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CompactWriter } from "../../../src/workload/compact/format.js";
import { EventBlocks } from "../../../src/workload/event-blocks.js";
import { TraceReader } from "../../../src/workload/readers/trace-reader.js";
import { TraceError } from "../../../src/workload/trace-error.js";
import { newTraceCounts, TraceNames } from "../../../src/workload/trace-names.js";
import { TracefsPrinter } from "../../../src/workload/tracefs-text.js";
import { readWhole } from "./traces.js";

const test = suite("workload: traces of a machine that has been up for long");

const DAY_NS = 86_400e9;
/** 120 days, and a fraction that is odd in the last digit that 2^53 ns loses. */
const FIRST = "10368000.192833001";
const EVENT = "mm_page_free: page=00000000d2be5665 pfn=0x10 order=0";
const at = (time: string): string => `            bash-123     [000] d..1. ${time}: ${EVENT}\n`;
const timesOf = (text: string | Uint8Array): number[] => readWhole(text).list.map(({ timeNs }) => timeNs);

/** What two ways of writing make of a trace: ours, and the text of tracefs. */
function written(bytes: Uint8Array): { compact: Uint8Array; text: string } {
  const names = new TraceNames();
  const compact: Uint8Array[] = [];
  let text = "";
  const writer = new CompactWriter(names, (piece) => compact.push(piece.slice()));
  const printer = new TracefsPrinter(names, (piece) => {
    text += Buffer.from(piece).toString("latin1");
  });
  const blocks = new EventBlocks((block) => {
    writer.add(block);
    printer.add(block);
  });
  const reader = new TraceReader("x", { names, counts: newTraceCounts(), blocks });
  reader.feed(new Uint8Array(bytes));
  reader.end();
  writer.end({ source: ["tracefs"] }, newTraceCounts());
  return { compact: new Uint8Array(Buffer.concat(compact)), text };
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

test("times are counted from a day before the first event, each nanosecond exact", () => {
  const text = at(FIRST) + at("10368000.192833002") + at("10368001.000000");
  const padded = text + "#\n".repeat(300);
  for (const whole of [text, padded])
    assert.equal(timesOf(whole), [DAY_NS + 192_833_001, DAY_NS + 192_833_002, DAY_NS + 1e9]);
});

test("every format with times", () => {
  const perf = `bash 123 [000] ${FIRST}: kmem:${EVENT}\n`;
  const dump = `[    9.5] Dumping ftrace buffer:\n[    9.5]  bash-123  0d..1. 10368000192833us : ${EVENT}\n`;
  const graph = ` 10368000.192833 |   0)  bash-123  |      |  /* ${EVENT} */\n`;
  assert.equal(timesOf(perf), [DAY_NS + 192_833_001]);
  assert.equal(timesOf(dump), [DAY_NS + 192_833_000]);
  assert.equal(timesOf(graph), [DAY_NS + 192_833_000]);
});

test("an event written late, and one that no trace can have", () => {
  assert.equal(timesOf(at(FIRST) + at("10367999.000000")), [DAY_NS + 192_833_001, DAY_NS - 1e9]);
  const expected =
    "test.trace:2:38: expected a time no more than a day before the first event, nor 100 days after";
  assert.match(messageOf(at(FIRST) + at("345.192833")), expected);
  assert.match(messageOf(at(FIRST) + at("99999999.192833")), expected);
});

test("events without a time come first", () => {
  const untimed = `bash 123 [000] kmem:${EVENT}\n`;
  assert.equal(timesOf(`${untimed}bash 123 [000] ${FIRST}: kmem:${EVENT}\n`), [0, DAY_NS + 192_833_001]);
});

test("ours keeps the times and the text has them as they were", () => {
  const text = at(FIRST) + at("10368000.192833002");
  const { compact, text: printed } = written(Buffer.from(text));
  assert.equal(timesOf(compact), timesOf(text));
  for (const again of [printed, written(compact).text]) {
    assert.match(again, `${FIRST}: mm_page_free`);
    assert.equal(timesOf(again), timesOf(text));
  }
  assert.equal(written(compact).compact, compact);
});

test("parts that count from different seconds are refused", () => {
  const { compact } = written(Buffer.from(at(FIRST)));
  const names = new TraceNames();
  const output = { names, counts: newTraceCounts(), blocks: new EventBlocks(() => undefined) };
  const first = new TraceReader("a", output);
  first.feed(new TextEncoder().encode(at("345.192833")));
  first.end();
  const second = new TraceReader("b", output);
  second.feed(compact);
  assert.throws(
    () => second.end(),
    /expected times counted from second 0, as those before, found second 10281600/,
  );
});

test.run();
