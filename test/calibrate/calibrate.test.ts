// Takes 5 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Calibration, calibrate } from "../../src/calibrate/calibrate.js";
import { formatPriceSet, priceSetName } from "../../src/calibrate/price-set.js";
import type { KitFile } from "../../src/calibrate/records.js";
import { parsePriceSet } from "../../src/scenario/price-set-file.js";
import { type MadeUpMachine, madeUpMachine, SimulatedKit } from "./simulated-kit.js";

const test = suite("calibrate: what is told, what is refused");

function firstOf(kind: "tdx" | "snp", level: "4k" | "2m"): MadeUpMachine {
  for (let seed = 1; ; seed++) {
    const machine = madeUpMachine(seed);
    if (machine.kind === kind && machine.level === level) return machine;
  }
}

const TDX = firstOf("tdx", "4k");
const tdx = new SimulatedKit(TDX).files(0);
const snp = new SimulatedKit(firstOf("snp", "4k")).files(0);
const large = new SimulatedKit(firstOf("tdx", "2m")).files(0);

/** With lines of all files changed, or left out where there is nothing instead. */
function changed(
  files: readonly KitFile[],
  change: (line: string, file: string) => string | undefined,
): KitFile[] {
  return files.map(({ name, text }) => ({
    name,
    text: text
      .split("\n")
      .flatMap((line) => change(line, name) ?? [])
      .join("\n"),
  }));
}

function without(files: readonly KitFile[], readings: RegExp): KitFile[] {
  return changed(files, (line) => (readings.test(line) ? undefined : line));
}

function names(of: readonly { readonly parameter: string }[]): string[] {
  return of.map(({ parameter }) => parameter).sort();
}

function becauseOf({ refused, unpriced }: Calibration, parameter: string): string | undefined {
  return [...refused, ...unpriced].find((one) => one.parameter === parameter)?.because;
}

/** Stretches times of a text of function_graph. */
function slower(factor: number): (line: string, file: string) => string {
  return (line, file) =>
    file === "graph-drain.txt"
      ? line.replace(/([\d.]+) us/, (_all, us) => `${(Number(us) * factor).toFixed(3)} us`)
      : line;
}

test("all readings of a TDX machine: its prices, each with what says so and what is held against it", () => {
  const { platform, level, prices, refused } = calibrate(tdx);
  assert.equal([platform, level, refused], ["tdx", "4k", []]);
  const fault = prices.find(({ parameter }) => parameter === "eptViolation4kNs")!;
  assert.equal([fault.id, fault.readings], ["I1", ["G4", "H1", "H2"]]);
  assert.equal(fault.heldBack!.readings, ["H6", "G3"]);
  const zero = prices.find(({ parameter }) => parameter === "acceptZero4kNs")!;
  assert.equal(
    zero.ridge!.kept.map(({ parameter }) => parameter),
    ["tdcallNs"],
  );
  assert.ok(Math.abs(zero.valueNs + zero.ridge!.kept[0]!.valueNs - zero.ridge!.sumNs) < 1e-6);
});

test("no price is told by what is held against it", () => {
  for (const files of [tdx, snp, large]) {
    for (const { parameter, readings, heldBack } of calibrate(files).prices) {
      const own = heldBack?.readings.filter((reading) => !readings.includes(reading)) ?? ["none"];
      assert.ok(own.length > 0, parameter);
    }
  }
});

test("readings that disagree by more than 15 % are refused, by less they are not", () => {
  assert.equal(names(calibrate(changed(tdx, slower(1.04))).refused), []);
  const calibration = calibrate(changed(tdx, slower(1.4)));
  assert.ok(names(calibration.refused).includes("acceptZero4kNs"));
  assert.match(
    becauseOf(calibration, "acceptZero4kNs")!,
    /^G3 and G4 and H1 and H2 say [\d.]+ us, G7 and H5 [\d.]+ us: \d+ % of the whole apart, more than 15 %$/,
  );
  assert.not.ok(names(calibration.prices).includes("acceptZero4kNs"));
});

test("boots whose blocks differ are refused, as one may be backed ahead unsaid", () => {
  const calibration = calibrate(without(snp, /"reading":"H6"/));
  assert.match(becauseOf(calibration, "pvalidate4kNs")!, /^G3: a block takes .* more than 15 % apart/);
});

test("pages of both sizes are refused where blocks tell", () => {
  const mixed = changed(tdx, (line) => line.replace(/"pages4k":\d+/, '"pages4k":30720'));
  const calibration = calibrate(mixed);
  assert.match(becauseOf(calibration, "eptViolation4kNs")!, /^H4: 60 % of the memory is in pages of 4 KiB/);
  assert.ok(names(calibration.prices).includes("userTouch4kNs"));
});

test("pages of 2 MiB have prices of their own", () => {
  const { level, prices } = calibrate(large);
  assert.is(level, "2m");
  assert.ok(names(prices).includes("hostClear2mNs"));
  assert.ok(names(prices).includes("acceptZero2mNs"));
  assert.not.ok(names(prices).some((name) => name.includes("4k") && name !== "userTouch4kNs"));
});

test("without the host only sums are told", () => {
  const { prices, unpriced } = calibrate(without(tdx, /"reading":"H/));
  const fault = prices.find(({ parameter }) => parameter === "eptViolation4kNs")!;
  const kept = fault.ridge!.kept.map(({ parameter }) => parameter);
  assert.equal(kept, ["tdcallNs", "acceptZero4kNs", "hostClear4kNs"]);
  const truth = [fault.parameter, ...kept].reduce((sum, name) => sum + TDX.prices[name]!, 0);
  assert.ok(truth > fault.ridge!.lowNs && truth < fault.ridge!.highNs);
  assert.ok(names(unpriced).includes("septAddNs"));
  assert.not.ok(names(unpriced).includes("acceptZero4kNs"));
});

test("what is known of a sum is no part of it any more, and no price is told twice", () => {
  for (const lacking of [/"reading":"H1"/, /"reading":"(H1|G3)"/, /"reading":"(H1|H2)"/, /"reading":"H2"/]) {
    for (const files of [tdx, snp, large]) {
      const { prices } = calibrate(without(files, lacking));
      const all = prices.flatMap(({ parameter, ridge }) => [
        parameter,
        ...(ridge?.kept ?? []).map((one) => one.parameter),
      ]);
      assert.is(new Set(all).size, all.length, `${lacking} ${all.join(" ")}`);
    }
  }
  const { prices } = calibrate(without(tdx, /"reading":"H1"/));
  const fault = prices.find(({ parameter }) => parameter === "eptViolation4kNs")!;
  assert.equal(
    fault.ridge!.kept.map(({ parameter }) => parameter),
    ["tdcallNs", "acceptZero4kNs"],
  );
  const truth = ["eptViolation4kNs", "tdcallNs", "acceptZero4kNs"].reduce(
    (sum, name) => sum + TDX.prices[name]!,
    0,
  );
  assert.ok(truth > fault.ridge!.lowNs && truth < fault.ridge!.highNs);
});

test("what a script lacked is why a price is not measured", () => {
  const lacking = changed(tdx, (line) =>
    line.includes('"reading":"H2"') ? '{"reading":"H2","missing":"bpftrace"}' : line,
  );
  const calibration = calibrate(lacking);
  assert.is(becauseOf(calibration, "septAddNs"), "no H2 (bpftrace is missing)");
  assert.equal(calibration.missing, [{ reading: "H2", lacks: "bpftrace" }]);
});

test("boots of two platforms, and none", () => {
  const both = [...tdx, ...snp.map((file) => ({ ...file, name: `snp-${file.name}` }))];
  const paths = changed(both, (line, file) =>
    file.startsWith("snp-")
      ? line.replace('"file":"', '"file":"snp-').replace(/"boot":"b/, '"boot":"s')
      : line,
  );
  assert.throws(() => calibrate(paths), /expected boots of one platform, found tdx and snp/);
  assert.throws(() => calibrate([]), /expected a record "boot", found none/);
});

test("the price set is read by what reads price sets, with the same numbers", () => {
  for (const files of [tdx, snp]) {
    const calibration = calibrate(files);
    const set = parsePriceSet(formatPriceSet(calibration, "mine"), "mine.yaml");
    assert.equal([set.name, set.platform], ["mine", calibration.platform]);
    for (const { parameter, valueNs, lowNs, highNs, ridge } of calibration.prices) {
      const own = set.prices[parameter]!;
      for (const [is, was] of [
        [own.value, valueNs],
        [own.low, lowNs],
        [own.high, highNs],
      ] as const) {
        assert.ok(Math.abs(is - was) <= 0.001 * was + 0.001, `${parameter} ${is} ${was}`);
      }
      assert.is(own.basis, ridge === undefined ? "measured" : "derived");
      for (const kept of ridge?.kept ?? []) {
        const { value, low, high, basis } = set.prices[kept.parameter]!;
        assert.equal([low, high, basis], [value, value, "assumed"]);
      }
    }
  }
});

test("the name of a set from that of its file", () => {
  assert.equal(
    ["my-machine.yaml", "TDX 7.0 (lab).yml", "default.yaml", "..yaml", "größe.yaml"].map(priceSetName),
    ["my-machine", "TDX-7.0-lab-", "my-machine", "my-machine", "gr-e"],
  );
});

test.run();
