import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Counted, CountedProgress, countedText, tick } from "../../src/cli/progress.js";

const test = suite("cli: progress");

class Terminal extends Writable {
  text = "";
  readonly isTTY: boolean;
  readonly columns = 80;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString("utf8");
    done();
  }
}

/** Runs steps of so many milliseconds each and returns what a terminal shows meanwhile, a line each. */
function shownDuring(stepsMs: readonly number[], isTTY = true, total = stepsMs.length): string[] {
  const terminal = new Terminal(isTTY);
  let timeMs = 5e12;
  const progress = new CountedProgress({ what: "runs", total }, terminal, { now: () => timeMs });
  for (const stepMs of stepsMs) {
    timeMs += stepMs;
    progress.add(1);
  }
  progress.stop();
  return stripVTControlCharacters(terminal.text).split("\r").filter(Boolean);
}

test("work of less than a second shows nothing", () => {
  assert.equal(shownDuring([200, 200, 200, 200]), []);
});

test("longer work shows how many runs are done, and what an estimate rests on", () => {
  assert.equal(shownDuring([600, 600, 600, 600]), [
    "2/4 runs, 1 s; about 1 s to go, by these 2",
    "3/4 runs, 2 s; about 1 s to go, by these 3",
  ]);
});

test("no terminal, no bar", () => {
  assert.equal(shownDuring([600, 600, 600, 600], false), []);
});

test("a bar is not shown for the end only", () => {
  assert.equal(shownDuring([5000]), []);
});

test("runs of very different length make a range, in which the rest is", () => {
  const steps = [1000, 9000, 1000, 9000, 1000, 9000];
  assert.is(shownDuring(steps, true, 12).at(-1), "6/12 runs, 30 s; 6.0 s to 54 s to go, by these 6");
});

test("ranges are means of the quicker and of the slower half of any times, whatever their order", () => {
  const seen: Counted[] = [];
  let timeMs = 0;
  const progress = new CountedProgress({ what: "runs", total: 100 }, new Terminal(true), {
    now: () => timeMs,
    ticker: { show: (counted) => void seen.push(counted), stop: () => true },
  });
  const times = [7, 3, 9, 9, 1, 12, 3, 5, 8, 2, 40, 1, 6];
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  for (const [at, ms] of times.entries()) {
    timeMs += ms;
    progress.add(1);
    const sorted = times.slice(0, at + 1).sort((a, b) => a - b);
    const half = Math.ceil(sorted.length / 2);
    const { quickMs, slowMs } = seen.at(-1)!;
    assert.is(quickMs, mean(sorted.slice(0, half)), `${at}`);
    assert.is(slowMs, mean(sorted.slice(-half)), `${at}`);
  }
});

/** Two quick runs and a slow one are done, of five; the last was done at second 20. */
const COUNTED: Counted = {
  what: "runs",
  done: 3,
  total: 5,
  isSearch: false,
  beginMs: 0,
  lastMs: 20_000,
  quickMs: 2000,
  slowMs: 10_000,
};

test("time goes on within a run, and one that is longer than all before it says so instead of 0 s", () => {
  assert.is(countedText(COUNTED, 20_000), "3/5 runs, 20 s; 4.0 s to 20 s to go, by these 3");
  assert.is(countedText(COUNTED, 30_000), "3/5 runs, 30 s; up to 10 s to go, by these 3");
  assert.is(countedText(COUNTED, 50_000), "3/5 runs, 50 s; this one takes longer than the 3 before");
});

test("a search says that there are at most so many, and the first run that nothing is known yet", () => {
  assert.is(
    countedText({ ...COUNTED, isSearch: true }, 20_000),
    "3/at most 5 runs, 20 s; up to 20 s to go, by these 3",
  );
  assert.is(countedText({ ...COUNTED, done: 0, total: 1, lastMs: 0 }, 7000), "0/1 runs, 7.0 s");
});

test("a tick shows nothing in the first second, and no more than a line has room for", () => {
  assert.is(tick(COUNTED, 900, 80), "");
  assert.is(tick(COUNTED, 20_000, 20), "\r\u001b[K3/5 runs, 20 s; 4.0");
});

test("with a ticker, it alone writes, and its line is gone in the end", () => {
  const terminal = new Terminal(true);
  const seen: number[] = [];
  let timeMs = 0;
  const progress = new CountedProgress({ what: "runs", total: 3 }, terminal, {
    now: () => timeMs,
    ticker: { show: ({ done }) => void seen.push(done), stop: () => true },
  });
  for (const endMs of [5000, 10_000, 15_000]) {
    timeMs = endMs;
    progress.add(1);
  }
  assert.equal([seen, terminal.text], [[0, 1, 2], ""]);
  progress.stop();
  assert.is(terminal.text, "\r\u001b[K");
});

test.run();
