import type { AcceptedBy, AcceptWatch } from "../accept/accept-meter.js";
import type { UnacceptedTable } from "../efistub/unaccepted-table.js";
import { type AddressRange, PHYSICAL_ADDRESS_END } from "../units.js";
import { AcceptOrigins } from "./accept-origins.js";
import { freeListsOf, joinTouching, parkedRanges } from "./free-lists.js";
import type { ByteRange, MemoryState } from "./memory-map.js";
import type { GuestOnItsWay, RunWatch } from "./run-watch.js";

/** Ends a run whose state is known. */
export class StateReached extends Error {
  override readonly name = "StateReached";
}

/** Looks at memory after the n-th accept of a run, which it ends there with `StateReached`. */
export class StateWatch implements RunWatch, AcceptWatch {
  state: MemoryState | undefined = undefined;
  /** Accepts so far. */
  accepts = 0;
  readonly #n: number;
  #guest: GuestOnItsWay | undefined = undefined;
  #origins: AcceptOrigins | undefined = undefined;

  /** @param n 0 for the state before the first accept */
  constructor(n: number) {
    this.#n = n;
  }

  begin(guest: GuestOnItsWay): void {
    this.#guest = guest;
    this.#origins = new AcceptOrigins(guest);
    guest.guest.meter.watch = this;
  }

  begins(): void {
    if (this.accepts < this.#n) return;
    this.#look();
    throw new StateReached();
  }

  accepted(_by: keyof AcceptedBy, start: number, end: number): void {
    if (isAccept(this.#guest!, start, end)) this.accepts++;
  }

  stepEnded(): void {
    this.#origins?.followAllocator();
  }

  /** The last accept's state is that of the end. */
  ended(): void {
    if (this.accepts === this.#n) this.#look();
  }

  #look(): void {
    this.state = memoryStateOf(this.#guest!, this.#n, this.#origins!.block);
  }
}

/** Whether pages became usable, which is what counts as an accept: on a plain guest none do. */
export function isAccept({ guest }: GuestOnItsWay, start: number, end: number): boolean {
  return guest.platform.type.isConfidential && end > start;
}

/** @param block one that has left its list to be accepted, which it is not yet */
function memoryStateOf(boot: GuestOnItsWay, n: number, block: AddressRange | undefined): MemoryState {
  const { clock, platform } = boot.guest;
  const allocator = boot.kernel?.allocator;
  const parked = allocator === undefined ? [] : parkedRanges(allocator);
  const isOut =
    block !== undefined && parked.every(({ start, end }) => block.end <= start || end <= block.start);
  const hasTouch = boot.faults !== undefined;
  const table = boot.faults?.table ?? boot.acceptance?.table ?? boot.handOver?.stub.table;
  return {
    n,
    atNs: Math.round(clock.nowNs),
    freeLists: allocator === undefined ? [] : freeListsOf(allocator),
    unaccepted: pairs(joinTouching(isOut && !hasTouch ? [...parked, block] : parked)),
    bitmap: table === undefined ? [] : pairs(unitsSet(table)),
    host: pairs(platform.backedRanges(0, PHYSICAL_ADDRESS_END)),
  };
}

function unitsSet(table: UnacceptedTable): AddressRange[] {
  const { physBase, unitSizeBytes: unit, unitCount } = table;
  const ranges: AddressRange[] = [];
  for (let set = table.nextSet(0, unitCount); set < unitCount; ) {
    const clear = table.nextClear(set, unitCount);
    ranges.push({ start: physBase + set * unit, end: physBase + clear * unit });
    set = table.nextSet(clear, unitCount);
  }
  return ranges;
}

function pairs(ranges: readonly AddressRange[]): ByteRange[] {
  return ranges.map(({ start, end }) => [start, end]);
}
