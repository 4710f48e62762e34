// Takes 1 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PLATFORMS } from "../../src/coco/platforms.js";
import type { PlatformKind, Scenario, ScenarioDocument } from "../../src/scenario/scenario.js";
import { countVariants, expandVariants, variantsOf } from "../../src/scenario/variants.js";
import { GiB, MiB } from "../../src/units.js";

const test = suite("scenario: variants");

const BASE: ScenarioDocument = { name: "a", workload: "w", platform: "tdx", memory: "4GiB" };

/** A parameter that `kind` has and `other` has not. */
function parameterOnlyOf(kind: PlatformKind, other: PlatformKind): string {
  const name = Object.keys(PLATFORMS[kind].parameters).find(
    (candidate) => !Object.hasOwn(PLATFORMS[other].parameters, candidate),
  );
  if (name === undefined) throw new Error(`every parameter of ${kind} is one of ${other}`);
  return name;
}

test("no list, one scenario", () => {
  assert.is(expandVariants(BASE).length, 1);
});

test("policy changes fastest, then platform, vcpus, memory", () => {
  const scenarios = expandVariants({
    ...BASE,
    policy: ["lazy", "eager"],
    platform: ["snp", "tdx"],
    vcpus: [8, 1],
    memory: ["1GiB", "512MiB"],
  });
  assert.equal(
    scenarios.map((s) => [s.memoryBytes / MiB, s.vcpus, s.platform.kind, s.policy].join(" ")),
    [
      "1024 8 snp lazy",
      "1024 8 snp eager",
      "1024 8 tdx lazy",
      "1024 8 tdx eager",
      "1024 1 snp lazy",
      "1024 1 snp eager",
      "1024 1 tdx lazy",
      "1024 1 tdx eager",
      "512 8 snp lazy",
      "512 8 snp eager",
      "512 8 tdx lazy",
      "512 8 tdx eager",
      "512 1 snp lazy",
      "512 1 snp eager",
      "512 1 tdx lazy",
      "512 1 tdx eager",
    ],
  );
});

test("everything else changes slower than memory, in the documented order", () => {
  const pick: readonly (readonly [string, (s: Scenario) => unknown])[] = [
    ["workload", (s) => s.workload],
    ["kernel", (s) => s.kernel],
    ["seed", (s) => s.seed],
    ["pageSize", (s) => s.host.pageSizeBytes],
    ["prefault", (s) => s.host.prefault],
    ["firmware", (s) => s.firmware.preset],
    ["preAcceptLimit", (s) => s.firmware.preAcceptLimitBytes],
    ["timeScale", (s) => s.guest.timeScale],
    ["transparentHugePages", (s) => s.guest.transparentHugePages],
    ["memory", (s) => s.memoryBytes],
  ];
  const scenarios = expandVariants({
    ...BASE,
    workload: ["w", "v"],
    kernel: ["6.12", "6.12.0"],
    seed: [1, 2],
    host: { pageSize: ["4KiB", "2MiB"], prefault: [false, true] },
    firmware: { preset: ["auto", "tdvf"], preAcceptLimit: ["4GiB", "all"] },
    guest: { timeScale: [1, 2], transparentHugePages: [true, false] },
    memory: ["4GiB", "8GiB"],
  });
  assert.is(scenarios.length, 2 ** pick.length);
  // The n-th of m axes takes its second value for the first time after 2^(m - 1 - n) runs.
  for (const [index, [name, get]] of pick.entries()) {
    const firstChange = scenarios.findIndex((scenario) => get(scenario) !== get(scenarios[0]!));
    assert.is(firstChange, 2 ** (pick.length - 1 - index), name);
  }
});

test("presets and machines are the outermost loops", () => {
  const scenarios = expandVariants({
    name: "a",
    workload: "w",
    preset: ["snp-ovmf", "tdx-tdvf"],
    machine: ["medium", "small"],
    seed: [1, 2],
  });
  assert.equal(
    scenarios.map((s) => [s.platform.kind, s.memoryBytes / GiB, s.seed].join(" ")),
    ["snp 64 1", "snp 64 2", "snp 4 1", "snp 4 2", "tdx 64 1", "tdx 64 2", "tdx 4 1", "tdx 4 2"],
  );
});

test("the values of a parameter follow their platform", () => {
  const scenarios = expandVariants({
    ...BASE,
    platform: { kind: "tdx", tdcallNs: ["800ns", "2us"] },
    policy: ["eager", "lazy"],
  });
  assert.equal(
    scenarios.map((s) => [s.platform.parameters.tdcallNs, s.policy].join(" ")),
    ["800 eager", "800 lazy", "2000 eager", "2000 lazy"],
  );
});

test("a parameter of one platform neither reaches nor multiplies the other", () => {
  const tdxOnly = parameterOnlyOf("tdx", "snp");
  const snpOnly = parameterOnlyOf("snp", "tdx");
  const platform = {
    kind: ["tdx", "snp"],
    [tdxOnly]: ["100ns", "200ns", "300ns"],
    [snpOnly]: "1us",
  } as const;
  assert.equal(
    expandVariants({ ...BASE, platform }).map((s) => s.platform),
    [
      { kind: "tdx", parameters: { [tdxOnly]: 100 } },
      { kind: "tdx", parameters: { [tdxOnly]: 200 } },
      { kind: "tdx", parameters: { [tdxOnly]: 300 } },
      { kind: "snp", parameters: { [snpOnly]: 1000 } },
    ],
  );
});

test("there are as many runs as the product of the lengths of all lists", () => {
  const some = <T>(...values: [T, ...T[]]): fc.Arbitrary<T | T[]> =>
    fc.oneof(fc.constant(values[0]), fc.subarray(values, { minLength: 1 }));
  const documents = fc.record({
    name: fc.constant("a"),
    workload: some("v", "w"),
    platform: some<PlatformKind>("tdx", "snp", "none"),
    policy: some<Scenario["policy"]>("eager", "lazy", "firmware-delegated"),
    memory: some("4GiB", "8GiB", "1TiB"),
    vcpus: some(1, 2, 4),
    seed: some(1, 2),
    host: fc.record({ pageSize: some("4KiB", "2MiB"), prefault: some(false, true) }),
    guest: fc.record({ timeScale: some(0.5, 1) }),
  });
  const lengths = (value: unknown): number => {
    if (Array.isArray(value)) return value.length;
    if (typeof value !== "object" || value === null) return 1;
    return Object.values(value).reduce<number>((product, inner) => product * lengths(inner), 1);
  };
  fc.assert(
    fc.property(documents, (document) => {
      const scenarios = expandVariants(document);
      assert.is(scenarios.length, lengths(document));
      assert.is(countVariants(document), scenarios.length);
      assert.is(new Set(scenarios.map((scenario) => JSON.stringify(scenario))).size, scenarios.length);
    }),
    { numRuns: 60 },
  );
});

test("runs are counted as they are made, with what belongs to one platform or policy", () => {
  const tdxOnly = parameterOnlyOf("tdx", "snp");
  const document: ScenarioDocument = {
    ...BASE,
    machine: ["small", "medium"],
    platform: { kind: ["tdx", "snp", "none"], [tdxOnly]: ["100ns", "200ns", "300ns"] },
    policy: ["eager", "lazy", "background"],
    strategy: { threads: [1, 2], acceptingCpus: [1, 2, 3] },
    seed: [1, 2],
  };
  assert.is(countVariants(document), expandVariants(document).length);
  const thousand = Array.from({ length: 1000 }, (_value, at) => at + 1);
  const many = { ...BASE, seed: thousand, vcpus: thousand, guest: { timeScale: thousand } };
  assert.is(countVariants(many), 1e9);
  assert.is(variantsOf(many).next().value!.seed, 1);
});

test("the document stays as it was, and nothing can change the scenarios", () => {
  const document: ScenarioDocument = {
    ...BASE,
    policy: ["eager", "lazy"],
    host: { prefault: [true, false] },
  };
  const before = structuredClone(document);
  const scenarios = expandVariants(document);
  assert.equal(document, before);
  for (const scenario of scenarios) {
    assert.ok(Object.isFrozen(scenario));
    assert.ok(Object.isFrozen(scenario.host));
  }
});

test("a document that was not checked is refused", () => {
  assert.throws(
    () => expandVariants({ name: "a", workload: "w", platform: "tdx" }),
    /memory does not have exactly one value/,
  );
  assert.throws(() => expandVariants({ ...BASE, memory: "4GB" }), /should not have passed the schema/);
});

test.run();
