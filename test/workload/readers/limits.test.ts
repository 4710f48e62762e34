import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { TraceError } from "../../../src/workload/trace-error.js";
import { readWhole } from "./traces.js";

const test = suite("workload: numbers and names that are too large for a trace");

const MADE_UP = "test/golden/made-up";

function errorOf(trace: string | Uint8Array): string {
  try {
    readWhole(trace);
  } catch (error) {
    if (error instanceof TraceError) return error.message;
    throw error;
  }
  throw new Error("was read without an error");
}

/** Lines of tracefs at some times. The last is usual in all but its time, with enough behind it to be read as such. */
function at(seconds: string): string {
  const line = (time: string): string =>
    `            bash-1234    [001] d..1. ${time}: mm_page_free: page=00000000abcdef01 pfn=0x100001 order=0\n`;
  return `# tracer: nop\n#\n${line("1.000000")}${line(seconds)}${line(seconds).repeat(8)}`;
}

test("a lost count of 400 digits, and counts whose sum is too large", () => {
  const expected = "expected at most 281474976710656 events, found ";
  assert.match(errorOf(readFileSync(`${MADE_UP}/lost-400-digits.txt`)), `test.trace:3:1: ${expected}`);
  const lost = (count: number): string => `# tracer: nop\n#\nCPU:0 [LOST ${count} EVENTS]\n`;
  assert.is(readWhole(lost(2 ** 48)).counts.lostEvents, 2 ** 48);
  assert.match(errorOf(`${lost(2 ** 48)}CPU:1 [LOST 1 EVENTS]\n`), `test.trace:4:1: ${expected}`);
  const overwritten = `# entries-in-buffer/entries-written: 1/${"9".repeat(400)}   #P:1\n`;
  assert.match(errorOf(`# tracer: nop\n${overwritten}`), `test.trace:2:1: ${expected}`);
});

test("in a trace that begins early, the last nanosecond that a number can hold is read, later ones are refused", () => {
  assert.is(readWhole(at("9007199.254740991")).list[1]!.timeNs, 2 ** 53 - 1);
  assert.is(readWhole(at("9007199.254740")).list[1]!.timeNs, 9007199254740000);
  for (const seconds of [
    "9007199.254740992",
    "9007199.254741",
    "9007200.000000",
    "1700000000.123456",
    "99999999999.000000",
  ]) {
    const message = errorOf(at(seconds));
    const start = `test.trace:4:38: expected a time no more than a day before the first event, nor 100 days after it, found "${seconds}`;
    assert.ok(message.startsWith(start), message);
  }
});

test("a function with a name longer than any symbol", () => {
  const chain = (name: string): string => `${at("2.000000")} => ${name}\n`;
  assert.is(readWhole(chain("f".repeat(512))).list.at(-1)!.caller.length, 512);
  assert.match(
    errorOf(chain("f".repeat(513))),
    "test.trace:13:1: expected a function of at most 512 characters",
  );
});

test("a function whose name is not ASCII", () => {
  assert.is(readWhole(`${at("2.000000")} => läuft\n`).list.at(-1)!.caller, "läuft");
});

test("a line longer than any of a trace, however its pieces come", () => {
  const text = (length: number): string =>
    `# tracer: nop\n#${"x".repeat(length - 1)}\n${at("2.000000").slice(16)}`;
  for (const pieceBytes of [1000, 65_000, Number.POSITIVE_INFINITY]) {
    assert.is(readWhole(text(65_536), pieceBytes).list.length, 10);
    assert.throws(
      () => readWhole(text(65_537), pieceBytes),
      /^test\.trace:2:1: expected the text of a trace, found bytes without a line end$/,
    );
  }
});

for (const name of ["11-0", "11-1", "12-0", "12-1"]) {
  test(`a compact trace with an event that no export could print: ${name}`, () => {
    const message = errorOf(readFileSync(`${MADE_UP}/impossible-events-${name}.trace`));
    assert.match(
      message,
      /^test\.trace: byte \d+: expected events with a possible (time|detail), found another/,
    );
  });
}

test.run();
