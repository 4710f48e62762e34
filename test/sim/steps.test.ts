import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Steps } from "../../src/sim/steps.js";

const test = suite("sim: steps");

interface Counted {
  readonly count: number;
}

const COUNT = Steps.from<Counted>()
  .step("doubles", ({ count }) => ({ twice: 2 * count }))
  .phase("first")
  .step("looks", () => {})
  .step("adds", ({ count, twice }) => ({ sum: count + twice }))
  .phase("second");

test("each step is given what those before it have added", () => {
  const phases: string[] = [];
  const state = COUNT.run({ count: 3, name: "kept" }, (phase) => phases.push(phase));
  assert.equal(state, { count: 3, name: "kept", twice: 6, sum: 9 });
  assert.equal(phases, ["first", "second"]);
});

test("a list goes on with another one, and neither changes", () => {
  const both = COUNT.followedBy(
    Steps.from<{ readonly sum: number }>().step("ends", ({ sum }) => ({ end: sum + 1 })),
  );
  assert.is(both.run({ count: 1 }, () => {}).end, 4);
  assert.equal(both.names, ["doubles", "= first", "looks", "adds", "= second", "ends"]);
  assert.equal(COUNT.names, ["doubles", "= first", "looks", "adds", "= second"]);
});

test("a list up to the end of a phase", () => {
  const phases: string[] = [];
  const state: { count: number; sum?: number; twice?: number } = { count: 3 };
  COUNT.until("first").run(state, (phase) => phases.push(phase));
  assert.equal([state, phases], [{ count: 3, twice: 6 }, ["first"]]);
  assert.throws(() => COUNT.until("third"), /no phase third/);
});

test("where a step throws, the state tells how far it came", () => {
  const fails = COUNT.step("fails", ({ sum }) => {
    if (sum > 0) throw new Error("no further");
    return { never: true };
  });
  const state: Counted & { sum?: number; never?: boolean } = { count: 1 };
  assert.throws(() => fails.run(state, () => {}), /no further/);
  assert.is(state.sum, 3);
  assert.is(state.never, undefined);
});

test.run();
