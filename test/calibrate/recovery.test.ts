// Takes 15 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { isInside, type Recovery, recover, summaryOf } from "./recovery.js";

const test = suite("calibrate: prices of made-up machines");

const machines: Recovery[] = [];
test.before(() => {
  for (let seed = 1; seed <= 10; seed++) machines.push(recover(seed));
});

test("true prices lie inside their intervals, but for one in twenty", () => {
  const all = machines.flatMap(({ recovered }) => recovered);
  const outside = all.filter((one) => !isInside(one));
  assert.ok(all.length > 80, `${all.length}`);
  assert.ok(outside.length <= all.length / 20, outside.map(({ name, seed }) => `${seed} ${name}`).join(", "));
});

test("intervals of what can be told are narrow", () => {
  const told = machines.flatMap(({ recovered }) => recovered.filter(({ isIdentified }) => isIdentified));
  // What only one or two machines tell, as others' readings are lost, has no median.
  for (const [name, { width, told: count }] of summaryOf(told))
    assert.ok(count < 3 || width <= 1.5, `${name}: ${width}`);
});

test("readings of one machine agree", () => {
  assert.equal(
    machines.flatMap(({ refused }) => refused),
    [],
  );
});

test("the curve that fed no price is predicted", () => {
  const rms = machines.map((one) => one.rms ?? 1).sort((a, b) => a - b);
  assert.ok(rms[5]! < 0.02, rms.join(", "));
});

test.run();
