/** Flags that several commands share, each declared once; `options.ts` and `plan.ts` read them. */

import { formatInteger } from "../report/cells.js";
import { TYPED_KEYS, type TypedKey, type TypedName } from "../scenario/typed.js";
import { type Flag, type Flags, flag, type Offer, text } from "./arguments.js";

/** Values of `--format`; `table` is for people and looks different from command to command. */
export const OUTPUT_FORMATS = ["table", "json", "jsonl", "csv", "md"] as const;

export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Values of `--format` for commands that do not compare runs. */
export const TABLE_JSON_MD = ["table", "json", "md"] as const;

/** Of `diff`. */
export const DIFF_FORMATS = ["table", "json", "csv", "md"] as const;

/** Arguments of `completion`. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** Arguments of `schema`; the first where nothing is named. */
export const SCHEMA_NAMES = ["scenario", "study", "prices", "results"] as const;

export interface ScenarioFlag extends Flag, TypedKey {
  /** A path relative to the working directory, or another way to name a workload. */
  readonly workload?: true;
  /** Such a path, or the name of prices that come with the program. */
  readonly prices?: true;
}

const SCENARIO = { group: "Instead of what the scenario file says (compare takes lists, such as tdx,snp):" };
const OUTPUT = { group: "Output:" };
const PLAN = { group: "How many runs:" };

function place(describe: string, key: TypedName, more: Partial<ScenarioFlag> = {}): ScenarioFlag {
  return { ...text(describe, SCENARIO), ...TYPED_KEYS[key], ...more };
}

async function workloadNames(): Promise<string[]> {
  const [{ bundledWorkloadNames }, { GENERATORS }] = await Promise.all([
    import("./bundled.js"),
    import("../workload/generators/index.js"),
  ]);
  return [...bundledWorkloadNames(), ...GENERATORS.map(({ name }) => `generate:${name}`)];
}

export async function priceNames(): Promise<string[]> {
  const [{ bundledPriceNames }, { DEFAULT_PRICES }] = await Promise.all([
    import("./bundled.js"),
    import("../coco/price-set.js"),
  ]);
  return [DEFAULT_PRICES, ...bundledPriceNames()];
}

export const scenarioNames: Offer = async () => (await import("./bundled.js")).bundledScenarioNames();

export const SCENARIO_FLAGS: Readonly<Record<string, ScenarioFlag>> = {
  platform: place("tdx, snp or none", "platform", {
    takes: "NAME",
    offers: async () => (await import("../coco/platforms.js")).PLATFORM_KINDS,
  }),
  policy: place(
    "when memory is accepted, such as eager or lazy, which run --list-policies explains; or a file of your own, such as ./mine.mjs",
    "policy",
    { takes: "NAME", offers: async () => (await import("../policy/policies.js")).policies().names },
  ),
  memory: place("RAM of the guest, such as 4GiB (binary units)", "memory", { takes: "SIZE" }),
  vcpus: place("virtual CPUs of the guest", "vcpus", { takes: "N" }),
  kernel: place("Linux release from 6.5 on, as uname -r prints it", "kernel", { takes: "RELEASE" }),
  workload: place(
    "a bundled one by its name (trace list), a recording.yaml or trace, or generate:NAME",
    "workload",
    { workload: true, takes: "NAME", offers: workloadNames },
  ),
  prices: place(
    "prices of a machine: a name that help prices lists, or a file such as my-machine.yaml",
    "prices",
    { prices: true, takes: "NAME", offers: priceNames },
  ),
  seed: place("start of every random choice", "seed", { takes: "N" }),
};

/** Of `matrix --sizes`, each with what it is where it is not given. */
export const SIZE_FLAGS: Readonly<Record<string, ScenarioFlag & { readonly usual: string }>> = {
  sizes: size("instead: guests of these sizes, such as 2815MiB,2816MiB,64GiB", "memory", "4GiB"),
  edk2: size("tags of edk2", "firmware.version", "2025.02,2026.08"),
  kernel: size("Linux releases", "kernel", "6.12.0,7.3"),
  platform: size("tdx or snp", "platform.kind", "tdx,snp"),
  vcpus: { ...size("virtual CPUs", "vcpus", "2"), numeric: true },
  prices: {
    ...size("prices of machines, by name or file", "prices", "default"),
    prices: true,
    offers: priceNames,
  },
};

function size(describe: string, path: string, usual: string): ScenarioFlag & { readonly usual: string } {
  const words = path === "memory" ? describe : `${describe}; ${usual} if not given`;
  return { ...text(words, { group: "Sizes:", takes: "LIST" }), path: path.split("."), usual };
}

export function formatFlags(formats: readonly string[], more: Pick<Flag, "group"> = {}): Flags {
  return {
    format: text(`${formats.join(", ")}; table if not given`, {
      ...more,
      takes: "NAME",
      offers: async () => formats,
    }),
    json: flag("the same as --format json", more),
  };
}

/** The file to write. */
export function output(describe: string, more: Partial<Flag> = {}): Flag {
  return text(describe, { short: "o", ...more });
}

export function quiet(describe = "nothing on stderr"): Flags {
  return { quiet: flag(describe) };
}

/** Runs made without asking: some minutes of short ones. */
export const MOST_RUNS = 10_000;

/** Of commands whose work several threads share. */
export const JOBS_FLAG: Flags = {
  jobs: text("threads that share the work; one for each core if not given, where there is enough of it", {
    takes: "N",
  }),
};

export const PLAN_FLAGS: Flags = {
  "dry-run": flag("make one run, say how many there would be and how long they would take, and end", PLAN),
  yes: flag(`do not ask before more than ${formatInteger(MOST_RUNS)} runs`, PLAN),
  "max-runs": text("ask only before more than so many", { ...PLAN, takes: "N" }),
  ...JOBS_FLAG,
};

/** Of every command that simulates what scenario files say. */
export const SIMULATE_FLAGS: Flags = {
  ...SCENARIO_FLAGS,
  set: text("any value by its path, as key.key=value; repeatable; a list is [a, b]", {
    ...SCENARIO,
    takes: "KEY=VALUE",
  }),
  ...formatFlags(OUTPUT_FORMATS, OUTPUT),
  out: text("directory for NAME.json and NAME.csv, NAME being the scenario's", { ...OUTPUT, takes: "DIR" }),
  quiet: flag("no progress and no remarks on stderr", OUTPUT),
  lenient: flag("leave out lines of a trace that cannot be read, and say how many and the first"),
  check: flag("walk the whole machine for broken invariants (slow); exit 1 at one"),
  ...PLAN_FLAGS,
};

export const TUNE_DEFAULTS = {
  knob: "firmware.preAcceptLimit=32MiB..all",
  /** Seeds of a full measurement where a seed makes a difference. */
  seeds: 4,
} as const;
