import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ScenarioError } from "../../../src/scenario/error.js";
import { excess, parseConstraint } from "../../../src/study/tune/constraint.js";
import { parseKnob, STEPS_PER_DOUBLING } from "../../../src/study/tune/knob.js";
import { parseObjective } from "../../../src/study/tune/objective.js";
import { GiB, MiB } from "../../../src/units.js";

const test = suite("study: what tune is asked for");

/** The message of the mistake in a flag. */
function complaint(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
  throw new Error("expected a ScenarioError");
}

test("an objective is a metric, a weighted sum or stages", () => {
  assert.equal(parseObjective("bootTime").stages, [[{ weight: 1, metric: "bootTime" }]]);
  assert.equal(parseObjective("bootTimeNs").stages, [[{ weight: 1, metric: "bootTime" }]]);
  assert.equal(parseObjective("0.7*bootTime + 0.3 * overheadBytes").stages, [
    [
      { weight: 0.7, metric: "bootTime" },
      { weight: 0.3, metric: "overheadBytes" },
    ],
  ]);
  assert.equal(parseObjective("bootTime, stallP99").stages, [
    [{ weight: 1, metric: "bootTime" }],
    [{ weight: 1, metric: "stallP99" }],
  ]);
});

test("a mistake in an objective is told with its column", () => {
  const of = (text: string): string => complaint(() => parseObjective(text));
  assert.match(
    of("bootTime+sped"),
    /^--objective 'bootTime\+sped': column 10: expected one of .*, found "sped"$/,
  );
  assert.match(of("0.7*bootTime,"), /column 14: expected .*, found nothing$/);
  assert.match(of("bootTime/2"), /column 1: expected .*, found "bootTime\/2"$/);
  assert.match(of("bootTime+0*stallP99"), /column 10: expected a weight above 0, found 0$/);
});

test("a constraint has a metric, a sign and a limit in the metric's unit", () => {
  const { metric, limit, orEqual } = parseConstraint("acceptedBytes<2GiB");
  assert.equal([metric, limit, orEqual], ["acceptedBytes", 2 * GiB, false]);
  assert.equal(parseConstraint("bootTime <= 15s").limit, 15e9);
  assert.is(parseConstraint("acceptCalls<100").limit, 100);
});

test("a limit itself is only within <=", () => {
  assert.ok(excess(parseConstraint("bootTime<10s"), 10e9) > 0);
  assert.is(excess(parseConstraint("bootTime<=10s"), 10e9), 0);
  assert.is(excess(parseConstraint("bootTime<10s"), 15e9), 0.5);
});

test("a mistake in a constraint is told with its column", () => {
  const of = (text: string): string => complaint(() => parseConstraint(text));
  assert.match(of("bootTime>15s"), /column 9: expected METRIC<LIMIT or METRIC<=LIMIT, found ">15s"$/);
  assert.match(of("bootTime"), /column 9: expected .*, found the end$/);
  assert.match(of("boot<15s"), /column 1: expected one of .*, found "boot"$/);
  assert.match(of("bootTime < 2GiB"), /column 12: expected a time such as 15s, found "2GiB"$/);
});

test("a range is a logarithmic grid with both ends, whole units of 2 MiB", () => {
  const { path, unit, values } = parseKnob("firmware.preAcceptLimit=64MiB..4GiB");
  assert.equal([path, unit], ["firmware.preAcceptLimit", "bytes"]);
  assert.is(values.length, 6 * STEPS_PER_DOUBLING + 1);
  assert.equal([values[0], values[STEPS_PER_DOUBLING], values.at(-1)], [64 * MiB, 128 * MiB, 4 * GiB]);
  values.forEach((value, at) => {
    assert.is((value as number) % (2 * MiB), 0);
    if (at > 0) assert.ok(value > values[at - 1]!);
  });
});

test("small whole numbers stand in a range once", () => {
  assert.equal(parseKnob("vcpus=1..8").values, [1, 2, 3, 4, 5, 6, 7, 8]);
});

test("lists of sizes, times, names and flags keep their kind; values and ranges mix", () => {
  assert.equal(parseKnob("host.pageSize=2MiB,4KiB").values, [4096, 2 * MiB]);
  assert.equal(parseKnob("platform.tdcallNs=1us,500ns").values, [500, 1000]);
  assert.equal(parseKnob("policy=lazy,eager").values, ["lazy", "eager"]);
  assert.equal(parseKnob("host.prefault=false,true").values, [false, true]);
  assert.equal(parseKnob("vcpus=0,1..2").values, [0, 1, 2]);
  assert.equal(parseKnob("x=1GiB,all").unit, "name");
});

test("a mistake in a knob is told with its column", () => {
  const of = (text: string): string => complaint(() => parseKnob(text));
  assert.match(of("policy"), /column 1: expected path\.to\.key=LOW\.\.HIGH/);
  assert.match(of("a.b=1MiB..,2MiB"), /column 5: expected a value or LOW\.\.HIGH, found "1MiB\.\."$/);
  assert.match(of("a.b=1,"), /column 7: expected a value or LOW\.\.HIGH, found nothing$/);
  assert.match(
    of("a.b=4GiB..1GiB"),
    /column 5: expected a range that rises from above 0, found "4GiB\.\.1GiB"$/,
  );
  assert.match(of("a.b=0..8"), /expected a range that rises from above 0/);
  assert.match(
    of("a.b=x..y"),
    /column 5: expected two sizes, two times or two numbers round "\.\.", found "x\.\.y"$/,
  );
  assert.match(of("a.b=0.0000001MiB..4GiB"), /expected two sizes/);
});

test.run();
