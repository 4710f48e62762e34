import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Progress } from "../../src/cli/progress.js";

const test = suite("cli: progress");

class Terminal extends Writable {
  text = "";
  readonly isTTY: boolean;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString("utf8");
    done();
  }
}

/** Runs 4 steps of so many milliseconds each and returns what a terminal shows meanwhile. */
function shownDuring(stepMs: number, isTTY: boolean): string {
  const terminal = new Terminal(isTTY);
  let timeMs = 0;
  const progress = new Progress(terminal, () => timeMs);
  for (let done = 1; done <= 4; done++) {
    timeMs += stepMs;
    progress.count(done, 4, "runs");
  }
  progress.stop();
  return stripVTControlCharacters(terminal.text);
}

test("work of less than a second shows nothing", () => {
  assert.is(shownDuring(200, true), "");
});

test("longer work shows how many runs are done", () => {
  assert.match(shownDuring(600, true), "2/4 runs");
});

test("no terminal, no bar", () => {
  assert.is(shownDuring(600, false), "");
});

test("a bar is not shown for the end only", () => {
  const terminal = new Terminal(true);
  let timeMs = 0;
  const progress = new Progress(terminal, () => timeMs);
  timeMs = 5000;
  progress.count(1, 1, "runs");
  progress.stop();
  assert.is(terminal.text, "");
});

test.run();
