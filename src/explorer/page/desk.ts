/**
 * What lies on the page: the settings of one side or two, what was understood of them, and the last answers. Every
 * change is asked at once and the newest question wins; what takes long is asked when the settings rest.
 */

import type {
  CompareRow,
  MemoryMapFile,
  MemoryState,
  PriceSets,
  ResultDocument,
  Scenario,
  Timeline,
  UncertainRow,
} from "../../index.js";
import type { Answer, Answered, DroppedFile, Question, Side, Wants } from "../protocol.js";
import type { BaseScenario, PageState, SettingName, Settings } from "../settings.js";
import { withChoice } from "./edit.js";
import { type Faults, NO_FAULTS, type Understood, understood } from "./scenario-of.js";

/** Asks the simulator. Of questions that a newer one of the same side has overtaken nothing is heard. */
export interface Asks {
  ask(question: Question): Promise<Answer | undefined>;
}

export interface Shown {
  readonly row: CompareRow;
  readonly tookMs: number;
  readonly ranges?: UncertainRow | undefined;
  readonly timeline?: Timeline | undefined;
  readonly map?: MemoryMapFile | undefined;
  /** After the accept that was asked for last. */
  readonly state?: MemoryState | undefined;
}

export interface SideState {
  readonly settings: Settings;
  readonly base: BaseScenario;
  /** The file that takes the place of the bundled scenario, or of the workload. */
  readonly file?: DroppedFile | undefined;
  /** That of the settings, or the last one that was understood. */
  readonly scenario: Scenario;
  readonly faults: Faults;
  /** Why the simulator refuses what was understood: a workload that it cannot read. One line. */
  readonly refusal?: string | undefined;
  /** The last answer there was. */
  readonly shown?: Shown | undefined;
  /** Whether it is that of these settings. */
  readonly isCurrent: boolean;
  /** The row at which the settings rested before they moved last. */
  readonly before?: CompareRow | undefined;
}

export interface DeskState {
  readonly a: SideState;
  readonly b?: SideState | undefined;
  readonly editing: Side;
  readonly isResting: boolean;
  /** What the user has to know and no control says: each a line. */
  readonly remarks: readonly string[];
  /** A result that was given to the page. */
  readonly result?: ResultDocument | undefined;
}

export interface DeskOptions {
  readonly quick: Asks;
  /** For one more run with all that a view shows: of a large guest it takes a while, and sliders need not wait for it. */
  readonly views: Asks;
  /** For what takes many runs. */
  readonly slow: Asks;
  readonly prices: PriceSets;
  /** The bundled scenario. */
  readonly base: BaseScenario;
  /** How long settings stay as they are before they rest; milliseconds. */
  readonly restMs: number;
  /** Tells of a new state. */
  readonly told: (state: DeskState) => void;
  /** Called once the settings rest and have their answers. */
  readonly rested: (state: DeskState) => void;
}

export class Desk {
  readonly #options: DeskOptions;
  #state: DeskState;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wants: Wants = {};
  /** The accept after which each side's memory is looked at. */
  #states: Readonly<Partial<Record<Side, number>>> = {};
  /** Rises with each change of a side, so that answers to earlier settings are told. */
  readonly #version: Record<Side, number> = { a: 0, b: 0 };
  /** The version that ranges were asked for. */
  readonly #ranged: Record<Side, number> = { a: 0, b: 0 };

  constructor(options: DeskOptions, page: PageState & { readonly remarks?: readonly string[] }) {
    this.#options = options;
    this.#state = {
      a: this.#sideOf(page.a, options.base),
      b: page.b && this.#sideOf(page.b, options.base),
      editing: "a",
      isResting: false,
      remarks: page.remarks ?? [],
    };
  }

  /** The bundled scenario. */
  get base(): BaseScenario {
    return this.#options.base;
  }

  get state(): DeskState {
    return this.#state;
  }

  /** Asks for the first answers. */
  start(): void {
    this.#ask("a");
    if (this.#state.b !== undefined) this.#ask("b");
  }

  /** Other settings, as from the address; files stay where they are. */
  load(page: PageState & { readonly remarks?: readonly string[] }): void {
    const { a, b } = this.#state;
    this.#tell({
      a: this.#moved(a, page.a),
      b: page.b && this.#moved(b ?? this.#sideOf(page.b, this.#options.base), page.b),
      editing: page.b === undefined ? "a" : this.#state.editing,
      remarks: page.remarks ?? [],
    });
    this.start();
  }

  change(side: Side, settings: Settings): void {
    const own = this.#state[side];
    if (own === undefined) return;
    this.#tell({ [side]: this.#moved(own, settings) });
    this.#ask(side);
  }

  choose(side: Side, name: SettingName, text: string): void {
    const own = this.#state[side];
    if (own === undefined) return;
    const { settings, takenBack } = withChoice(own.settings, name, text, (one) => this.#read(one, own.base));
    this.#tell({ remarks: takenBack.map((one) => `Taken back: ${one}`) });
    this.change(side, settings);
  }

  /** A file in the place of the bundled scenario, if `base` is its text, or of the workload. */
  give(side: Side, file: DroppedFile, base: BaseScenario, settings: Settings): void {
    const own = this.#state[side] ?? this.#state.a;
    this.#tell({ [side]: this.#moved({ ...own, file, base }, settings), remarks: [] });
    this.#ask(side);
  }

  /** Without its file a side has the bundled scenario and workload again, with its settings as they are. */
  putAway(side: Side): void {
    const own = this.#state[side];
    if (own === undefined) return;
    const { file: _file, ...others } = own;
    this.#tell({ [side]: this.#moved({ ...others, base: this.#options.base }, own.settings), remarks: [] });
    this.#ask(side);
  }

  edit(editing: Side): void {
    this.#tell({ editing });
  }

  remark(remarks: readonly string[]): void {
    this.#tell({ remarks });
  }

  /** A result beside the answer; none takes it away. */
  show(result: ResultDocument | undefined): void {
    this.#tell({ result, remarks: [] });
  }

  copy(): void {
    this.#tell({ b: this.#state.a, editing: "b" });
    this.#ask("b");
  }

  swap(): void {
    const { a, b } = this.#state;
    if (b === undefined) return;
    this.#tell({ a: b, b: a });
    this.start();
  }

  dropSecond(): void {
    this.#version.b++;
    this.#tell({ b: undefined, editing: "a" });
    this.#move();
  }

  /** What resting settings are asked for besides the row: what the user looks at. */
  want(wants: Wants): void {
    this.#wants = { ...this.#wants, ...wants };
    if (this.#state.isResting) this.#askMore();
  }

  /** Memory after an accept of a side; it holds for these settings, as others have other accepts. */
  look(side: Side, accept: number): void {
    this.#states = { ...this.#states, [side]: accept };
    if (this.#state.isResting) this.#askMore();
  }

  #tell(change: Partial<DeskState>): void {
    this.#state = { ...this.#state, ...change };
    this.#options.told(this.#state);
  }

  #read(settings: Settings, base: BaseScenario): Understood {
    return understood(settings, base, this.#options.prices);
  }

  #sideOf(settings: Settings, base: BaseScenario): SideState {
    const read = this.#read(settings, base);
    if ("scenario" in read)
      return { settings, base, scenario: read.scenario, faults: NO_FAULTS, isCurrent: false };
    const first = this.#read({ set: {} }, base);
    if (!("scenario" in first)) throw new Error(`explorer: ${base.name} cannot be read by itself`);
    return { settings, base, scenario: first.scenario, faults: read.faults, isCurrent: false };
  }

  #moved(own: SideState, settings: Settings): SideState {
    const read = this.#read(settings, own.base);
    const before = this.#state.isResting && own.shown !== undefined ? own.shown.row : own.before;
    const next = { ...own, settings, before, refusal: undefined, isCurrent: false };
    return "scenario" in read
      ? { ...next, scenario: read.scenario, faults: NO_FAULTS }
      : { ...next, faults: read.faults };
  }

  /** Settings have moved; they rest when nothing moves them for a while. */
  #move(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#rest(), this.#options.restMs);
    if (this.#state.isResting) this.#tell({ isResting: false });
  }

  #rest(): void {
    this.#timer = undefined;
    const sides = [this.#state.a, ...(this.#state.b === undefined ? [] : [this.#state.b])];
    const isWaiting = sides.some(
      ({ isCurrent, faults, refusal }) => !isCurrent && faults.size === 0 && refusal === undefined,
    );
    if (isWaiting || this.#state.isResting) return;
    this.#tell({ isResting: true });
    this.#options.rested(this.#state);
    this.#askMore();
  }

  #ask(side: Side): void {
    this.#version[side]++;
    this.#states = {};
    this.#move();
    this.#question(side, {}, this.#options.quick);
  }

  /** What one more run tells, and ranges, which are many runs. */
  #askMore(): void {
    for (const side of ["a", "b"] as const) {
      const own = this.#state[side];
      if (own?.isCurrent !== true) continue;
      const state = this.#states[side];
      const missing = missingOf(own.shown, { ...this.#wants, ...(state === undefined ? {} : { state }) });
      if (Object.keys(missing).length > 0) this.#question(side, missing, this.#options.views);
      if (this.#ranged[side] === this.#version[side]) continue;
      this.#ranged[side] = this.#version[side];
      this.#question(side, { ranges: true }, this.#options.slow);
    }
  }

  #question(side: Side, wants: Wants, asks: Asks): void {
    const own = this.#state[side];
    const version = this.#version[side];
    if (own === undefined || own.faults.size > 0) return;
    const { settings, file } = own;
    asks.ask({ side, settings, ...(file === undefined ? {} : { file }), wants }).then(
      (answer) => {
        if (answer !== undefined && version === this.#version[side]) this.#answered(side, answer);
      },
      (error: unknown) => {
        if (version !== this.#version[side]) return;
        this.#settle(side, { refusal: error instanceof Error ? error.message : String(error) });
      },
    );
  }

  #answered(side: Side, answer: Answer): void {
    if ("error" in answer) {
      this.#settle(side, { refusal: answer.error });
    } else {
      const { shown, isCurrent } = this.#state[side]!;
      // What was asked for later comes on top, of the same settings.
      const earlier = isCurrent ? shown : undefined;
      this.#settle(side, { shown: shownOf(answer, earlier), isCurrent: true, refusal: undefined });
    }
  }

  #settle(side: Side, change: Partial<SideState>): void {
    this.#tell({ [side]: { ...this.#state[side]!, ...change } });
    // An answer that comes late is what the settings wait for.
    if (this.#timer === undefined) this.#rest();
  }
}

function shownOf({ row, tookMs, timeline, map, state, ranges }: Answered, earlier: Shown | undefined): Shown {
  return {
    // The same row; as the same object, what is drawn of it stays.
    row: earlier?.row ?? row,
    tookMs: earlier?.tookMs ?? tookMs,
    timeline: timeline ?? earlier?.timeline,
    map: map ?? earlier?.map,
    state: state ?? earlier?.state,
    ranges: ranges?.rows[0] ?? earlier?.ranges,
  };
}

/** Of what is wanted, what an answer has not. */
function missingOf(shown: Shown | undefined, { timeline = false, map = false, state }: Wants): Wants {
  return {
    ...(timeline && shown?.timeline === undefined ? { timeline } : {}),
    ...(map && shown?.map === undefined ? { map } : {}),
    ...(state !== undefined && shown?.state?.n !== state ? { state } : {}),
  };
}
