import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PLATFORM_KINDS } from "../../src/coco/platforms.js";
import type { PriceSet } from "../../src/coco/price-set.js";
import { ScenarioError } from "../../src/scenario/error.js";
import { parseScenario, scenarioOutlook } from "../../src/scenario/load.js";
import { type PriceSets, parsePriceSet } from "../../src/scenario/price-set-file.js";
import { formatBytes } from "../../src/units.js";

const test = suite("scenario: prices");

function setOf(name: string, platform: string): PriceSet {
  const price = { value: "1ms", low: "1ms", high: "1ms", basis: "measured", source: "x" };
  return parsePriceSet(JSON.stringify({ name, platform, prices: { launchNs: price } }), `${name}.yaml`);
}

const SETS = new Map([
  ...["tdx-a", "tdx-b"].map((name) => [name, setOf(name, "tdx")] as const),
  ["snp-a", setOf("snp-a", "snp")],
  ["none-a", setOf("none-a", "none")],
]);
const FOUND: PriceSets = { find: (name) => SETS.get(name), names: [...SETS.keys()] };

function runs(more: object, flags: string[] = []): string[] {
  const text = JSON.stringify({ name: "a", workload: "w", platform: "tdx", memory: "4GiB", ...more });
  return parseScenario(text, "file.yaml", flags, FOUND).map(
    ({ platform, prices, memoryBytes, policy }) =>
      `${platform.kind} ${prices?.name ?? "-"} ${formatBytes(memoryBytes)} ${policy}`,
  );
}

function refusal(more: object): string {
  try {
    return runs(more).join();
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
}

test("without the key, and with default, prices are the platform's own", () => {
  assert.equal(runs({}), runs({ prices: "default" }));
  assert.equal(runs({}), ["tdx - 4 GiB lazy"]);
});

test("a list makes runs of each on its own platform, slower than policies and faster than memory", () => {
  assert.equal(
    runs({
      platform: ["tdx", "snp"],
      prices: ["default", "snp-a", "tdx-b"],
      memory: ["4GiB", "8GiB"],
      policy: ["lazy", "eager"],
    }),
    ["4 GiB", "8 GiB"].flatMap((memory) =>
      ["tdx -", "tdx tdx-b", "snp -", "snp snp-a"].flatMap((where) =>
        ["lazy", "eager"].map((policy) => `${where} ${memory} ${policy}`),
      ),
    ),
  );
});

test("what is counted is what is made, and the first is the first", () => {
  const some = (names: readonly string[]) => fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 });
  const documents = fc.record({
    name: fc.constant("a"),
    workload: fc.constant("w"),
    memory: fc.constantFrom("4GiB", ["4GiB", "8GiB"]),
    platform: fc.record({
      kind: some(PLATFORM_KINDS),
      launchNs: fc.constantFrom("1ms", ["1ms", "2ms"]),
      tdcallNs: fc.constantFrom("1us", ["1us", "2us", "3us"]),
    }),
    prices: some(["default", ...SETS.keys()]),
  });
  fc.assert(
    fc.property(documents, (document) => {
      // Of a price that only TDX has a file without TDX says so; that is another check.
      if (!document.platform.kind.includes("tdx")) return;
      const text = JSON.stringify(document);
      let all: ReturnType<typeof parseScenario>;
      try {
        all = parseScenario(text, "file.yaml", [], FOUND);
      } catch (error) {
        assert.match((error as Error).message, "expected prices of platform");
        return;
      }
      const { count, first } = scenarioOutlook(text, "file.yaml", [], FOUND);
      assert.equal([count, first], [all.length, all[0]]);
      assert.ok(all.every(({ prices, platform }) => (prices?.platform ?? platform.kind) === platform.kind));
    }),
  );
});

test("a flag takes the place of the file's", () => {
  assert.equal(runs({ prices: "tdx-a" }, ["prices=[tdx-b, default]"]), [
    "tdx tdx-b 4 GiB lazy",
    "tdx - 4 GiB lazy",
  ]);
});

test("a name that stands for nothing is refused with those there are, one of another platform with its own", () => {
  assert.match(
    refusal({ prices: "tdx-c" }),
    /^file\.yaml:1:\d+: prices: expected one of default, tdx-a, tdx-b, snp-a, none-a, or a file such as my-machine\.yaml, found "tdx-c", did you mean tdx-a\?$/,
  );
  assert.match(
    refusal({ prices: ["tdx-a", "x"] }),
    /^file\.yaml:1:\d+: prices\[1\]: expected one of .*, found "x"$/,
  );
  assert.match(
    refusal({ prices: ["snp-a", "none-a"] }),
    /prices: expected prices of platform tdx, found snp-a of snp, none-a of none$/,
  );
});

test.run();
