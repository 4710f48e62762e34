import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { assumedParameters } from "../../src/coco/parameters.js";
import { PLATFORM_KINDS, PLATFORMS } from "../../src/coco/platforms.js";
import { type PriceSet, parametersOf } from "../../src/coco/price-set.js";
import { ScenarioError } from "../../src/scenario/error.js";
import { parsePriceSet } from "../../src/scenario/price-set-file.js";

const test = suite("coco: prices of a machine");

const TEXT = `name: tdx-mine
description: A machine of ours.
platform: tdx
machine: { processor: Xeon, date: 2026-11, hostKernel: 7.0 }
prices:
  eptViolation4kNs: { value: 8us, low: 6us, high: 12us, basis: measured, source: bpftrace }
  septRemoveNs: { value: 20us, low: 20us, high: 1ms, basis: assumed, source: a guess }
`;

function refusal(text: string): string {
  try {
    parsePriceSet(text, "mine.yaml");
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
  throw new Error("was read");
}

test("a file is read with its times in nanoseconds, and what is not said of the machine is absent", () => {
  assert.equal(parsePriceSet(TEXT, "mine.yaml"), {
    name: "tdx-mine",
    description: "A machine of ours.",
    platform: "tdx",
    machine: { processor: "Xeon", date: "2026-11", hostKernel: "7.0" },
    prices: {
      eptViolation4kNs: { value: 8000, low: 6000, high: 12_000, basis: "measured", source: "bpftrace" },
      septRemoveNs: { value: 20_000, low: 20_000, high: 1e6, basis: "assumed", source: "a guess" },
    },
  });
});

test("what a file says takes the place of the platform's own price, and all else stays", () => {
  const own = PLATFORMS.tdx.parameters;
  const priced = parametersOf("tdx", parsePriceSet(TEXT, "mine.yaml"));
  const { eptViolation4kNs, septRemoveNs, ...others } = priced;
  assert.equal(eptViolation4kNs, {
    ...own.eptViolation4kNs!,
    value: 8000,
    low: 6000,
    high: 12_000,
    basis: "measured",
    source: "bpftrace",
  });
  assert.is(septRemoveNs!.value, 20_000);
  for (const [name, parameter] of Object.entries(others)) assert.ok(parameter === own[name], name);
  assert.ok(parametersOf("tdx", undefined) === own);
});

test("what a machine measured is certain, what its file assumes has the range of the file", () => {
  const assumed = assumedParameters(parametersOf("tdx", parsePriceSet(TEXT, "mine.yaml")));
  assert.not.ok("eptViolation4kNs" in assumed);
  assert.equal([assumed.septRemoveNs!.low, assumed.septRemoveNs!.high], [20_000, 1e6]);
});

test("prices of one platform are never taken for another", () => {
  assert.throws(
    () => parametersOf("snp", parsePriceSet(TEXT, "mine.yaml")),
    /tdx-mine are of tdx, not of snp/,
  );
});

test("a mistake is told with its place, what was expected and what was found", () => {
  const cases: [from: string, to: string, message: RegExp][] = [
    [
      "6us",
      "9us",
      /^mine\.yaml:6:40: prices\.eptViolation4kNs\.low: expected a time that is not above the value of 8us, found "9us"$/,
    ],
    [
      "12us",
      "7us",
      /^mine\.yaml:6:51: prices\.eptViolation4kNs\.high: expected a time that is not below .* of 8us, found "7us"$/,
    ],
    [
      "basis: measured",
      "basis: mesured",
      /:6:64: .*basis: expected .*found "mesured", did you mean measured\?$/,
    ],
    [
      "value: 8us, ",
      "",
      /:6:\d+: prices\.eptViolation4kNs\.value: expected a time such as 250us, found nothing$/,
    ],
    ["8us", "8", /:6:30: prices\.eptViolation4kNs\.value: expected a time such as 250us, found 8$/],
    ["septRemoveNs", "septRemovNs", /:7:3: prices\.septRemovNs: unknown key, did you mean septRemoveNs\?$/],
    [
      "septRemoveNs",
      "vmgexitNs",
      /:7:3: prices\.vmgexitNs: expected a price of platform tdx, found vmgexitNs$/,
    ],
    ["platform: tdx\n", "", /:1:1: platform: expected one of tdx, snp, none, found nothing$/],
    ["name: tdx-mine", "name: default", /:1:7: name: expected a name without commas.*, found "default"$/],
    ["name: tdx-mine", "name: mine.yaml", /:1:7: name: expected a name/],
    ["processor", "procesor", /:4:12: machine\.procesor: unknown key, did you mean processor\?$/],
  ];
  for (const [from, to, message] of cases) {
    assert.ok(TEXT.includes(from));
    assert.match(refusal(TEXT.replace(from, to)), message);
  }
});

test("every price of every platform can be said, and comes back as it was", () => {
  const price = fc
    .tuple(fc.nat(1e9), fc.nat(1e9), fc.nat(1e9), fc.constantFrom("measured", "derived", "assumed"))
    .map(([a, b, c, basis]) => {
      const [low, value, high] = [a, b, c].sort((x, y) => x - y) as [number, number, number];
      return { value, low, high, basis, source: "x" };
    });
  const sets = fc.constantFrom(...PLATFORM_KINDS).chain((platform) =>
    fc.record({
      platform: fc.constant(platform),
      prices: fc.dictionary(fc.constantFrom(...Object.keys(PLATFORMS[platform].parameters)), price),
    }),
  );
  fc.assert(
    fc.property(sets, ({ platform, prices }) => {
      const written = Object.fromEntries(
        Object.entries(prices).map(([name, one]) => [
          name,
          { ...one, value: `${one.value}ns`, low: `${one.low}ns`, high: `${one.high}ns` },
        ]),
      );
      const text = JSON.stringify({ name: "x", platform, prices: written });
      const set: PriceSet = parsePriceSet(text, "x.yaml");
      assert.equal(JSON.parse(JSON.stringify(set.prices)), JSON.parse(JSON.stringify(prices)));
      for (const [name, { value, basis }] of Object.entries(parametersOf(platform, set))) {
        const said = prices[name] ?? PLATFORMS[platform].parameters[name]!;
        assert.equal([value, basis], [said.value, said.basis]);
      }
    }),
  );
});

test.run();
