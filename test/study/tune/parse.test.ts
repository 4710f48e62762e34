import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ConditionError, excess } from "../../../src/results/conditions.js";
import { ScenarioError } from "../../../src/scenario/error.js";
import { parseKnob, STEPS_PER_DOUBLING } from "../../../src/study/tune/knob.js";
import { parseConstraint, parseObjective } from "../../../src/study/tune/objective.js";
import { GiB, MiB } from "../../../src/units.js";

const test = suite("study: what tune is asked for");

/** The message of the mistake in a flag. */
function complaint(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ScenarioError || error instanceof ConditionError) return error.message;
    throw error;
  }
  throw new Error("expected a mistake");
}

test("an objective is a measure, a weighted sum or stages", () => {
  assert.equal(parseObjective("bootTimeNs").stages, [[{ weight: 1, measure: "bootTimeNs" }]]);
  assert.equal(parseObjective("0.7*bootTimeNs + 0.3 * overheadBytes").stages, [
    [
      { weight: 0.7, measure: "bootTimeNs" },
      { weight: 0.3, measure: "overheadBytes" },
    ],
  ]);
  assert.equal(parseObjective("bootTimeNs, waits.boot.p99Ns").stages, [
    [{ weight: 1, measure: "bootTimeNs" }],
    [{ weight: 1, measure: "waits.boot.p99Ns" }],
  ]);
});

test("a mistake in an objective is told with its column", () => {
  const of = (text: string): string => complaint(() => parseObjective(text));
  assert.match(
    of("bootTimeNs+sped"),
    /^bootTimeNs\+sped: column 12: expected a measure such as .*, found "sped"/,
  );
  assert.match(of("0.7*bootTimeNs,"), /column 16: expected .*, found nothing$/);
  assert.match(of("bootTimeNs/2"), /column 1: expected .*, found "bootTimeNs\/2"$/);
  assert.match(of("bootTimeNs+0*waits.boot.p99Ns"), /column 12: expected a weight above 0, found 0$/);
  assert.match(of("bootRatio"), /column 1: expected a measure that is better when less, found bootRatio$/);
});

test("the names of before are told the new ones", () => {
  const of = (text: string): string => complaint(() => parseObjective(text));
  for (const [was, is] of [
    ["bootTime", "bootTimeNs"],
    ["stallP99", "waits.boot.p99Ns or waits.workload.p99Ns"],
    ["stallMax", "waits.boot.maxNs or waits.workload.maxNs"],
    ["stallTotal", "waits.boot.totalNs or waits.workload.totalNs"],
    ["workloadTime", "workloadTimeNs"],
    ["workloadNs", "workloadTimeNs"],
  ] as const) {
    assert.match(of(`overheadBytes,2*${was}`), `column 17: expected a measure`);
    assert.match(of(was), `found "${was}", did you mean ${is}?`);
    assert.match(
      complaint(() => parseConstraint(`${was}<1s`)),
      `found "${was}", did you mean ${is}?`,
    );
  }
});

test("a constraint has a measure, a sign and a limit in the measure's unit", () => {
  const { measure, value, operator } = parseConstraint("acceptedBytes<2GiB");
  assert.equal([measure.name, value, operator], ["acceptedBytes", 2 * GiB, "<"]);
  assert.equal(parseConstraint("bootTimeNs <= 15s").value, 15e9);
  assert.is(parseConstraint("acceptCalls<100").value, 100);
  assert.is(parseConstraint("assumedShare<0.5").value, 0.5);
});

test("a limit itself is only within <= and >=", () => {
  assert.ok(excess(parseConstraint("bootTimeNs<10s"), 10e9) > 0);
  assert.is(excess(parseConstraint("bootTimeNs<=10s"), 10e9), 0);
  assert.is(excess(parseConstraint("bootTimeNs<10s"), 15e9), 0.5);
  assert.is(excess(parseConstraint("touchedBytes>=4GiB"), 4 * GiB), 0);
  assert.is(excess(parseConstraint("touchedBytes>4GiB"), 3 * GiB), 0.25);
  assert.is(excess(parseConstraint("lostBytes<=0"), 7), 7);
});

test("a mistake in a constraint is told with its column", () => {
  const of = (text: string): string => complaint(() => parseConstraint(text));
  assert.match(of("bootTimeNs=15s"), /column 11: expected <, <=, > or >=, found "=15s"$/);
  assert.match(of("bootTimeNs"), /column 11: expected .*, found the end$/);
  assert.match(of("boot<15s"), /column 1: expected a measure such as .*, found "boot"/);
  assert.match(of("bootTimeNs < 2GiB"), /column 14: expected a time such as 60s, .*, found "2GiB"$/);
  assert.match(
    of("bootTimeNs<1.1*baseline"),
    /column 16: expected what one run tells: a tuning has no baseline$/,
  );
  assert.match(of("bootRatio>1"), /column 1: expected what one run tells/);
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
