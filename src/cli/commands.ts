/** Every command: its name, its arguments, and the file that implements it, imported when it is wanted. */

import { type Command, type CommandGroup, flag, text } from "./arguments.js";
import {
  DIFF_FORMATS,
  formatFlags,
  JOBS_FLAG,
  OUTPUT_FORMATS,
  output,
  PLAN_FLAGS,
  priceNames,
  quiet,
  SCHEMA_NAMES,
  SIMULATE_FLAGS,
  SIZE_FLAGS,
  scenarioNames,
  TABLE_JSON_MD,
  TUNE_DEFAULTS,
} from "./flags.js";
import { MACHINE_COMMANDS } from "./machine-commands.js";
import { SHOW_COMMANDS } from "./show-commands.js";
import { START_COMMANDS } from "./start-commands.js";
import { TRACE_COMMANDS } from "./trace-commands.js";

const SHOWN = { group: "What is shown (unaccepted schema results lists all measures):" };
const TUNING = { group: "Tuning:" };

/** In the order of help. */
export const COMMANDS: readonly (Command | CommandGroup)[] = [
  {
    name: "run",
    describe: "one boot and workload, in full",
    files: {
      name: "scenario",
      describe: "scenario file (YAML) that makes exactly one run",
      offers: scenarioNames,
    },
    flags: {
      ...SIMULATE_FLAGS,
      details: flag("also all counters: memory, acceptance, direct map, requests, priced events"),
      timeline: text(
        "write what happened when for ui.perfetto.dev: FILE.pftrace, or FILE.json that other viewers read too; without --uncertainty",
        { takes: "FILE" },
      ),
      map: text(
        "write which memory was what and when, as JSON for plot --picture map; without --uncertainty",
        {
          takes: "FILE",
        },
      ),
      state: text(
        "print memory as it is after the Nth accept, 0 for before the first: free lists, what is unaccepted, the host's pages; and nothing else",
        { takes: "N" },
      ),
      "list-policies": flag("list the policies and what can be tuned about them, and run nothing"),
      uncertainty: flag(
        "also run low and high values of every assumed parameter, and show ranges; as table or json, without --out",
      ),
    },
    examples: [
      "unaccepted run boot --platform tdx --policy lazy --memory 4GiB",
      "unaccepted run boot --platform snp --policy eager --memory 4GiB --json",
      "unaccepted run boot --platform tdx --policy background --memory 4GiB --set strategy.rate=256MiB",
      "unaccepted run boot --platform tdx --policy lazy --memory 16GiB --timeline boot.pftrace",
      "unaccepted run boot --platform tdx --policy lazy --memory 16GiB --map boot.json",
      "unaccepted run boot --platform tdx --policy lazy --memory 16GiB --state 100",
      "unaccepted run --list-policies",
    ],
    load: () => import("./commands/run.js"),
  },
  {
    name: "compare",
    describe: "policies, platforms and sizes on the same input, in one table",
    files: {
      name: "scenario",
      describe: "scenario files (YAML)",
      isList: true,
      offers: scenarioNames,
      required: "a scenario file",
    },
    flags: {
      ...SIMULATE_FLAGS,
      baseline: text("the policy that ratios and conditions compare with; eager if not given"),
      columns: text("measures to show in tables and CSV, by their names with commas between them", SHOWN),
      sort: text("measures to sort by, the best first; what rows are ranked by if not given", SHOWN),
      rank: text(
        "measures that decide what is best, and the mark *; totalTimeNs,overheadBytes with a workload, else bootTimeNs,overheadBytes",
        SHOWN,
      ),
      deadline: text("a boot that takes longer, such as 60s, counts as failed; says what took the time"),
      "fail-on": text("exit 1 where this holds for a run, such as bootTimeNs>1.1*baseline; repeatable"),
      repeat: text("run so many seeds where anything is random, and show intervals of 95 % confidence"),
      uncertainty: flag(
        "also run low and high values of every assumed parameter; show ranges and what survives them, as table or json, without --out",
      ),
    },
    examples: [
      "unaccepted compare boot",
      "unaccepted compare boot --platform tdx --policy eager,lazy --memory 4GiB,64GiB",
      "unaccepted compare boot --set 'host.pageSize=[4KiB, 2MiB]' --format csv",
      "unaccepted compare boot --platform tdx --memory 64GiB --uncertainty",
      "unaccepted compare boot --prices default,tdx-7.0-gnr,tdx-2024-intel-lab --memory 64GiB",
      "unaccepted compare boot --deadline 60s --baseline lazy",
      "unaccepted compare boot --workload 'generate:heap?size=1GiB' --memory 8GiB --repeat 5",
      "unaccepted compare boot --workload 'generate:heap?size=1GiB' --columns totalTimeNs,waits.workload.p999Ns,hostBytesPeak",
      "unaccepted compare boot --policy lazy,background --fail-on 'waits.boot.p99Ns>20ms'",
    ],
    load: () => import("./commands/compare.js"),
  },
  {
    name: "largest",
    describe:
      "the largest guest that boots before a deadline, surely and perhaps, for each policy and platform",
    files: {
      name: "scenario",
      describe: "scenario file (YAML); its memory does not count",
      offers: scenarioNames,
      required: "a scenario file",
    },
    flags: {
      ...SIMULATE_FLAGS,
      deadline: text("from power-on until init runs, such as 60s", {
        required: "expected --deadline, a time such as 60s",
      }),
      constraint: text("what must hold besides, such as waits.workload.maxNs<10ms; repeatable"),
      "no-uncertainty": flag(
        "the default prices only, not how far the size depends on what is assumed; a third of the time",
      ),
    },
    examples: [
      "unaccepted largest boot --deadline 60s",
      "unaccepted largest boot --deadline 60s --vcpus 1,8,32 --platform tdx --no-uncertainty",
      "unaccepted largest boot --deadline 60s --workload 'generate:heap?size=512MiB' --constraint 'waits.workload.maxNs<10ms'",
    ],
    load: () => import("./commands/largest.js"),
  },
  {
    name: "tune",
    describe: "the best pre-accept size, or any other knob, and what a wrong one costs",
    files: {
      name: "scenario",
      describe: "scenario file (YAML)",
      offers: scenarioNames,
      required: "a scenario file",
    },
    flags: {
      ...SIMULATE_FLAGS,
      objective: text(
        "a measure to make small, such as overheadBytes; a sum in one unit; one of any units whose parts say what they " +
          "are divided by; or a list in order of importance; totalTimeNs with a workload, else bootTimeNs, if not given",
        TUNING,
      ),
      constraint: text("what must hold, such as acceptedBytes<2GiB; repeatable", TUNING),
      knob: text(
        `a place of the scenario file and its values, path=LOW..HIGH or path=a,b,c, HIGH may be all for the firmware's limit; repeatable; ${TUNE_DEFAULTS.knob} if not given`,
        TUNING,
      ),
      budget: text("most runs for each guest; half of the whole grid if not given", TUNING),
      seeds: text(
        `runs of each setting where the workload or the host is random; ${TUNE_DEFAULTS.seeds} if not given`,
        TUNING,
      ),
      uncertainty: flag(
        "also say what the best setting costs over low and high values of the assumed prices, and which would change the advice",
        TUNING,
      ),
    },
    examples: [
      "unaccepted tune boot",
      "unaccepted tune boot --platform snp --memory 64GiB --uncertainty",
      "unaccepted tune boot --platform tdx --memory 128GiB --vcpus 8 --workload 'generate:model?size=20GiB&from=direct'",
      "unaccepted tune boot --policy eager --vcpus 8 --knob strategy.acceptingCpus=1..8",
      "unaccepted tune boot --objective '0.7*bootTimeNs/10s+0.3*overheadBytes/1GiB' --memory 4GiB",
      "unaccepted tune boot --knob 'host.pageSize=4KiB,2MiB' --constraint 'bootTimeNs<15s' --json",
      "unaccepted tune boot --workload 'generate:heap?size=1GiB' --objective waits.workload.totalNs,totalTimeNs",
    ],
    load: () => import("./commands/tune.js"),
  },
  {
    name: "sweep",
    describe: "every run of a study, on all cores or as one part of several; goes on where it was stopped",
    files: {
      name: "study",
      describe: "study file (YAML): a scenario, axes and samples",
      offers: async () => (await import("./bundled.js")).bundledStudyNames(),
      required: "a study file",
    },
    flags: {
      ...PLAN_FLAGS,
      out: text("directory for the results; one that has some of this study goes on from there", {
        required: "expected --out, the directory for results",
      }),
      policy: text(
        "files of policies of your own, such as ./mine.mjs, which scenario and study may then name",
      ),
      prices: text("prices of machines, by name or file, on each of which all is run", {
        takes: "NAME",
        offers: priceNames,
      }),
      shard: text("only part i of n, from 0/n to n-1/n; merge puts the parts together"),
      missing: flag("run nothing: print the shards that are not done, by commas; with --shard i/n of n"),
      ...quiet(),
    },
    examples: [
      "unaccepted sweep sweep --out sweep-results",
      "unaccepted sweep sweep --out sweep-results --shard 3/20",
      "unaccepted sweep sweep --out sweep-results --shard 0/20 --missing",
    ],
    load: () => import("./commands/sweep.js"),
  },
  {
    name: "merge",
    describe: "put the parts of a sweep together that ran on several machines",
    files: {
      name: "directories",
      describe: "what sweep --out wrote, one or more",
      isList: true,
      required: "a directory that sweep --out wrote",
    },
    flags: {
      out: text("directory for runs.jsonl, runs.csv and runs.parquet", {
        required: "expected --out, the directory for runs.jsonl, runs.csv and runs.parquet",
      }),
      ...quiet(),
    },
    examples: ["unaccepted merge node-a node-b --out sweep-results"],
    load: () => import("./commands/merge.js"),
  },
  ...SHOW_COMMANDS,
  {
    name: "diff",
    describe: "what changed between two results, and which event and price account for it",
    files: {
      name: "results",
      describe:
        "A and B: JSON of run, compare or sweep, such as of two versions of a scenario or of the program",
      isList: true,
      required: "two result files, as compare --json prints them",
    },
    flags: {
      "fail-on": text(
        "exit 1 where this holds for a run of B, such as bootTimeNs>1.05*baseline, the baseline being its like in A; repeatable",
      ),
      ...formatFlags(DIFF_FORMATS),
      ...quiet("no remarks on stderr"),
    },
    examples: [
      "unaccepted diff before.json after.json",
      "unaccepted diff before.json after.json --fail-on 'bootTimeNs>1.05*baseline'",
      "unaccepted diff before.json after.json --format md",
    ],
    load: () => import("./commands/diff.js"),
  },
  {
    name: "verify",
    describe: "recordings of real kernels, repeated and compared page by page",
    files: { name: "recording", describe: "directories of recordings", isList: true },
    flags: { ...formatFlags(TABLE_JSON_MD), ...JOBS_FLAG },
    examples: [
      "unaccepted verify workloads/recorded/linux-6.12.107-lazy-1c4g-high",
      "unaccepted verify workloads/recorded/linux-6.12.107-* --format md",
    ],
    load: () => import("./commands/verify.js"),
  },
  {
    name: "validate",
    describe: "every published number we know against the simulated one",
    flags: {
      ...PLAN_FLAGS,
      only: text(async () => {
        const { TARGETS } = await import("../validate/targets.js");
        return `targets to look at, as VT1,VT4: ${TARGETS[0]!.id} to ${TARGETS.at(-1)!.id}`;
      }),
      ...formatFlags(OUTPUT_FORMATS),
      ...quiet("no progress on stderr"),
    },
    examples: [
      "unaccepted validate",
      "unaccepted validate --only VT1,VT7",
      "unaccepted validate --format md",
    ],
    load: () => import("./commands/validate.js"),
  },
  {
    name: "calibrate",
    describe: "prices of a machine, from what the scripts of workloads/calibrate measured on it",
    files: {
      name: "directory",
      describe: "directory with what guest.sh and host.sh recorded",
      required: "the directory of the readings",
    },
    flags: {
      output: output("the price set (YAML) to write, such as my-machine.yaml"),
      ...formatFlags(["table", "json"]),
      ...quiet(),
    },
    examples: [
      "unaccepted calibrate readings",
      "unaccepted calibrate readings -o my-machine.yaml",
      "unaccepted calibrate readings --json",
    ],
    load: () => import("./commands/calibrate.js"),
  },
  TRACE_COMMANDS,
  MACHINE_COMMANDS,
  {
    name: "trackers",
    describe: "page flag, e820 ranges and bitmaps: memory and time to remember what is accepted",
    flags: {
      ...PLAN_FLAGS,
      memory: text("RAM of the guests to boot, such as 4GiB,64GiB, which is the default"),
      json: flag("as JSON"),
      ...quiet(),
    },
    examples: ["unaccepted trackers", "unaccepted trackers --memory 512GiB --json"],
    load: () => import("./commands/trackers.js"),
  },
  {
    name: "matrix",
    describe:
      "every firmware with every kind of kernel: what memory it sees, who accepted it, boot time; or guests of many sizes",
    flags: {
      ...PLAN_FLAGS,
      memory: text("RAM of the guests, such as 16GiB; 4GiB if not given"),
      ...SIZE_FLAGS,
      ...formatFlags(TABLE_JSON_MD),
      ...quiet(),
    },
    examples: [
      "unaccepted matrix",
      "unaccepted matrix --memory 64GiB --format md",
      "unaccepted matrix --sizes 2815MiB,64GiB,66817MiB --kernel 6.18.13,6.18.14",
    ],
    load: () => import("./commands/matrix.js"),
  },
  ...START_COMMANDS,
  {
    name: "schema",
    describe: "JSON Schema of scenario files, of study files, or of results",
    files: {
      name: "of",
      describe: `${SCHEMA_NAMES.join(" or ")}; default ${SCHEMA_NAMES[0]}`,
      offers: async () => SCHEMA_NAMES,
    },
    flags: {},
    examples: [
      "unaccepted schema > scenario.schema.json",
      "unaccepted schema study",
      "unaccepted schema results",
    ],
    load: () => import("./commands/schema.js"),
  },
];
