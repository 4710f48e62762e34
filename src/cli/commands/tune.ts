/** `unaccepted tune SCENARIO`: the best setting of its knobs, and how much it matters. */

import { DEFAULT_PRICES } from "../../coco/price-set.js";
import { kernelRelease } from "../../linux/kernel-rules.js";
import { USUAL_POLICY } from "../../policy/policies.js";
import { formatTuningJson, formatTunings } from "../../report/tune.js";
import type { RunResult } from "../../results/row.js";
import type { Scenario } from "../../scenario/scenario.js";
import { eventsIn } from "../../study/acting-prices.js";
import { inLanes, inOrder } from "../../study/in-order.js";
import { isRandom } from "../../study/repeat.js";
import { type Knob, parseKnob, rangeUpTo } from "../../study/tune/knob.js";
import { parseConstraint, parseObjective } from "../../study/tune/objective.js";
import { knobsFor } from "../../study/tune/reach.js";
import type { KnobValues, Tuning } from "../../study/tune/result.js";
import { MOST_RIVALS, sensitivityOf } from "../../study/tune/sensitivity.js";
import { gridSize, type TuneRequest, tune } from "../../study/tune/tune.js";
import { rangeVariants } from "../../study/uncertainty.js";
import { PHYSICAL_ADDRESS_END } from "../../units.js";
import type { Arguments, RunCommand } from "../arguments.js";
import { TUNE_DEFAULTS } from "../flags.js";
import { paintFor, print } from "../io.js";
import { outlookOf } from "../load.js";
import { readFlag, sharedOptions } from "../options.js";
import { runsWith } from "../pool/run-work.js";
import { goesAhead, makeRuns } from "../runs.js";
import { remarkOn, runOne, writeRemarks } from "../simulate.js";
import { type Setting, TuneLab, turnedKnob } from "../tune-lab.js";
import { UsageError } from "../usage-error.js";

/** A grid of no more settings than this is tried whole. */
const SMALL_GRID = 16;
/** Most runs for a guest where nobody says how many. */
const MOST_RUNS = 512;

/** @returns the exit code: 0, or 1 if a guest has no setting that gets ready and keeps to the constraints */
export const run: RunCommand = async (argv, context) => {
  const options = sharedOptions(argv);
  const { format, outDirectory } = options;
  if (format !== "table" && format !== "json") {
    throw new UsageError(`--format ${format}: with tune expected table or json`);
  }
  if (outDirectory !== undefined) throw new UsageError("--out: not with tune; send its --json to a file");
  const path = argv.files[0]!;
  const request = readRequest(argv);
  const firsts = request.knobs.map((knob) => turnedKnob(knob, knob.values[0]!));
  const [outlook] = outlookOf([path], [...options.assignments, ...firsts]);
  const { count, first } = outlook!;
  const withUncertainty = argv.has("uncertainty");
  // Refuses what no guest can have before any is run.
  knobsFor(request.knobs, first.scenario);
  const widestRequest = closed(request, widest(request.knobs), isRandom(first.scenario));
  const plan = {
    command: "tune",
    runs: count * mostRuns(widestRequest, first.scenario, withUncertainty),
    isSearch: true,
    one: () => runOne(first, options, context),
  };
  if (!(await goesAhead(plan, argv, context))) return 0;
  const lab = new TuneLab(path, options.assignments, request.knobs, options.lenient);
  const guests = chooseGuests(lab, argv, request, remarkOn(context, options.quiet));
  const { io, runScenario } = context;
  const tasks = guests.map((guest) => {
    const { scenario } = lab.guests[guest]!;
    const own = closed(
      request,
      knobsFor(request.knobs, scenario),
      lab.isRandom(guest, firstOf(request.knobs)),
    );
    return { guest, request: own, most: mostRuns(own, scenario, withUncertainty) };
  });
  const all = { runs: tasks.reduce((sum, { most }) => sum + most, 0), isSearch: true };
  const { check, quiet, jobs } = options;
  const making = { ...all, quiet, jobs };
  const found = await makeRuns(making, runsWith(lab.loader, runScenario), context, (make, threads) =>
    inLanes(tasks, threads, async ({ guest, request: own }) => {
      const begin = async (settingOf: () => Setting): Promise<RunResult> => {
        const { scenario, workload } = settingOf();
        return make({ scenario, workload, options: { check } });
      };
      const guestRuns = new GuestRuns(begin, threads > 1);
      const tuning = await tuneGuest(lab, guest, own, guestRuns, withUncertainty);
      const runs = await guestRuns.made();
      const told = [...new Set(runs.flatMap(({ remarks }) => remarks ?? []))];
      return { tuning: told.length === 0 ? tuning : { ...tuning, remarks: told }, runs };
    }),
  );
  const tunings = found.map(({ tuning }): Tuning => tuning);
  print(io.stdout, format === "json" ? formatTuningJson(tunings) : formatTunings(tunings, paintFor(io)));
  writeRemarks(
    found.flatMap(({ runs }) => runs),
    quiet,
    io,
  );
  return tunings.every(({ best }) => best !== null) ? 0 : 1;
};

/** A request whose budget and seeds may depend on the guest. */
type OpenRequest = Pick<TuneRequest, "objective" | "constraints" | "knobs"> & {
  readonly budget: number | undefined;
  readonly seeds: number | undefined;
};

function readRequest(argv: Arguments): OpenRequest {
  const knobs = argv.all("knob").map(parseKnob);
  const twice = knobs.find(({ path }, at) => knobs.findIndex((knob) => knob.path === path) !== at);
  if (twice !== undefined)
    throw new UsageError(`--knob ${twice.path} was given twice; join its values with a comma`);
  if (argv.all("objective").length > 1)
    throw new UsageError("--objective was given twice; join them with a comma");
  const objective = argv.one("objective");
  return {
    objective: objective === undefined ? undefined : readFlag("objective", objective, parseObjective),
    constraints: argv.all("constraint").map((text) => readFlag("constraint", text, parseConstraint)),
    knobs: knobs.length > 0 ? knobs : [parseKnob(TUNE_DEFAULTS.knob)],
    budget: argv.wholeNumber("budget", 2, 1e6),
    seeds: argv.wholeNumber("seeds", 1, 1e6),
  };
}

/**
 * Which guests of the file to tune. Where it lists policies and nobody says which is meant, those
 * that accept late: a pre-accept size means little to the others.
 */
function chooseGuests(
  lab: TuneLab,
  argv: Arguments,
  { knobs, seeds }: OpenRequest,
  remark: (text: string) => void,
): number[] {
  const scenarios = lab.guests.map(({ scenario }) => scenario);
  const policies = [...new Set(scenarios.map(({ policy }) => policy))];
  const isOpen = !argv.has("policy") && !knobs.some(({ path }) => path === "policy");
  const onlyUsual = isOpen && policies.length > 1 && policies.includes(USUAL_POLICY);
  if (onlyUsual)
    remark(
      `tune: policy ${USUAL_POLICY} of ${policies.join(", ")}; --policy or --knob policy=... chooses others`,
    );
  const first = firstOf(knobs);
  if (seeds !== undefined && seeds > 1 && !scenarios.some((_one, guest) => lab.isRandom(guest, first))) {
    remark("tune: nothing is random in this workload on this host, so one seed says it all");
  }
  return scenarios.flatMap(({ policy }, guest) => (!onlyUsual || policy === USUAL_POLICY ? [guest] : []));
}

/** The most settings of a guest that are tried where nobody says how many runs. */
function defaultSettings(knobs: TuneRequest["knobs"]): number {
  const size = gridSize(knobs);
  return Math.min(size <= SMALL_GRID ? size + 1 : Math.max(SMALL_GRID, Math.floor(size / 2)), MOST_RUNS);
}

/** The knobs for the largest guest that there can be, of which one has no fewer values than for any other. */
function widest(knobs: TuneRequest["knobs"]): Knob[] {
  const reach = { allBytes: PHYSICAL_ADDRESS_END, is: "address", holes: [] } as const;
  return knobs.map((knob) =>
    knob.openFrom === undefined ? knob : { ...knob, values: rangeUpTo(knob, reach) },
  );
}

/** The request for a guest whose knobs are known. */
function closed(
  { budget, seeds: asked = TUNE_DEFAULTS.seeds, ...request }: OpenRequest,
  knobs: TuneRequest["knobs"],
  hasChance: boolean,
): TuneRequest {
  const seeds = hasChance ? asked : 1;
  return { ...request, knobs, seeds, budget: budget ?? defaultSettings(knobs) * seeds };
}

function firstOf(knobs: TuneRequest["knobs"]): KnobValues {
  return Object.fromEntries(knobs.map(({ path, values }) => [path, values[0]!]));
}

/** The most runs that a guest can take. */
function mostRuns({ budget }: TuneRequest, scenario: Scenario, withUncertainty: boolean): number {
  return budget + (withUncertainty ? rangeVariants(scenario).length * (1 + MOST_RIVALS) : 0);
}

/** The runs of a guest, in the order in which they are asked for. */
class GuestRuns {
  readonly #begin: (settingOf: () => Setting) => Promise<RunResult>;
  readonly #beginsExpected: boolean;
  readonly #expected = new Map<string, Promise<RunResult>>();
  readonly #asked: Promise<RunResult>[] = [];

  /** @param beginsExpected whether a run that is only expected is begun; it counts where it is asked for */
  constructor(begin: (settingOf: () => Setting) => Promise<RunResult>, beginsExpected: boolean) {
    this.#begin = begin;
    this.#beginsExpected = beginsExpected;
  }

  /** Those that have been asked for. */
  made(): Promise<RunResult[]> {
    return inOrder(this.#asked);
  }

  /** @param name of a run that may have been expected */
  run(settingOf: () => Setting, name = ""): Promise<RunResult> {
    const run = this.#expected.get(name) ?? this.#begin(settingOf);
    this.#asked.push(run);
    return run;
  }

  expect(settingOf: () => Setting, name: string): void {
    if (!this.#beginsExpected || this.#expected.has(name)) return;
    const run = this.#begin(settingOf);
    // Whoever asks for it is told.
    run.catch(() => {});
    this.#expected.set(name, run);
  }
}

async function tuneGuest(
  lab: TuneLab,
  guest: number,
  request: TuneRequest,
  guestRuns: GuestRuns,
  withUncertainty: boolean,
): Promise<Tuning> {
  const { constraints } = request;
  const nameOf = (values: KnobValues, seed: number): string => JSON.stringify([values, seed]);
  const { findings, judge } = await tune(request, {
    run: (values, seed) => guestRuns.run(() => lab.setting(guest, values, seed), nameOf(values, seed)),
    expect: (values, seed) => guestRuns.expect(() => lab.setting(guest, values, seed), nameOf(values, seed)),
  });
  const { best } = findings;
  const { scenario } = lab.loaded(guest, best?.knobs ?? findings.points[0]?.knobs ?? {});
  const uncertainty =
    best === null || !withUncertainty
      ? undefined
      : await sensitivityOf(findings, best, judge, constraints, {
          scenarioOf: (values) => lab.loaded(guest, values).scenario,
          run: (variant, values) => guestRuns.run(() => lab.variant(guest, values, variant)),
          happened: eventsIn(await guestRuns.made()),
        });
  const { platform, policy, kernel, prices, memoryBytes, vcpus } = scenario;
  return {
    scenario: scenario.name,
    platform: platform.kind,
    policy,
    kernel,
    kernelRules: kernelRelease(kernel).rulesOf,
    prices: prices?.name ?? DEFAULT_PRICES,
    memoryBytes,
    vcpus,
    workload: (await guestRuns.made())[0]!.workload,
    constraints: constraints.map(({ text }) => text),
    asItStands: lab.asItStands(guest),
    ...findings,
    ...(uncertainty === undefined ? {} : { uncertainty }),
  };
}
