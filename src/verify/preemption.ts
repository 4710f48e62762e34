import { type PageAllocator, pcpAllowedOrder, pcpIndex } from "../page-alloc/index.js";
import { pcpType } from "../page-alloc/inside.js";
import { asPfn, PAGEBLOCK_ORDER } from "../units.js";
import { PageEventKind, type PageEvents } from "../workload/events.js";
import type { PageHistory } from "./known-lists.js";
import { Step, type Steps } from "./steps.js";

/** So far ahead the next line about a page is looked for. */
const AHEAD_MAX = 4096;
/** So many frees one interrupt may do. */
const INTERRUPT_MAX = 64;

/** A per-CPU list. */
interface ListPlace {
  readonly zone: number;
  readonly cpu: number;
  readonly index: number;
}

/**
 * Lines that do not stand where a page changed hands (mm/page_alloc.c, kernels that preempt):
 * - The tracepoint of an allocation is at the end of __alloc_frozen_pages_noprof(), behind the clearing of the page.
 *   A task that is preempted before it gets there took the page long before its line.
 * - That of a free is at its beginning (__free_pages_prepare). A task that is preempted or interrupted behind it
 *   puts the page on the list when it runs again.
 *
 * Which it was, the next line about the page shows: per-CPU lists are last in, first out.
 */
export class Preemption {
  readonly #steps: Steps;
  readonly #allocator: PageAllocator;
  readonly #history: PageHistory;
  readonly #pids: readonly number[];
  readonly #cpus: Uint16Array;
  /** By free, as asked before. */
  readonly #lateFrees = new Map<number, number>();

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
  takenBefore(event: number): number {
    const list = this.#listOf(event);
    if (list === undefined) return -1;
    const { zone, cpu, index } = list;
    const held = this.#allocator.zones[zone]!.pcp[cpu]!.lists[index]!;
    if (held.size === 0) return -1;
    const head = this.#allocator.frames.pfnOf(held.at(0));
    if (head === this.#steps.at(event).pfn) return -1;
    const line = this.#hit(head, event, list);
    if (line < 0 || !this.#isPreempted(event, line)) return -1;
    return this.#steps.step[event] === Step.ALLOC || !this.#isHeadAt(line, event, list) ? line : -1;
  }

  /** The event before which a freed page reaches its list; -1 if it does so at once, as most do. */
  lateFree(event: number): number {
    let before = this.#lateFrees.get(event);
    if (before === undefined) {
      before = this.#lateFree(event);
      this.#lateFrees.set(event, before);
    }
    return before;
  }

  #lateFree(event: number): number {
    // A page of a batch has its line under the lock.
    if (this.#steps.records.kind[event] !== PageEventKind.free || this.#steps.drained.has(event)) return -1;
    const list = this.#listOf(event);
    if (list === undefined) return -1;
    const line = this.#hit(this.#steps.at(event).pfn, event + 1, list);
    if (line < 0 || this.#isHeadAt(line, event + 1, list)) return -1;
    const pid = this.#pids[event]!;
    let next = event + 1;
    while (next < line && this.#cpus[next] !== this.#cpus[event]) next++;
    if (this.#pids[next] !== pid) {
      while (next < line && this.#pids[next] !== pid) next++;
      return next < line && this.#isHeadAt(line, next, list) ? next : -1;
    }
    const end = Math.min(line, next + INTERRUPT_MAX);
    for (; next < end && this.#pids[next] === pid && this.#steps.step[next] === Step.FREE; next++)
      if (this.#isHeadAt(line, next + 1, list)) return next + 1;
    return -1;
  }

  /** The next line about a page at or after an event, if it is an allocation from a list; or -1. */
  #hit(pfn: number, event: number, list: ListPlace): number {
    const { step, effect, sections } = this.#steps;
    const line = this.#history.next(pfn, event);
    if (line === undefined || line <= event || line > event + AHEAD_MAX) return -1;
    if (step[line] !== Step.ALLOC || effect[line] !== line || sections.has(line)) return -1;
    return this.#steps.at(line).pfn === pfn && isSame(this.#listOf(line), list) ? line : -1;
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

  /** Whether a page at the head of a list before an event still is, or is again, when a line comes. */
  #isHeadAt(line: number, event: number, list: ListPlace): boolean {
    const { step, sections } = this.#steps;
    const late: { readonly before: number; readonly pfn: number }[] = [];
    const above: number[] = [];
    const put = (pfn: number): void => {
      // Freed again without a line between: alloc_pages_bulk() took it, and what lay on it.
      const again = above.indexOf(pfn);
      if (again >= 0) above.length = again;
      above.push(pfn);
    };
    for (let at = event; at < line; at++) {
      while (late.length > 0 && late[0]!.before <= at) put(late.shift()!.pfn);
      if ((step[at] !== Step.FREE && step[at] !== Step.ALLOC) || !isSame(this.#listOf(at), list)) continue;
      const { pfn } = this.#steps.at(at);
      if (step[at] === Step.FREE) {
        const before = this.lateFree(at);
        if (before < 0) put(pfn);
        else late.push({ before, pfn });
        late.sort((a, b) => a.before - b.before);
      } else if (above.length === 0 || sections.has(at)) return false;
      else above.pop();
    }
    return above.length === 0;
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
