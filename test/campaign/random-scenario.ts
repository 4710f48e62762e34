/**
 * Random scenario files, made from nothing but the schema of scenario files: a key that is added there
 * is tried without a word here. Only what makes a run long is held down by name.
 */
import { z } from "zod";
import { isMapping } from "../../src/scenario/error.js";
import { scenarioSchema } from "../../src/scenario/scenario.js";
import { chanceAt } from "../../src/sim/prng.js";

/** Random choices of one case; the same numbers give the same choices. */
export class Choices {
  readonly #seed: number;
  readonly #base: number;
  #next = 0;

  /**
   * @param seed 0 to 2^32 - 1
   * @param number of the case, 0 to 10^9
   */
  constructor(seed: number, number: number) {
    this.#seed = seed;
    this.#base = number * 4096;
  }

  /** From 0 to below 1. */
  chance(): number {
    return chanceAt(this.#seed, this.#base + this.#next++);
  }

  /** A whole number, both ends included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.chance() * (high - low + 1));
  }

  pick<T>(values: readonly T[]): T {
    return values[this.whole(0, values.length - 1)]!;
  }
}

type Schema = z.core.$ZodType;
type Definition = z.core.$ZodTypes["_zod"]["def"];

const KEPT = 0.35;
const LISTS = 0.02;
/** Keys that are there more seldom, because they end most runs early or are many, or more often: by path. */
const CHANCES: Readonly<Record<string, number>> = {
  policy: 0.9,
  "firmware.preAcceptLimit": 0.6,
  "guest.dmaBuffers": 0.5,
  "guest.firstTouch": 0.05,
  "host.tdxModule": 0.05,
  "platform.*": 0.03,
};
/** What a random value of a key may be at most, so that a run takes a second or so; by path. */
const HELD_DOWN: Readonly<Record<string, (choices: Choices) => unknown>> = {
  name: () => "x",
  memory: (choices) =>
    choices.chance() < 0.02
      ? choices.pick(["32GiB", "100001MiB", "1TiB"])
      : `${choices.pick([256, 257, 300, 512, 1024, 1025, 2048, 2815, 2816, 2817, 3072, 4096, 4097, 5120, 6001])}MiB`,
  machine: () => undefined,
  vcpus: (choices) =>
    choices.chance() < 0.03 ? choices.whole(17, 1024) : choices.pick([1, 1, 2, 3, 4, 8, 16]),
  workload: (choices) => choices.pick(WORKLOADS),
  "handOver.unknownOptions": () => "norandmaps labwl=dds",
  "guest.dmaBuffers": (choices) => choices.pick([0, 1, 7, 512, 5000, 40_000]),
  "attack.pages": (choices) => choices.pick([1, 3, 1000, 20_000]),
  "hotplug.memory": (choices) => `${choices.pick([128, 256, 1024, 1152, 4096, 16_384])}MiB`,
  "strategy.threads": (choices) => choices.pick([1, 2, 3, 16, 1024]),
  "firmware.preAcceptLimit": (choices) =>
    choices.chance() < 0.1
      ? "all"
      : `${choices.pick([0, 16, 64, 96, 128, 200, 256, 257, 1000, 4096, 5120])}MiB`,
};
const WORKLOADS: readonly string[] = [
  ...["linux-6.12.95-1c4g", "linux-6.12.107-debian-1c4g-tar", "linux-6.12.95-2c4g"].map(
    (name) => `workloads/recorded/${name}/recording.yaml`,
  ),
  "generate:boot",
  "generate:heap?size=64MiB",
  "generate:idle?duration=1s",
  "generate:fork",
];

/** A scenario file as plain values; most of them are valid, none has to be. */
export function randomScenario(choices: Choices): Record<string, unknown> {
  const document = valueFor(scenarioSchema(), [], choices) as Record<string, unknown>;
  const kind = choices.pick(["tdx", "snp", "none"]);
  document.platform ??= kind;
  if (isMapping(document.platform)) document.platform.kind ??= kind;
  document.memory ??= HELD_DOWN.memory!(choices);
  // A machine that waits until a drain is through has to be small.
  if (document.drain !== undefined) document.memory = "1GiB";
  return document;
}

function valueFor(schema: Schema, path: readonly string[], choices: Choices): unknown {
  const held = HELD_DOWN[path.join(".")];
  if (held !== undefined) return held(choices);
  const definition = (schema as z.core.$ZodTypes)._zod.def;
  switch (definition.type) {
    case "optional":
      return valueFor(definition.innerType, path, choices);
    case "object":
      return objectOf(definition.shape, path, choices);
    case "array":
      return Array.from({ length: choices.whole(1, 2) }, () => valueFor(definition.element, path, choices));
    case "union":
      return unionOf(schema, definition.options, path, choices);
    case "enum":
      return choices.pick(Object.values(definition.entries));
    case "boolean":
      return choices.chance() < 0.5;
    case "number":
      return numberOf(definition, choices);
    default:
      return exampleOf(schema, choices);
  }
}

function objectOf(
  shape: Readonly<Record<string, Schema>>,
  path: readonly string[],
  choices: Choices,
): object {
  const entries = Object.entries(shape).flatMap(([key, inner]) => {
    const below = [...path, key];
    const value = choices.chance() < chanceOf(inner, below) ? valueFor(inner, below, choices) : undefined;
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(entries);
}

/** How often a key is there: a group of many keys more often than one of few, which says what happens later. */
function chanceOf(schema: Schema, path: readonly string[]): number {
  const definition: Definition = (schema as z.core.$ZodTypes)._zod.def;
  if (definition.type !== "optional") return 1;
  const chance = CHANCES[path.join(".")] ?? CHANCES[[...path.slice(0, -1), "*"].join(".")];
  if (chance !== undefined) return chance;
  const inner: Definition = (definition.innerType as z.core.$ZodTypes)._zod.def;
  return inner.type === "object" ? Math.min(0.8, 0.1 * Object.keys(inner.shape).length) : KEPT;
}

/** One value rather than a list, most times; text or a number through an example that is changed. */
function unionOf(
  schema: Schema,
  options: readonly Schema[],
  path: readonly string[],
  choices: Choices,
): unknown {
  if (examplesOf(schema).length > 0) return exampleOf(schema, choices);
  const isArray = (option: Schema): boolean => (option as z.core.$ZodTypes)._zod.def.type === "array";
  const wanted = options.filter((option) => isArray(option) === choices.chance() < LISTS);
  return valueFor(choices.pick(wanted.length > 0 ? wanted : options), path, choices);
}

function numberOf(
  { format, checks = [] }: z.core.$ZodNumberDef & { format?: string },
  choices: Choices,
): number {
  const bound = (kind: string): number | undefined =>
    checks
      .map(({ _zod }) => _zod.def as { readonly check: string; readonly value?: number })
      .find(({ check }) => check === kind)?.value;
  const [low, high] = [bound("greater_than") ?? 0, bound("less_than") ?? 1e6];
  const isWhole = format === "safeint";
  if (choices.chance() < 0.1) {
    return isWhole ? choices.pick([low, high]) : choices.pick([low + 1e-9, high, 1e300]);
  }
  const value = low + (high - low) * choices.chance() ** 4;
  return isWhole ? Math.round(value) : value;
}

function examplesOf(schema: Schema): readonly unknown[] {
  const meta = z.globalRegistry.get(schema as z.ZodType) as
    | { readonly examples?: readonly unknown[]; readonly enum?: readonly unknown[] }
    | undefined;
  return meta?.enum ?? meta?.examples ?? [];
}

/** An example of the schema, often with other numbers in it, as long as the schema takes it. */
function exampleOf(schema: Schema, choices: Choices): unknown {
  const examples = examplesOf(schema);
  if (examples.length === 0) return undefined;
  const example = choices.pick(examples);
  for (let attempt = 0; attempt < 4 && choices.chance() < 0.7; attempt++) {
    const changed = String(example).replace(/\d+/, (digits) =>
      String(Math.max(0, Math.round(Number(digits) * 2 ** choices.whole(-8, 8)) + choices.whole(-1, 1))),
    );
    if ((schema as z.ZodType).safeParse(changed).success) return changed;
  }
  return example;
}
