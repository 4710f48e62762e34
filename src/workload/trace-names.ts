/** What a reader finds beside the events of a trace: names, how flags were read, and counts. */

import { type GfpTable, gfpTableOf } from "../linux/gfp-history.js";
import { parseReleaseName } from "../linux/release-name.js";
import { ByteMemo, hashOf } from "./byte-memo.js";
import type { Task } from "./events.js";
import { DEFAULT_GFP_TABLE, gfpOfText } from "./gfp-text.js";
import { RecentTexts } from "./recent-texts.js";

/** A limit against traces that are not what they say; real ones have some hundred. */
const GFP_TEXTS_MAX = 4096;
const GFP_CHARACTERS_MAX: number = 2 ** 20;
/** Longest name of a task or a function (include/linux/kallsyms.h in 6.1: KSYM_NAME_LEN; a comm has 15). */
export const NAME_CHARACTERS_MAX = 512;
const EVENT_NAMES_MAX = 256;
/** Most requests of a workload have one of so many combinations. */
const RECENT_GFP_TEXTS = 8;

/** Numbers what events name by text: tasks, callers and flags. One for all parts of a trace. */
export class TraceNames {
  readonly tasks: Task[] = [];
  readonly callers: string[] = [];
  /** Flags as the trace wrote them, and the bits that they became. */
  readonly gfpTexts: Map<string, number> = new Map();
  #gfpCharacters = 0;
  /** Names of other events, and how many there were; the first of them only, should they be very many. */
  readonly otherEvents: Map<string, number> = new Map();
  readonly #taskNumbers = new Map<string, number>();
  readonly #callerNumbers = new Map<string, number>();
  readonly #isKernelGiven: boolean;
  #kernel: string | undefined = undefined;
  #gfpTable: GfpTable | undefined = undefined;
  #gfpMemo = new ByteMemo((text) => this.#gfp(text));
  #recentGfp = new RecentTexts(RECENT_GFP_TEXTS);

  /** @param kernel that was traced, whatever the trace says of it; ignored unless it is a release */
  constructor(kernel?: string) {
    this.#isKernelGiven = kernel !== undefined;
    if (kernel !== undefined) this.#useKernel(kernel);
  }

  get kernel(): string | undefined {
    return this.#kernel;
  }

  get gfpTable(): GfpTable | undefined {
    return this.#gfpTable;
  }

  /** Takes what follows to be of the kernel that the trace names, unless another one was given. */
  tellKernel(kernel: string): void {
    if (!this.#isKernelGiven && kernel !== this.#kernel) this.#useKernel(kernel);
  }

  /** Number of a task; the idle task has one name, whichever tool printed it. */
  task(comm: string, pid: number): number {
    // perf names it after its thread structure, ftrace after what it does.
    const name = pid === 0 && /^swapper(\/\d+)?$/.test(comm) ? "<idle>" : comm;
    const key = `${pid} ${name}`;
    const known = this.#taskNumbers.get(key);
    if (known !== undefined) return known;
    this.#taskNumbers.set(key, this.tasks.length);
    return this.tasks.push({ comm: name, pid }) - 1;
  }

  caller(name: string): number {
    const known = this.#callerNumbers.get(name);
    if (known !== undefined) return known;
    const number = this.callers.push(name);
    this.#callerNumbers.set(name, number);
    return number;
  }

  /** Flags that were asked for lately. Others may be asked for once a kernel is told. */
  get recentGfp(): RecentTexts {
    return this.#recentGfp;
  }

  /** @returns the flags (gfpOfText), or -1 for a text that says more */
  gfp(view: DataView, start: number, end: number): number {
    if (start === end) return -1;
    const flags = this.#gfpMemo.valueOf(view, start, end, hashOf(view, start, end));
    if (flags >= 0) this.#recentGfp.keep(view, start, end, flags);
    return flags;
  }

  noteGfp(text: string, flags: number): void {
    if (this.gfpTexts.size >= GFP_TEXTS_MAX || this.#gfpCharacters + text.length > GFP_CHARACTERS_MAX) return;
    this.#gfpCharacters += text.length;
    this.gfpTexts.set(text, flags);
  }

  noteOtherEvents(name: string, count: number): void {
    const known = this.otherEvents.get(name) ?? 0;
    if (known > 0 || this.otherEvents.size < EVENT_NAMES_MAX) this.otherEvents.set(name, known + count);
  }

  #useKernel(kernel: string): void {
    const release = parseReleaseName(kernel);
    if (release === undefined) return;
    this.#kernel = kernel;
    this.#gfpTable = gfpTableOf(release);
    this.#gfpMemo = new ByteMemo((text) => this.#gfp(text));
    this.#recentGfp = new RecentTexts(RECENT_GFP_TEXTS);
  }

  #gfp(text: string): number {
    const found = gfpOfText(text, this.#gfpTable);
    if (found === undefined || found.isHex || found.unknownNames || found.unknownBits) return -1;
    this.noteGfp(text, found.flags);
    return found.flags;
  }
}

/** Whatever CPU asks, a slot of its own, or one that it shares with another one. */
const RECENT_TASKS = 64;

/** Numbers the tasks in front of event lines, as one format writes them. */
export class TaskMemo {
  /** Of each CPU the task of its last page event. */
  readonly #recent = new RecentTexts(RECENT_TASKS);
  readonly #memo: ByteMemo;
  /** The same of other events, whose tasks get no number. */
  readonly #recentOthers = new RecentTexts(RECENT_TASKS);
  readonly #others: ByteMemo;

  /** @param parse the comm and the pid of a text with spaces on both sides, or undefined where it holds none */
  constructor(names: TraceNames, parse: (text: string) => Task | undefined) {
    this.#memo = new ByteMemo((text) => {
      const task = parse(text);
      return task === undefined ? -1 : names.task(task.comm, task.pid);
    });
    this.#others = new ByteMemo((text) => (parse(text) === undefined ? -1 : 0));
  }

  /** Number of the task in a part of a line, should it be that of its CPU's last page event; otherwise -1. */
  recentNumber(view: DataView, start: number, end: number, cpu: number): number {
    return numberIn(this.#recent, view, start, end, cpu);
  }

  /** Number of the task that stands in a part of a line, or -1. */
  numberAt(view: DataView, start: number, end: number, cpu: number): number {
    return askedOf(this.#memo, this.#recent, view, start, end, cpu);
  }

  /** Whether a part of a line is a task, which it gives no number. */
  isTask(view: DataView, start: number, end: number, cpu: number): boolean {
    return (
      numberIn(this.#recent, view, start, end, cpu) >= 0 ||
      numberIn(this.#recentOthers, view, start, end, cpu) >= 0 ||
      askedOf(this.#others, this.#recentOthers, view, start, end, cpu) >= 0
    );
  }
}

function numberIn(recent: RecentTexts, view: DataView, start: number, end: number, cpu: number): number {
  const slot = cpu & (RECENT_TASKS - 1);
  return recent.length(slot) === end - start && recent.standsAt(slot, view, start) ? recent.number(slot) : -1;
}

function askedOf(
  memo: ByteMemo,
  recent: RecentTexts,
  view: DataView,
  start: number,
  end: number,
  cpu: number,
): number {
  if (start === end) return -1;
  const number = memo.valueOf(view, start, end, hashOf(view, start, end));
  if (number >= 0) recent.keepIn(cpu & (RECENT_TASKS - 1), view, start, end, number);
  return number;
}

/** How the request flags of a trace were read: of which release, and which of them decide nothing. */
export interface FlagsReading {
  /** The release whose flags they were taken to be. */
  readonly release: string;
  /** Whether that is the kernel that was traced, as it was given or as the trace tells. */
  readonly isTold: boolean;
  /** Flags that decide nothing here. */
  readonly idle: readonly string[];
}

export function flagsReading({ gfpTable, gfpTexts }: TraceNames): FlagsReading {
  const idle = new Set([...gfpTexts.keys()].flatMap((text) => gfpOfText(text, gfpTable)?.idle ?? []));
  return {
    release: (gfpTable ?? DEFAULT_GFP_TABLE).taken,
    isTold: gfpTable !== undefined,
    idle: [...idle].sort(),
  };
}

const NOTHING_MET = {
  lostEvents: 0,
  overwrittenEvents: 0,
  /** Events of other tracepoints, and calls of the function_graph tracer. */
  otherEvents: 0,
  /** Those of `otherEvents` that are named like page events but unknown. */
  unknownEvents: 0,
  /** Lines that could not be read and were left out, because the user asked for that. */
  unreadLines: 0,
  /** Frees that the kernel told a second time; they are left out. */
  repeatedFrees: 0,
  /** Allocations whose flags are a bare number; its bits are read as those of one release (FlagsReading). */
  hexFlags: 0,
  /** Allocations with a flag that is not known and was left out. */
  unknownFlags: 0,
  /** Events without a CPU, taken to be on CPU 0. */
  withoutCpu: 0,
  /** Events without a task, taken to be of `<...>`. */
  withoutTask: 0,
  /** Events without a time, which have that of the event before. */
  withoutTime: 0,
  /** Events with a time that counts something unknown; they have the time of the event before. */
  tickTimes: 0,
  /** Events of an order above the 10 of x86. */
  wideOrders: 0,
  /** Events that show pages of another size than 4 KiB. */
  otherPageSizes: 0,
};

/** Findings of a reader besides page events. Nothing is left out without being counted here. */
export type TraceCounts = typeof NOTHING_MET;

/** Far above what any recorder counts, and so low that sums of counts stay exact. An assumption. */
export const COUNT_MAX: number = 2 ** 48;

export function newTraceCounts(): TraceCounts {
  return { ...NOTHING_MET };
}
