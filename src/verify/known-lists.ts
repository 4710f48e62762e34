import { MIGRATE_PCPTYPES, MIGRATE_TYPES, pcpAllowedOrder, pcpIndex } from "../page-alloc/index.js";
import { MAX_PAGE_ORDER, PAGEBLOCK_ORDER } from "../units.js";
import { PageEventKind } from "../workload/events.js";
import { getOrMake, type Records, type Section } from "./steps.js";

interface KnownList {
  /** What lay on the list when the trace began is gone. */
  resynchronised: boolean;
  /** Frames that came to the list since, and whether the trace tells why it was these. */
  readonly frames: Map<number, boolean>;
}

/**
 * Which free lists a trace has determined. Between two traces the kernel frees pages to its per-CPU
 * lists, drains them and takes blocks from the buddy lists; what lies on them then, no recording says.
 *
 * A per-CPU list is known
 * - as far as pages were freed to it since the trace began: they lie on top;
 * - altogether once it was refilled, which the kernel does only to an empty list, or once a drain,
 *   which begins at the other end, reached a page that came since.
 *
 * A buddy list is known once it was seen to be empty. When a refill takes an aligned run of blocks
 * one after another, they were one free block (free buddies are merged), and the kernel splits a
 * block only if the lists of all smaller ones are empty. Of a block from a list that is not known no
 * part is. The lists of whole pageblocks count as known from the start.
 *
 * Only recorded events count here, never whether the model's guess was right.
 */
export class KnownLists {
  readonly #perCpu = new Map<number, KnownList>();
  /** For each zone and type, a flag for each order. */
  readonly #buddy = new Map<number, Uint8Array>();
  readonly #atStart: boolean;

  /** @param atStart whether every list is known from the first event on, as those of a boot are: empty */
  constructor(atStart: boolean) {
    this.#atStart = atStart;
  }

  /** Blocks left the buddy lists, under one lock: of each, whether the trace tells what was on its list. */
  taken({ zone, order, type, pfns }: Section): boolean[] {
    const known = this.#buddyLists(zone, type);
    const tells: boolean[] = [];
    while (tells.length < pfns.length) {
      const { blocks, source } = sourceBlock(pfns, tells.length, order);
      const isKnown = known[source] === 1;
      for (let block = 0; block < blocks; block++) tells.push(isKnown);
      known.fill(1, order, source);
    }
    return tells;
  }

  /** The same for a refill of an empty list: whether the trace tells why its caller took the first block. */
  refilled(cpu: number, section: Section): boolean {
    const tells = this.taken(section);
    const list = this.#list(section.zone, cpu, pcpIndex(section.order, section.type));
    list.resynchronised = true;
    list.frames.clear();
    for (let at = 1; at < section.pfns.length; at++) list.frames.set(section.pfns[at]!, tells[at]!);
    return tells[0]!;
  }

  freed(zone: number, cpu: number, index: number, frame: number): void {
    this.#list(zone, cpu, index).frames.set(frame, true);
  }

  /** A block left a list at its far end; of which type that list is, its pageblock need no longer tell. */
  drained(zone: number, cpu: number, order: number, frame: number): void {
    for (let type = 0; type < MIGRATE_PCPTYPES; type++) {
      const list = this.#list(zone, cpu, pcpIndex(order, type));
      if (list.frames.delete(frame)) list.resynchronised = true;
    }
  }

  /** An allocation took the top of a list not refilled for it; whether the trace tells what was there. */
  allocated(zone: number, cpu: number, index: number, frame: number): boolean {
    const list = this.#list(zone, cpu, index);
    const tells = list.frames.get(frame) ?? (list.resynchronised || list.frames.size > 0);
    list.frames.delete(frame);
    return tells;
  }

  /** Whether a frame came to a list since the trace began. */
  hasCome(zone: number, cpu: number, index: number, frame: number): boolean {
    return this.#list(zone, cpu, index).frames.has(frame);
  }

  #list(zone: number, cpu: number, index: number): KnownList {
    const key = (zone * 8192 + cpu) * 16 + index;
    return getOrMake(this.#perCpu, key, () => ({ resynchronised: this.#atStart, frames: new Map() }));
  }

  #buddyLists(zone: number, type: number): Uint8Array {
    const key = zone * MIGRATE_TYPES + type;
    return getOrMake(this.#buddy, key, () =>
      new Uint8Array(MAX_PAGE_ORDER + 1).fill(this.#atStart ? 1 : 0).fill(1, PAGEBLOCK_ORDER),
    );
  }
}

/**
 * The free block that a run of blocks was split from: how many blocks of the section it gave, and its order,
 * which is larger than that tells when the section ends within it.
 */
function sourceBlock(
  pfns: readonly number[],
  from: number,
  order: number,
): { readonly blocks: number; readonly source: number } {
  const first = pfns[from]!;
  let most = 1;
  while (order + Math.log2(2 * most) <= MAX_PAGE_ORDER && first % (2 * most * 2 ** order) === 0) most *= 2;
  let blocks = 1;
  while (blocks < most && pfns[from + blocks] === first + blocks * 2 ** order) blocks++;
  if (from + blocks === pfns.length) return { blocks, source: order + Math.ceil(Math.log2(blocks)) };
  const doublings = Math.floor(Math.log2(blocks));
  return { blocks: 2 ** doublings, source: order + doublings };
}

/** Which events name a page, so that one can ask what becomes of it next. */
export class PageHistory {
  readonly #kind: Uint8Array;
  readonly #ofPage = new Map<number, number[]>();

  constructor(events: Records) {
    this.#kind = events.kind;
    for (let event = 0; event < events.count; event++) {
      const order = events.order[event]!;
      if (events.kind[event] === PageEventKind.freeBatched) continue;
      if (!pcpAllowedOrder(order) || order === PAGEBLOCK_ORDER) continue;
      const first = events.pfn[event]!;
      for (let pfn = first; pfn < first + 2 ** order; pfn++)
        getOrMake(this.#ofPage, pfn, (): number[] => []).push(event);
    }
  }

  /** The next event that names a page at or after an event; undefined when none does. */
  next(pfn: number, event: number): number | undefined {
    const events = this.#ofPage.get(pfn);
    if (events === undefined) return undefined;
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (events[middle]! < event) low = middle + 1;
      else high = middle;
    }
    return events[low];
  }

  nextKind(pfn: number, event: number): PageEventKind | undefined {
    const next = this.next(pfn, event);
    return next === undefined ? undefined : (this.#kind[next] as PageEventKind);
  }

  isSeen(pfn: number, event: number): boolean {
    const first = this.#ofPage.get(pfn)?.[0];
    return first !== undefined && first < event;
  }
}
