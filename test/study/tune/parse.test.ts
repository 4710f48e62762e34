import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ConditionError, excess } from "../../../src/results/conditions.js";
import { ScenarioError } from "../../../src/scenario/error.js";
import type { Scenario } from "../../../src/scenario/scenario.js";
import { type Knob, parseKnob, ramUpTo, STEPS_PER_DOUBLING } from "../../../src/study/tune/knob.js";
import { parseConstraint, parseObjective } from "../../../src/study/tune/objective.js";
import { knobsFor } from "../../../src/study/tune/reach.js";
import { GiB, MiB } from "../../../src/units.js";
import { scenarioWith } from "../../results/rows.js";

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

test("an objective is a measure, a sum in one unit or stages", () => {
  const bootTime = { weight: 1, measure: "bootTimeNs" };
  assert.equal(parseObjective("bootTimeNs").stages, [{ unit: "ns", terms: [bootTime] }]);
  assert.equal(parseObjective("bootTimeNs + 2 * workloadTimeNs").stages, [
    { unit: "ns", terms: [bootTime, { weight: 2, measure: "workloadTimeNs" }] },
  ]);
  assert.equal(parseObjective("bootTimeNs, overheadBytes").stages, [
    { unit: "ns", terms: [bootTime] },
    { unit: "bytes", terms: [{ weight: 1, measure: "overheadBytes" }] },
  ]);
});

test("terms that say what they are divided by make a plain number of any units", () => {
  assert.equal(parseObjective("0.7*bootTimeNs/10s + 0.3 * overheadBytes / 1GiB+acceptCalls/500").stages, [
    {
      unit: "ratio",
      terms: [
        { weight: 0.7, measure: "bootTimeNs", per: 10e9 },
        { weight: 0.3, measure: "overheadBytes", per: GiB },
        { weight: 1, measure: "acceptCalls", per: 500 },
      ],
    },
  ]);
});

test("a sum of different units is refused unless each term says what it is divided by", () => {
  const of = (text: string): string => complaint(() => parseObjective(text));
  assert.is(
    of("0.7*bootTimeNs+0.3*overheadBytes"),
    "0.7*bootTimeNs+0.3*overheadBytes: column 20: expected a measure in ns, as bootTimeNs is, or each one divided by " +
      "an amount, such as bootTimeNs/10s, found overheadBytes, which is in bytes",
  );
  assert.match(
    of("bootTimeNs/10s+overheadBytes"),
    /column 16: expected a measure divided by an amount, as bootTimeNs is, found overheadBytes, which is in bytes$/,
  );
  assert.match(
    of("bootTimeNs+workloadTimeNs/10s"),
    /column 12: expected a measure in ns, .*, found workloadTimeNs, which is divided by an amount$/,
  );
});

test("a mistake in an objective is told with its column", () => {
  const of = (text: string): string => complaint(() => parseObjective(text));
  assert.match(
    of("bootTimeNs+sped"),
    /^bootTimeNs\+sped: column 12: expected a measure such as .*, found "sped"/,
  );
  assert.match(of("0.7*bootTimeNs,"), /column 16: expected .*, found nothing$/);
  assert.match(of("bootTimeNs/2GiB"), /column 12: expected a time such as 60s, above 0, found "2GiB"$/);
  assert.match(
    of("bootTimeNs,overheadBytes/"),
    /column 26: expected a size such as 2GiB, above 0, found nothing$/,
  );
  assert.match(of("bootTimeNs/0s"), /column 12: expected a time such as 60s, above 0, found "0s"$/);
  assert.match(
    of("bootTimeNs-2s"),
    /column 1: expected a measure, or one with a weight, found "bootTimeNs-2s"$/,
  );
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

test("a range up to all ends where the RAM of the guest does, without what holes make the same", () => {
  const asked = parseKnob("firmware.preAcceptLimit=1GiB..all");
  assert.equal([asked.unit, asked.openFrom], ["bytes", GiB]);
  const of = (changes: Partial<Scenario>): Knob => knobsFor([asked], scenarioWith(changes))[0]!;
  const [low, middle, , high] = [GiB, 2 * GiB, 4 * GiB, 8 * GiB];
  const { values, reach } = of({ memoryBytes: 6 * GiB });
  assert.equal(reach, { allBytes: high, is: "address", holes: [{ start: middle, end: 4 * GiB }] });
  assert.equal([values[0], values[STEPS_PER_DOUBLING], values.at(-1)], [low, middle, high]);
  assert.is(values.length, 2 * STEPS_PER_DOUBLING + 1);
  assert.ok((values[STEPS_PER_DOUBLING + 1] as number) > 4 * GiB);
  const amount = of({ memoryBytes: 6 * GiB, firmware: { ...scenarioWith().firmware, preset: "td-shim" } });
  assert.equal([amount.reach!.is, amount.reach!.allBytes, amount.reach!.holes], ["amount", 6 * GiB, []]);
  assert.is(amount.values.at(-1), 6 * GiB);
  assert.equal(of({ memoryBytes: GiB / 2 }).values, [GiB / 2]);
});

test("how much RAM a limit stands for leaves out the holes below it", () => {
  const [asked] = knobsFor(
    [parseKnob("firmware.preAcceptLimit=1GiB..all")],
    scenarioWith({ memoryBytes: 6 * GiB }),
  );
  const ram = (limit: number): number => ramUpTo(limit * GiB, asked!.reach!) / GiB;
  assert.equal([1, 2, 3, 4, 5, 8, 9].map(ram), [1, 2, 2, 2, 3, 6, 6]);
  assert.is(ramUpTo(5 * GiB, { ...asked!.reach!, is: "amount" }), 5 * GiB);
});

test("how much all is must be known", () => {
  const of = (...knobs: string[]): string => complaint(() => knobsFor(knobs.map(parseKnob), scenarioWith()));
  assert.match(
    of("strategy.batch=4MiB..all"),
    /^--knob strategy\.batch: expected an end in its unit: a range up to all is known of firmware\.preAcceptLimit only$/,
  );
  assert.match(
    of("firmware.preAcceptLimit=1GiB..all", "memory=4GiB,8GiB"),
    /such as 64GiB: how much all is depends on memory, which is a knob too$/,
  );
  for (const wrong of ["1s..all", "0..all", "1GiB..all,lots", "x..all"]) {
    assert.match(
      complaint(() => parseKnob(`a.b=${wrong}`)),
      /column 5: expected a size above 0 before "\.\.all"/,
    );
  }
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
