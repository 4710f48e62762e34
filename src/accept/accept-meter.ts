import type { ParameterSet } from "../coco/parameters.js";
import { type AlikeAccepts, type CocoPlatform, HostMemoryError } from "../coco/platform.js";
import { BandwidthChannel } from "../sim/bandwidth.js";
import { COST_EVENT_NAMES, CostEvent } from "../sim/cost-events.js";
import type { GuestClock } from "../sim/guest-clock.js";
import { NO_OTHER_CPUS, type OtherCpus } from "../sim/virtual-cpus.js";
import { type AddressRange, PAGE_SIZE } from "../units.js";
import { chargeOtherCpus } from "./other-cpus.js";

/** How long a page of each size takes of the bandwidth that all CPUs share. */
const SHARED: readonly string[] = ["sharedAccept4kNs", "sharedAccept2mNs", "sharedAccept1gNs"];

/**
 * Bytes made usable so far, by who accepted them. Together they are the memory that the platform has
 * accepted, including what the guest has shared since: a page accepted again counts for the first acceptor.
 */
export interface AcceptedBy {
  /** Put into the guest by the VMM before it ran, and never accepted. */
  launch: number;
  firmware: number;
  /** The firmware, as boot services ended. */
  exitBootServices: number;
  /** The firmware, at the request of a running kernel, as memory went online. */
  prm: number;
  stub: number;
  kernel: number;
}

const NONE = { pieces: 0, longestNs: 0 } as const;

/** Neighbouring pieces that the kernel accepts one after the other; addresses and sizes in bytes. */
export interface AcceptRow {
  /** Of the lowest piece. */
  readonly start: number;
  readonly pieceBytes: number;
  readonly pieces: number;
  /** Whether it begins with the highest. */
  readonly downwards: boolean;
}

/** Lowest address of the first so many pieces of a row. */
function firstOf({ start, pieceBytes, pieces, downwards }: AcceptRow, count: number): number {
  return downwards ? start + (pieces - count) * pieceBytes : start;
}

/** A row without its first piece. */
export function restOf(row: AcceptRow): AcceptRow {
  const { start, pieceBytes, pieces, downwards } = row;
  return { ...row, start: downwards ? start : start + pieceBytes, pieces: pieces - 1 };
}

/** Told of accepts; it changes nothing. Addresses are bytes. */
export interface AcceptWatch {
  /** One begins, or pages are put into the guest before it runs. */
  begins(start: number, end: number): void;
  /**
   * It is done, or has ended the guest.
   *
   * @param end up to where it came
   */
  accepted(by: keyof AcceptedBy, start: number, end: number): void;
}

/**
 * A platform's accept methods on a guest with many CPUs. The cost of an accept on its own comes from the
 * platform's events; other CPUs, idle ones and those that accept too, make it longer here.
 */
export class AcceptMeter {
  readonly acceptedBy: AcceptedBy = {
    launch: 0,
    firmware: 0,
    exitBootServices: 0,
    prm: 0,
    stub: 0,
    kernel: 0,
  };
  /** Accepted by the stub or by the decompressor that follows it; in its order. */
  readonly stubRanges: AddressRange[] = [];
  /** Before an accept begins, and when it has ended. */
  onAccepting: () => void = () => {};
  onAccepted: () => void = () => {};
  watch: AcceptWatch | undefined = undefined;
  /** Nobody wants to be told by `onAccepting` and `onAccepted` of each accept that ends before; nanoseconds. */
  quietUntilNs: () => number = () => Number.POSITIVE_INFINITY;
  /** To whom goes what the firmware accepts now. */
  #firmware: "firmware" | "exitBootServices" | "prm" = "firmware";
  readonly #platform: CocoPlatform;
  readonly #clock: GuestClock;
  readonly #channel = new BandwidthChannel();
  /** Of each page size: its time in the channel, and 1 if that is assumed. */
  readonly #sharedNs: Float64Array;
  readonly #sharedAssumed: Uint8Array;
  /** Pages that were accepted before the accept that runs, and when it began. */
  #acceptedPages = 0;
  #startNs = 0;
  #startAssumedNs = 0;
  #spentNs = 0;
  #spentAssumedNs = 0;
  /** How often each event had happened when the accept that runs began; only while somebody observes. */
  readonly #counts: Float64Array = new Float64Array(COST_EVENT_NAMES.length);

  constructor(platform: CocoPlatform, clock: GuestClock, parameters: ParameterSet) {
    this.#platform = platform;
    this.#clock = clock;
    this.#sharedNs = Float64Array.from(SHARED, (name) => parameters[name]?.value ?? 0);
    this.#sharedAssumed = Uint8Array.from(SHARED, (name) => (parameters[name]?.basis === "assumed" ? 1 : 0));
  }

  /** How much of the time of all accepts, 0 to 1, was charged at assumed prices. */
  get assumedPart(): number {
    return this.#spentNs === 0 ? 0 : this.#spentAssumedNs / this.#spentNs;
  }

  /** The VMM puts pages into the guest before it runs; nobody waits for that. */
  launchPages(start: number, end: number): void {
    this.watch?.begins(start, end);
    this.#acceptedPages = acceptedPagesOf(this.#platform);
    try {
      this.#platform.launchPages(start, end);
    } finally {
      this.#credit("launch");
      this.#watched("launch", start, end);
    }
  }

  /** The same with empty pages, one after the other, in place of the firmware's own accepts. */
  launchEmptyPages(start: number, end: number): void {
    this.launchPages(start, end);
    this.#clock.ledger.charge(CostEvent.launchPage4k, (end - start) / PAGE_SIZE);
    this.onAccepted();
  }

  /** The firmware accepts; bytes, as everywhere here. Other CPUs are not online yet or in its service. */
  firmwareAccept(start: number, end: number): void {
    this.#accept("firmware", start, end, NO_OTHER_CPUS);
  }

  prmAccept(start: number, end: number): void {
    this.#firmwareAs("prm", () => this.firmwareAccept(start, end));
  }

  /** Boot services end: what the firmware accepts meanwhile, it accepts at ExitBootServices. */
  atExit<Result>(exit: () => Result): Result {
    return this.#firmwareAs("exitBootServices", exit);
  }

  #firmwareAs<Result>(who: "exitBootServices" | "prm", run: () => Result): Result {
    this.#firmware = who;
    try {
      return run();
    } finally {
      this.#firmware = "firmware";
    }
  }

  stubAccept(start: number, end: number): void {
    this.stubRanges.push({ start, end });
    this.#accept("stub", start, end, NO_OTHER_CPUS);
  }

  kernelAccept(start: number, end: number): void {
    const { idle, running, nowNs } = this.#clock;
    this.#accept("kernel", start, end, idle.othersAt(running, nowNs));
  }

  /**
   * The running kernel has just accepted a piece, and goes on with neighbouring ones. They are done as one, as far
   * as they are alike and that comes to the same: where times are whole, so that their sums are exact in any order; no
   * piece waits for the bandwidth; and nobody looks in between.
   *
   * @param before counts of the ledger before the piece that was accepted
   * @param mostNs the longest that one may take
   * @returns how many are done, and how long the longest took
   */
  kernelAcceptAlike(
    row: AcceptRow,
    before: Float64Array,
    mostNs: number,
  ): { readonly pieces: number; readonly longestNs: number } {
    const clock = this.#clock;
    const { ledger, nowNs } = clock;
    const alike = (count: number): AlikeAccepts | undefined => {
      return this.#platform.alikeAccepts(firstOf(row, count), row.pieceBytes, count);
    };
    const tableEvents = row.pieces === 0 || this.isWatched ? undefined : alike(1)?.tableEvents;
    const one = tableEvents === undefined ? undefined : ledger.wholeSince(before, tableEvents);
    if (one === undefined || !this.#keepsUp(one.ns)) return NONE;
    const roomNs = this.quietUntilNs() - nowNs;
    const pieces = mostWithin(row.pieces, (count) => {
      const { tableNs = Number.POSITIVE_INFINITY } = alike(count) ?? {};
      return count * one.ns + tableNs < roomNs;
    });
    const done = pieces === 0 ? undefined : alike(pieces);
    const longestNs = one.ns + (done?.mostTableNs ?? 0);
    if (done === undefined || longestNs > mostNs) return NONE;
    this.#note();
    ledger.chargeAlike(one, pieces);
    done.accept();
    this.#credit("kernel");
    this.#channel.finish(clock.stepStartNs, clock.nowNs, pieces * this.#sharedNsOf().sharedNs);
    this.#spent(0);
    return { pieces, longestNs };
  }

  /** Whether a piece may be like its neighbours, and nothing keeps the kernel from accepting it. */
  isPlain(start: number, pieceBytes: number): boolean {
    return this.#platform.alikeAccepts(start, pieceBytes, 1) !== undefined;
  }

  /** Whether somebody is told of each accept. */
  get isWatched(): boolean {
    return this.watch !== undefined || this.#clock.observer !== undefined;
  }

  /** Whether more accepts like the last one find the channel free, where nobody else accepts. */
  #keepsUp(pieceNs: number): boolean {
    const { stepStartNs, nowNs } = this.#clock;
    const { sharedNs } = this.#sharedNsOf();
    const times = [nowNs, stepStartNs, this.#channel.freeNs, this.#spentNs, this.#spentAssumedNs, sharedNs];
    return sharedNs <= pieceNs && this.#channel.freeNs <= nowNs && times.every(Number.isInteger);
  }

  /** A host that runs out of memory has taken its time up to there, and the guest's. */
  #accept(who: "firmware" | "stub" | "kernel", start: number, end: number, others: OtherCpus): void {
    const by = who === "firmware" ? this.#firmware : who;
    this.watch?.begins(start, end);
    this.#note();
    try {
      this.#platform[`${who}Accept`](start, end);
    } catch (error) {
      if (error instanceof HostMemoryError) this.#finish(others);
      this.#watched(by, start, end);
      throw error;
    } finally {
      this.#credit(by);
    }
    this.#finish(others);
    this.#tell(who, start, end);
    this.watch?.accepted(by, start, end);
  }

  /** One that may have ended early: then what lies before the first page that is not accepted is. */
  #watched(by: keyof AcceptedBy, start: number, end: number): void {
    this.watch?.accepted(by, start, this.#platform.firstUnusable(start, end));
  }

  /** Tells of the accept, and in it of its events: each kind in one piece, one after the other. */
  #tell(who: "firmware" | "stub" | "kernel", start: number, end: number): void {
    const { observer, running, ledger, nowNs } = this.#clock;
    if (observer === undefined) return;
    let fromNs = this.#startNs;
    for (let event = 0; event < COST_EVENT_NAMES.length; event++) {
      const count = ledger.counts[event]! - this.#counts[event]!;
      if (count === 0) continue;
      const what = COST_EVENT_NAMES[event]!;
      const toNs = fromNs + count * ledger.priceNs(event as CostEvent);
      if (toNs > fromNs)
        observer.span({ what, cpu: running, startNs: fromNs, endNs: toNs, details: { count } });
      fromNs = toNs;
    }
    observer.span({
      what: `${who} accepts`,
      cpu: running,
      startNs: this.#startNs,
      endNs: nowNs,
      details: { start: `0x${start.toString(16)}`, bytes: end - start },
    });
  }

  #finish(others: OtherCpus): void {
    chargeOtherCpus(this.#clock.ledger, this.#platform.done, others);
    this.#share();
  }

  /** Credits the acceptor with the bytes accepted since `#note`, also where that ended the guest. */
  #credit(who: keyof AcceptedBy): void {
    this.acceptedBy[who] += (acceptedPagesOf(this.#platform) - this.#acceptedPages) * PAGE_SIZE;
  }

  #note(): void {
    this.onAccepting();
    this.#acceptedPages = acceptedPagesOf(this.#platform);
    const { ledger, nowNs } = this.#clock;
    this.#startNs = nowNs;
    if (this.#clock.observer !== undefined) this.#counts.set(ledger.counts);
    this.#startAssumedNs = ledger.assumedNs;
  }

  /** Waits until the pages accepted since `#note` are through the channel. */
  #share(): void {
    const clock = this.#clock;
    const { sharedNs, assumedNs } = this.#sharedNsOf();
    const endNs = this.#channel.finish(clock.stepStartNs, clock.nowNs, sharedNs);
    const assumedPart = sharedNs === 0 ? 0 : assumedNs / sharedNs;
    const waitedNs = clock.waitUntil(endNs, assumedPart);
    if (waitedNs > 0) {
      const { running, nowNs, observer } = clock;
      observer?.span({
        what: "waits for bandwidth that others use",
        cpu: running,
        startNs: nowNs - waitedNs,
        endNs: nowNs,
      });
    }
    this.#spent(waitedNs * assumedPart);
  }

  /** Time of the channel that the last accept takes. */
  #sharedNsOf(): { readonly sharedNs: number; readonly assumedNs: number } {
    const { leaves } = this.#platform.done;
    let sharedNs = 0;
    let assumedNs = 0;
    for (let size = 0; size < SHARED.length; size++) {
      const ns = leaves[size]! * this.#sharedNs[size]!;
      sharedNs += ns;
      if (this.#sharedAssumed[size] === 1) assumedNs += ns;
    }
    return { sharedNs, assumedNs };
  }

  #spent(waitedAssumedNs: number): void {
    const { ledger, nowNs } = this.#clock;
    this.#spentNs += nowNs - this.#startNs;
    this.#spentAssumedNs += ledger.assumedNs - this.#startAssumedNs + waitedAssumedNs;
    this.onAccepted();
  }
}

/** The most of `count` for which, as for all before, something holds. */
function mostWithin(count: number, holds: (count: number) => boolean): number {
  if (holds(count)) return count;
  let [within, beyond] = [0, count];
  while (beyond - within > 1) {
    const middle = Math.floor((within + beyond) / 2);
    if (holds(middle)) within = middle;
    else beyond = middle;
  }
  return within;
}

/** Pages that have been accepted, private or made shared since. */
export function acceptedPagesOf({ acceptedPages, acceptedSharedPages }: CocoPlatform): number {
  return acceptedPages + acceptedSharedPages;
}
