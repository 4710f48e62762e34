/** `unaccepted tune SCENARIO`: the best setting of its knobs, and how much it matters. */

import type { Argv } from "yargs";
import { kernelRelease } from "../../linux/kernel-rules.js";
import { formatTuningJson, formatTunings } from "../../report/tune.js";
import type { RunResult } from "../../results/row.js";
import type { Scenario } from "../../scenario/scenario.js";
import { isRandom } from "../../study/repeat.js";
import { parseKnob } from "../../study/tune/knob.js";
import { parseConstraint, parseObjective } from "../../study/tune/objective.js";
import type { Tuning } from "../../study/tune/result.js";
import { sensitivityOf } from "../../study/tune/sensitivity.js";
import { gridSize, type TuneRequest, tune } from "../../study/tune/tune.js";
import { paintFor } from "../colour.js";
import type { CliContext } from "../context.js";
import { outlookOf } from "../load.js";
import { addSharedOptions, examples, type ParsedArguments, readSharedOptions } from "../options.js";
import { addPlanOptions, announce, goesAhead } from "../plan.js";
import { print } from "../print.js";
import { startProgress } from "../progress.js";
import { writeRemarks } from "../remarks.js";
import { runOne } from "../simulate.js";
import { readFlag } from "../study-options.js";
import { TuneLab, turnedKnob } from "../tune-lab.js";
import { UsageError } from "../usage-error.js";

const DEFAULT_OBJECTIVE = "bootTimeNs";
const DEFAULT_KNOB = "firmware.preAcceptLimit=32MiB..4GiB";
/** Seeds of a full measurement where a seed makes a difference. */
const DEFAULT_SEEDS = 4;
/** A grid of no more settings than this is tried whole. */
const SMALL_GRID = 16;
/** Most runs for a guest where nobody says how many. */
const MOST_RUNS = 512;
const TUNE_GROUP = "Tuning:";

/** For yargs. */
export const tuneCommand = {
  command: "tune <scenario>",
  takes: "a scenario file",
  describe: "the best pre-accept size, or any other knob, and what a wrong one costs",

  builder(yargs: Argv): Argv {
    return addPlanOptions(addSharedOptions(yargs))
      .positional("scenario", { type: "string", describe: "scenario file (YAML)" })
      .option("objective", {
        type: "string",
        requiresArg: true,
        group: TUNE_GROUP,
        describe: `a measure to make small, such as overheadBytes; a weighted sum, or a list in order of importance; ${DEFAULT_OBJECTIVE} if not given`,
      })
      .option("constraint", {
        type: "string",
        requiresArg: true,
        group: TUNE_GROUP,
        describe: "what must hold, such as acceptedBytes<2GiB; repeatable",
      })
      .option("knob", {
        type: "string",
        requiresArg: true,
        group: TUNE_GROUP,
        describe: `a place of the scenario file and its values, path=LOW..HIGH or path=a,b,c; repeatable; ${DEFAULT_KNOB} if not given`,
      })
      .option("budget", {
        type: "string",
        requiresArg: true,
        group: TUNE_GROUP,
        describe: "most runs for each guest; half of the whole grid if not given",
      })
      .option("seeds", {
        type: "string",
        requiresArg: true,
        group: TUNE_GROUP,
        describe: `runs of each setting where the workload or the host is random; ${DEFAULT_SEEDS} if not given`,
      })
      .option("uncertainty", {
        type: "boolean",
        group: TUNE_GROUP,
        describe: "also say whether the best setting survives low and high values of the assumed parameters",
      })
      .epilogue(
        examples(
          "unaccepted tune boot",
          "unaccepted tune boot --platform snp --memory 64GiB --uncertainty",
          "unaccepted tune boot --policy eager --vcpus 8 --knob strategy.acceptingCpus=1..8",
          "unaccepted tune boot --objective '0.7*bootTimeNs+0.3*overheadBytes' --memory 4GiB",
          "unaccepted tune boot --knob 'host.pageSize=4KiB,2MiB' --constraint 'bootTimeNs<15s' --json",
          "unaccepted tune boot --workload 'generate:heap?size=1GiB' --objective stalls.totalNs,bootTimeNs",
        ),
      );
  },

  /** @returns the exit code: 0, or 1 if a guest has no setting that gets ready and keeps to the constraints */
  async run(argv: ParsedArguments, context: CliContext): Promise<number> {
    const options = readSharedOptions(argv);
    const { format, outDirectory } = options;
    if (format !== "table" && format !== "json") {
      throw new UsageError(`--format ${format}: with tune expected table or json`);
    }
    if (outDirectory !== undefined) {
      throw new UsageError("--out: not with tune; send its --json to a file");
    }
    const request = readRequest(argv);
    const mostRuns = request.budget ?? defaultBudget(request.knobs, request.seeds ?? 1);
    const firsts = request.knobs.map((knob) => turnedKnob(knob, knob.values[0]!));
    const [outlook] = outlookOf([String(argv.scenario)], [...options.assignments, ...firsts]);
    const plan = {
      command: "tune",
      runs: outlook!.count * mostRuns,
      isSearch: true,
      one: () => runOne(outlook!.first, options, context),
    };
    if (!(await goesAhead(plan, argv, context))) return 0;
    let done = 0;
    let progress: ReturnType<typeof startProgress> | undefined;
    const runs: RunResult[] = [];
    const lab = new TuneLab(String(argv.scenario), options.assignments, request.knobs, context, {
      check: options.check,
      lenient: options.lenient,
      onRun(result) {
        runs.push(result);
        progress?.update(++done);
      },
    });
    const guests = chooseGuests(lab, argv, request, (remark) => {
      if (!options.quiet) print(context.io.stderr, `${remark}\n`);
    });
    const most = mostRuns * guests.length;
    if (!options.quiet) {
      announce({ runs: most, isSearch: true }, context.io);
      progress = startProgress(context.io.stderr, most);
    }
    try {
      const tunings: Tuning[] = [];
      for (const guest of guests) {
        const begin = runs.length;
        const tuning = await tuneGuest(lab, guest, request, argv.uncertainty === true);
        const remarks = [...new Set(runs.slice(begin).flatMap((run) => run.remarks ?? []))];
        tunings.push(remarks.length === 0 ? tuning : { ...tuning, remarks });
      }
      progress?.stop();
      const text =
        format === "json" ? formatTuningJson(tunings) : formatTunings(tunings, paintFor(context.io));
      print(context.io.stdout, text);
      writeRemarks(runs, options.quiet, context.io);
      return tunings.every(({ best }) => best !== null) ? 0 : 1;
    } finally {
      progress?.stop();
    }
  },
};

/** A request whose budget and seeds may depend on the guest. */
type OpenRequest = Pick<TuneRequest, "objective" | "constraints" | "knobs"> & {
  readonly budget: number | undefined;
  readonly seeds: number | undefined;
};

function readRequest(argv: ParsedArguments): OpenRequest {
  const list = (name: string): string[] => [argv[name] ?? []].flat().map(String);
  const knobs = list("knob").map(parseKnob);
  const twice = knobs.find(({ path }, at) => knobs.findIndex((knob) => knob.path === path) !== at);
  if (twice !== undefined)
    throw new UsageError(`--knob ${twice.path} was given twice; join its values with a comma`);
  if (list("objective").length > 1)
    throw new UsageError("--objective was given twice; join them with a comma");
  return {
    objective: readFlag("objective", list("objective")[0] ?? DEFAULT_OBJECTIVE, parseObjective),
    constraints: list("constraint").map((text) => readFlag("constraint", text, parseConstraint)),
    knobs: knobs.length > 0 ? knobs : [parseKnob(DEFAULT_KNOB)],
    budget: wholeNumber(argv, "budget", 2),
    seeds: wholeNumber(argv, "seeds", 1),
  };
}

function wholeNumber(argv: ParsedArguments, name: string, least: number): number | undefined {
  const value = argv[name];
  if (value === undefined) return undefined;
  const number = /^\d+$/.test(String(value)) ? Number(value) : Number.NaN;
  if (number >= least && number <= 1e6) return number;
  throw new UsageError(`--${name} ${String(value)}: expected a whole number from ${least} to 1000000`);
}

/**
 * Which guests of the file to tune. Where it lists policies and nobody says which is meant, those
 * that accept late: a pre-accept size means little to the others.
 */
function chooseGuests(
  lab: TuneLab,
  argv: ParsedArguments,
  { knobs, seeds }: OpenRequest,
  remark: (text: string) => void,
): number[] {
  const scenarios = lab.guests.map(({ scenario }) => scenario);
  const policies = [...new Set(scenarios.map(({ policy }) => policy))];
  const isOpen = argv.policy === undefined && !knobs.some(({ path }) => path === "policy");
  const onlyLazy = isOpen && policies.length > 1 && policies.includes("lazy");
  if (onlyLazy)
    remark(`tune: policy lazy of ${policies.join(", ")}; --policy or --knob policy=... chooses others`);
  if (seeds !== undefined && seeds > 1 && !scenarios.some(isRandom)) {
    remark("tune: nothing is random in a recorded workload on this host, so one seed says it all");
  }
  return scenarios.flatMap(({ policy }, guest) => (!onlyLazy || policy === "lazy" ? [guest] : []));
}

function defaultBudget(knobs: TuneRequest["knobs"], seeds: number): number {
  const size = gridSize(knobs);
  const settings = size <= SMALL_GRID ? size + 1 : Math.max(SMALL_GRID, Math.floor(size / 2));
  return Math.min(settings, MOST_RUNS) * seeds;
}

async function tuneGuest(
  lab: TuneLab,
  guest: number,
  { objective, constraints, knobs, budget, seeds: asked }: OpenRequest,
  withUncertainty: boolean,
): Promise<Tuning> {
  const seeds = isRandom(lab.guests[guest]!.scenario) ? (asked ?? DEFAULT_SEEDS) : 1;
  const request = { objective, constraints, knobs, seeds, budget: budget ?? defaultBudget(knobs, seeds) };
  const { findings, judge } = await tune(request, { run: (values, seed) => lab.run(guest, values, seed) });
  const { best } = findings;
  const { scenario, recording } = lab.loaded(guest, best?.knobs ?? findings.points[0]?.knobs ?? {});
  const uncertainty =
    best === null || !withUncertainty
      ? undefined
      : await sensitivityOf(findings, best, judge, constraints, {
          scenarioOf: (values) => lab.loaded(guest, values).scenario,
          run: (variant, values) => lab.runAs(guest, values, variant),
        });
  return {
    ...guestOf(scenario, (recording.afterBoot ?? recording).recording.name),
    objective: objective.text,
    constraints: constraints.map(({ text }) => text),
    ...findings,
    ...(uncertainty === undefined ? {} : { uncertainty }),
  };
}

function guestOf(
  { name, platform, policy, kernel, memoryBytes, vcpus }: Scenario,
  workload: string,
): Pick<
  Tuning,
  "scenario" | "platform" | "policy" | "kernel" | "kernelRules" | "memoryBytes" | "vcpus" | "workload"
> {
  const kernelRules = kernelRelease(kernel).rulesOf;
  return {
    scenario: name,
    platform: platform.kind,
    policy,
    kernel,
    kernelRules,
    memoryBytes,
    vcpus,
    workload,
  };
}
