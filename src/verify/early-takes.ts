import { type PageAllocator, pcpAllowedOrder, pcpIndex } from "../page-alloc/index.js";
import { pcpType } from "../page-alloc/inside.js";
import { asPfn, PAGEBLOCK_ORDER } from "../units.js";
import type { PageEvents } from "../workload/events.js";
import type { PageHistory } from "./known-lists.js";
import { Step, type Steps } from "./steps.js";

/** So far ahead the line of an allocation is looked for. */
const AHEAD_MAX = 4096;

/** A per-CPU list. */
interface ListPlace {
  readonly zone: number;
  readonly cpu: number;
  readonly index: number;
}

/**
 * Allocations whose line comes long after the page was taken. The tracepoint is at the end of
 * __alloc_frozen_pages_noprof() (mm/page_alloc.c), behind the clearing of the page, and a task can be
 * preempted before it gets there: then the lines of other tasks come first. The next line of that task is the
 * allocation; and the page is the head of its list when another page leaves that list, or when so many are
 * put on it that it could not be the head any more when its line comes.
 */
export class EarlyTakes {
  readonly #steps: Steps;
  readonly #allocator: PageAllocator;
  readonly #history: PageHistory;
  readonly #pids: readonly number[];
  readonly #cpus: Uint16Array;

  constructor(
    steps: Steps,
    { task, tasks, cpu }: PageEvents,
    allocator: PageAllocator,
    history: PageHistory,
  ) {
    this.#steps = steps;
    this.#allocator = allocator;
    this.#history = history;
    this.#pids = Array.from(task, (at) => tasks[at]!.pid);
    this.#cpus = cpu;
  }

  /** An allocation with a later line that must have taken the head of the list that a step changes; or -1. */
  before(event: number): number {
    const list = this.#listOf(event);
    if (list === undefined) return -1;
    const { zone, cpu, index } = list;
    const held = this.#allocator.zones[zone]!.pcp[cpu]!.lists[index]!;
    if (held.size === 0) return -1;
    const head = this.#allocator.frames.pfnOf(held.at(0));
    const { step, effect, sections } = this.#steps;
    const asked = this.#steps.at(event);
    if (head === asked.pfn) return -1;
    const line = this.#history.next(head, event);
    if (line === undefined || line <= event || line > event + AHEAD_MAX) return -1;
    if (step[line] !== Step.ALLOC || effect[line] !== line || sections.has(line)) return -1;
    if (this.#steps.at(line).pfn !== head || !isSame(this.#listOf(line), list)) return -1;
    if (!this.#isPreempted(event, line)) return -1;
    return step[event] === Step.ALLOC || this.#isBuried(event, line, list) ? line : -1;
  }

  /**
   * Whether the task of a line does nothing else between an event of another one and the line: but when it
   * runs again, it frees what is left of the task before it (kernel/sched/core.c: finish_task_switch).
   */
  #isPreempted(event: number, line: number): boolean {
    const pid = this.#pids[line]!;
    if (this.#pids[event] === pid) return false;
    let isBack = true;
    for (let at = line - 1; at > event; at--) {
      const isOwn = this.#pids[at] === pid;
      if (this.#cpus[at] === this.#cpus[line]) isBack &&= isOwn;
      if (isOwn && !(isBack && this.#steps.step[at] === Step.FREE)) return false;
    }
    return true;
  }

  /** Whether a page at the head of a list now is not the head any more when the line comes. */
  #isBuried(event: number, line: number, list: ListPlace): boolean {
    const { step, sections } = this.#steps;
    let above = 0;
    for (let at = event; at < line; at++) {
      if ((step[at] !== Step.FREE && step[at] !== Step.ALLOC) || !isSame(this.#listOf(at), list)) continue;
      if (step[at] === Step.FREE) above++;
      else if (above === 0 || sections.has(at)) return true;
      else above--;
    }
    return above > 0;
  }

  #listOf(event: number): ListPlace | undefined {
    const { pfn, order, cpu, type } = this.#steps.at(event);
    if (pfn <= 0 || !pcpAllowedOrder(order)) return undefined;
    const zone = this.#allocator.zoneOfPfn(asPfn(pfn)).index;
    if (this.#steps.step[event] === Step.ALLOC) return { zone, cpu, index: pcpIndex(order, type) };
    const page = this.#allocator.frames.pageOf(pfn);
    if (page < 0) return undefined;
    const blockType = pcpType(this.#allocator.frames.pageblockType[page >> PAGEBLOCK_ORDER]!);
    return { zone, cpu, index: pcpIndex(order, blockType) };
  }
}

function isSame(one: ListPlace | undefined, other: ListPlace): boolean {
  return one !== undefined && one.zone === other.zone && one.cpu === other.cpu && one.index === other.index;
}
