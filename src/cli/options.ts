/** Flags that all simulating commands share, and what they mean. */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Argv } from "yargs";
import { nearestName } from "../nearest-name.js";
import type { PolicyName } from "../policy/policies.js";
import type { Condition } from "../results/conditions.js";
import type { Assignment } from "../scenario/set.js";
import { parseAssignment } from "../scenario/set.js";
import { isGenerated } from "../workload/generators/index.js";
import { bundledWorkload, bundledWorkloadNames } from "./bundled-traces.js";
import { OUTPUT_FORMATS, type OutputFormat } from "./output.js";
import { UsageError } from "./usage-error.js";

/** Arguments as yargs parsed them: a flag that came twice is a list. */
export type ParsedArguments = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** The shared flags, read. */
export interface SharedOptions {
  /** To write over the scenario file, in this order. */
  readonly assignments: readonly Assignment[];
  readonly format: OutputFormat;
  readonly outDirectory?: string;
  readonly check: boolean;
  readonly quiet: boolean;
  /** Whether lines of a trace that cannot be read are left out. */
  readonly lenient: boolean;
  /** Whether results tell what the host spent over time. */
  readonly timeline?: boolean;
  /** Whether the text for people has the remarks of its runs, which then need no place of their own. */
  readonly tellsRemarks?: boolean;
  /** The policy that others are compared with. */
  readonly baseline?: PolicyName;
  /** From power-on until init runs. */
  readonly deadlineNs?: number;
  /** Conditions that make the exit code 1 where they hold. */
  readonly failOn?: readonly Condition[];
}

/** A flag that stands for one place of the scenario file. */
interface ScenarioFlag {
  readonly path: readonly string[];
  readonly describe: string;
  /** Digits are a number in the file. */
  readonly numeric?: true;
  /** A path as seen from where the program runs, or another way to say what it could name. */
  readonly workload?: true;
}

const SCENARIO_FLAGS: Readonly<Record<string, ScenarioFlag>> = {
  platform: { path: ["platform", "kind"], describe: "tdx, snp or none" },
  policy: {
    path: ["policy"],
    describe: "when memory is accepted, such as eager or lazy; run --list-policies explains them",
  },
  memory: { path: ["memory"], describe: "RAM of the guest, such as 4GiB (binary units)" },
  vcpus: { path: ["vcpus"], describe: "virtual CPUs of the guest", numeric: true },
  kernel: { path: ["kernel"], describe: "Linux release from 6.5 on, as uname -r prints it" },
  workload: {
    path: ["workload"],
    describe: "a bundled one by its name (trace list), a recording.yaml or trace, or generate:NAME",
    workload: true,
  },
  seed: { path: ["seed"], describe: "start of every random choice", numeric: true },
};

const SCENARIO_GROUP = "Instead of what the scenario file says (compare takes lists, such as tdx,snp):";
const OUTPUT_GROUP = "Output:";

/** Adds the shared flags to a command. */
export function addSharedOptions<T>(yargs: Argv<T>): Argv<T> {
  for (const [name, { describe }] of Object.entries(SCENARIO_FLAGS)) {
    yargs.option(name, { type: "string", requiresArg: true, group: SCENARIO_GROUP, describe });
  }
  yargs
    .option("set", {
      type: "string",
      requiresArg: true,
      group: SCENARIO_GROUP,
      describe: "any value by its path, as key.key=value; repeatable; a list is [a, b]",
    })
    .option("format", {
      type: "string",
      requiresArg: true,
      group: OUTPUT_GROUP,
      describe: `${OUTPUT_FORMATS.join(", ")}; table if not given`,
    })
    .option("json", { type: "boolean", group: OUTPUT_GROUP, describe: "the same as --format json" })
    .option("out", {
      type: "string",
      requiresArg: true,
      group: OUTPUT_GROUP,
      describe: "directory for NAME.json and NAME.csv, NAME being the scenario's",
    })
    .option("quiet", {
      type: "boolean",
      group: OUTPUT_GROUP,
      describe: "no progress and no remarks on stderr",
    })
    .option("lenient", {
      type: "boolean",
      describe: "leave out lines of a trace that cannot be read, and say how many and the first",
    })
    .option("check", {
      type: "boolean",
      describe: "walk the whole machine for broken invariants (slow); exit 1 at one",
    })
    .conflicts("json", "format");
  return yargs;
}

/** Command lines for the end of a help text, each on one line to be copied. */
export function examples(...lines: readonly string[]): string {
  return ["Examples:", ...lines.map((line) => `  ${line}`)].join("\n");
}

/**
 * Reads the shared flags.
 *
 * @param argv as parsed by yargs
 * @throws UsageError for a flag that was given twice, or a bundled workload that is misspelt; ScenarioError for a `--set` that is no assignment
 */
export function readSharedOptions(argv: ParsedArguments): SharedOptions {
  const flags = Object.entries(SCENARIO_FLAGS).flatMap(([name, flag]) => {
    const text = single(argv, name);
    return text === undefined ? [] : [assignmentOf(name, flag, text)];
  });
  const set = [argv.set ?? []].flat();
  const out = single(argv, "out");
  return {
    assignments: [...flags, ...set.map((text) => parseAssignment(String(text)))],
    format: argv.json === true ? "json" : outputFormat(single(argv, "format") ?? "table"),
    ...(out === undefined ? {} : { outDirectory: out }),
    check: argv.check === true,
    quiet: argv.quiet === true,
    lenient: argv.lenient === true,
  };
}

function assignmentOf(name: string, flag: ScenarioFlag, text: string): Assignment {
  const values = text.split(",").map((value) => {
    const trimmed = value.trim();
    if (flag.workload === true) return workloadPath(trimmed);
    // What is no number stays text, for the schema to say what it expected.
    return flag.numeric === true && /^\d+$/.test(trimmed) ? Number(trimmed) : trimmed;
  });
  return {
    flag: `--${name} ${text}`,
    path: flag.path,
    value: values.length === 1 ? values[0] : values,
  };
}

/** Scenario files name files beside themselves; who types a flag means one from here, or a bundled one. */
function workloadPath(text: string): string {
  if (text === "" || isGenerated(text)) return text;
  const bundled = bundledWorkload(text);
  if (bundled !== undefined) return bundled;
  if (!existsSync(text)) {
    const nearest = nearestName(text, bundledWorkloadNames());
    if (nearest !== undefined)
      throw new UsageError(`--workload ${text}: no such file, did you mean ${nearest}?`);
  }
  return resolve(text);
}

function outputFormat(name: string): OutputFormat {
  const format = OUTPUT_FORMATS.find((known) => known === name);
  if (format !== undefined) return format;
  throw new UsageError(`--format ${name}: expected one of ${OUTPUT_FORMATS.join(", ")}`);
}

/** The text of a flag; yargs makes a list of a flag that came twice. */
function single(argv: ParsedArguments, name: string): string | undefined {
  const value = argv[name];
  if (value === undefined) return undefined;
  if (Array.isArray(value)) {
    const list = name in SCENARIO_FLAGS ? `; several values are one list, --${name} ${value.join(",")}` : "";
    throw new UsageError(`--${name} was given twice${list}`);
  }
  return String(value);
}
