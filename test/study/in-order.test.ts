import { setTimeout } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { inLanes, inOrder } from "../../src/study/in-order.js";

const test = suite("study: many runs at once");

async function after<T>(ms: number, answer: () => T): Promise<T> {
  await setTimeout(ms);
  return answer();
}

function fail(message: string): () => never {
  return () => {
    throw new Error(message);
  };
}

test("answers come in the order of the questions", async () => {
  const answers = await inOrder([after(20, () => "a"), after(0, () => "b"), after(5, () => "c")]);
  assert.equal(answers, ["a", "b", "c"]);
});

test("of several that fail the first in order is told, though another one failed before it", async () => {
  const asked = [after(0, () => 1), after(20, fail("second")), after(0, fail("third"))];
  try {
    await inOrder(asked);
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, "second");
  }
});

test("no more items at once than there are lanes, and the next one begins where one ends", async () => {
  const log: string[] = [];
  const results = await inLanes([30, 5, 5, 5], 2, async (ms) => {
    log.push(`start ${ms}`);
    const at = log.length;
    await setTimeout(ms);
    log.push("end");
    return at;
  });
  assert.equal(results, [1, 2, 4, 6]);
  let busy = 0;
  for (const line of log) {
    busy += line === "end" ? -1 : 1;
    assert.ok(busy <= 2, log.join());
  }
});

test("one lane is one after the other", async () => {
  const log: number[] = [];
  await inLanes([1, 2, 3], 1, async (item) => {
    log.push(item);
    await setTimeout(1);
    log.push(item);
  });
  assert.equal(log, [1, 1, 2, 2, 3, 3]);
});

test.run();
