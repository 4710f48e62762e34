/** Answers questions of the page; what it has read and understood for one it keeps for the next. */

import {
  type Assignment,
  type CompareRow,
  compare,
  errorLine,
  GeneratorError,
  isGenerated,
  type LoadedWorkload,
  MapRecorder,
  type MemoryState,
  memoryStateAfter,
  NoSuchAccept,
  nearestName,
  type PriceSets,
  Recorder,
  type RunResult,
  runScenario,
  type Scenario,
  ScenarioError,
  scenarioOutlook,
  TraceError,
  type Uncertainty,
  uncertainty,
  WorkloadError,
  Workloads,
} from "../index.js";
import { bundledPrices } from "./bundled-prices.js";
import {
  type Answer,
  type Answered,
  type Ask,
  type Catalogue,
  type DroppedFile,
  isScenarioFile,
  type Wants,
} from "./protocol.js";
import { assignmentsOf, type BaseScenario, workloadName } from "./settings.js";

/** Gives the trace of a bundled workload as it is stored. */
export type ReadTrace = (workload: string) => Promise<Uint8Array>;

/** Something that the user can put right. */
class AskError extends Error {}

/** Where recordings lie. */
const RECORDED = /^recorded\/([^/]+)\/([^/]+)$/;
const DESCRIPTION = "recording.yaml";
/** A dropped trace lies where no bundled one does, and is nothing to be generated, whatever its name. */
const DROPPED = "./";

export class Simulation {
  readonly #catalogue: Catalogue;
  readonly #readTrace: ReadTrace;
  readonly #prices: PriceSets;
  readonly #bundled: Workloads;
  /** Of each trace that was dropped, with the standard boot in front of it. */
  readonly #dropped = new WeakMap<DroppedFile, Workloads>();

  constructor(catalogue: Catalogue, readTrace: ReadTrace) {
    this.#catalogue = catalogue;
    this.#readTrace = readTrace;
    this.#prices = bundledPrices(catalogue);
    this.#bundled = new Workloads((path) => this.#read(path));
  }

  /** @returns for what the user can put right an error in one line, as the command line prints it @throws for a bug */
  async answer({ id, side, settings, file, wants }: Ask): Promise<Answer> {
    const begin = performance.now();
    try {
      const base = this.#baseOf(file);
      const trace = file !== undefined && base.isBundled ? file : undefined;
      const scenario = this.#scenarioOf(settings, base, trace);
      const workload = await this.#workloadsWith(trace).of(scenario);
      const told = await toldOf(scenario, workload, wants);
      return { id, side, ...told, tookMs: performance.now() - begin };
    } catch (error) {
      if (!isUserError(error)) throw error;
      return { id, side, error: errorLine(error) };
    }
  }

  #baseOf(file: DroppedFile | undefined): BaseScenario {
    if (file === undefined || !isScenarioFile(file)) {
      return { name: "boot", text: this.#catalogue.boot, isBundled: true };
    }
    return { name: file.name, text: new TextDecoder().decode(file.bytes), isBundled: false };
  }

  #scenarioOf(settings: Ask["settings"], base: BaseScenario, trace: DroppedFile | undefined): Scenario {
    const fileName = base.isBundled ? `${base.name}.yaml` : base.name;
    const named = (text: string): string => this.#pathOf(text, "--workload ");
    const assignments =
      trace === undefined
        ? assignmentsOf(settings, base, named)
        : [...assignmentsOf({ ...settings, workload: "" }, base), replaying(trace)];
    const { count, first } = scenarioOutlook(base.text, fileName, assignments, this.#prices);
    if (count > 1 || first === undefined) {
      throw new AskError(
        `${fileName}: makes ${count} runs, and the page shows one; choose one of each value`,
      );
    }
    if (trace !== undefined) return first;
    return { ...first, workload: this.#pathOf(first.workload, `${fileName}: workload: `) };
  }

  /** What a scenario would call a workload. @param where it was named, for messages */
  #pathOf(text: string, where: string): string {
    if (isGenerated(text)) return text;
    const names = Object.keys(this.#catalogue.workloads);
    const name = workloadName(text);
    if (names.includes(name)) return `recorded/${name}/${DESCRIPTION}`;
    const nearest = nearestName(text, names);
    const hint = nearest === undefined ? "" : `, did you mean ${nearest}?`;
    throw new AskError(`${where}${text}: no workload that the page has${hint}`);
  }

  #workloadsWith(trace: DroppedFile | undefined): Workloads {
    if (trace === undefined) return this.#bundled;
    const known = this.#dropped.get(trace);
    if (known !== undefined) return known;
    const path = DROPPED + trace.name;
    const made = new Workloads((asked) => (asked === path ? trace.bytes : this.#read(asked)));
    this.#dropped.set(trace, made);
    return made;
  }

  async #read(path: string): Promise<Uint8Array> {
    const [, name = "", file] = RECORDED.exec(path) ?? [];
    const { workloads } = this.#catalogue;
    const found = Object.hasOwn(workloads, name) ? workloads[name] : undefined;
    if (found !== undefined && file === DESCRIPTION) return new TextEncoder().encode(found.description);
    if (found !== undefined && file === found.trace) return this.#readTrace(name);
    throw new AskError(`${path}: no file that the page has`);
  }
}

function replaying({ name }: DroppedFile): Assignment {
  return { flag: name, path: ["workload"], value: DROPPED + name };
}

function isUserError(error: unknown): error is Error {
  return [AskError, ScenarioError, TraceError, WorkloadError, GeneratorError].some(
    (kind) => error instanceof kind,
  );
}

/** More than a screen has pixels for, and few enough to be told and drawn without delay. */
const TIMELINE_SPANS = 5000;

/** What is asked of a run, which is as `unaccepted run` makes it. */
async function toldOf(
  scenario: Scenario,
  workload: LoadedWorkload,
  wants: Wants,
): Promise<Omit<Answered, "id" | "side" | "tookMs">> {
  const recorder = wants.timeline === true ? new Recorder(TIMELINE_SPANS) : undefined;
  const watch = wants.map === true ? new MapRecorder() : undefined;
  const observers = {
    ...(recorder === undefined ? {} : { recorder }),
    ...(watch === undefined ? {} : { watch }),
  };
  const options = { check: false, overTime: true, ...observers };
  const [row] = await compare([scenario], (own) => runScenario(own, workload, options));
  return {
    row: row!,
    ...(recorder === undefined ? {} : { timeline: recorder.timeline() }),
    ...(watch === undefined ? {} : { map: watch.map(row!) }),
    ...(wants.state === undefined ? {} : { state: stateAfter(scenario, workload, wants.state) }),
    ...(wants.ranges === true ? { ranges: await rangesOf(scenario, workload) } : {}),
  };
}

/** @throws AskError where the run has fewer accepts */
function stateAfter(scenario: Scenario, workload: LoadedWorkload, n: number): MemoryState {
  try {
    return memoryStateAfter(scenario, workload, n);
  } catch (error) {
    if (error instanceof NoSuchAccept) throw new AskError(`no accept ${n}: ${error.message}`);
    throw error;
  }
}

/** As `unaccepted run --uncertainty` finds them. */
async function rangesOf(scenario: Scenario, workload: LoadedWorkload): Promise<Uncertainty> {
  const plain = (one: Scenario): RunResult => runScenario(one, workload, { check: false });
  const rows: CompareRow[] = await compare([scenario], plain);
  return uncertainty(rows, [scenario], async (one) => plain(one));
}
