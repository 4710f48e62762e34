import type { Flavour } from "../firmware/edk2.js";
import type { FirmwareModel } from "../firmware/firmware.js";
import type { CostEvent, CostEventName } from "../sim/cost-events.js";
import type { CostLedger } from "../sim/cost-ledger.js";
import { GuestEnded } from "../sim/guest-ended.js";
import type { AddressRange } from "../units.js";
import type { ParameterSet } from "./parameters.js";

/**
 * A kind of memory protection, as all its guests have it in common. A folder next to this file implements
 * one, and `platforms.ts` lists it; nobody else knows it by name.
 */
export interface PlatformType {
  readonly title: string;
  /** Whether memory is private and has to be accepted; otherwise this is a plain virtual machine. */
  readonly isConfidential: boolean;
  /** Whether its processors are AMD's, whose machines have a hole below 1 TiB. */
  readonly isAmd: boolean;
  /** The firmware that starts its guests unless a scenario names one. */
  readonly defaultFirmware: FirmwareModel;
  /** The build of edk2 that these are images of, unless a scenario names one. */
  readonly defaultFlavour: Flavour;
  /**
   * When the kernel asks the host to share memory: before its own entries change, or once they have (6.12
   * arch/x86/include/asm/x86_init.h: enc_status_change_prepare, enc_status_change_finish).
   */
  readonly statusChange: "prepare" | "finish";
  /** Whether each CPU of the guest shares a page with the hypervisor from early boot on. */
  readonly hasGhcb: boolean;
  /** Whether no guest runs before the TDX module of the host has started. */
  readonly needsTdxModule: boolean;
  /** Whether no guest runs on a host without a reverse map table. */
  readonly needsRmp: boolean;
  readonly parameters: ParameterSet;
  /** What readers should know of a host with pages of 1 GiB; absent where those are as any others. */
  readonly pageSizeRemark?: string;
  /** Events at which a guest leaves to its host or to its SVSM for the sake of its memory. */
  readonly exits: readonly CostEventName[];
  /** Makes the platform of one guest; its events go to `ledger`. */
  create(ledger: CostLedger, options: PlatformOptions): CocoPlatform;
}

/** Page sizes with which the host can back a guest, in bytes: 4 KiB, 2 MiB, 1 GiB. */
export const HOST_PAGE_SIZES = [4096, 2097152, 1073741824] as const;
export type HostPageSize = (typeof HOST_PAGE_SIZES)[number];

/** The services a host gives one guest, and the traits of that guest and its processor. Platforms take what they know of. */
export interface PlatformOptions {
  /**
   * Largest page the host backs private memory with, in bytes: 4 KiB (KVM as merged in 6.16 for TDX,
   * guest_memfd in 6.12), 2 MiB or 1 GiB. SNP's reverse map table has no entry above 2 MiB, so 1 GiB works
   * as 2 MiB does there (`pageSizeRemark`).
   */
  readonly pageSizeBytes: number;
  /**
   * Whether the VMM backs memory when the guest asks for it, before it is touched (QEMU 4cdc489eb9, 2025).
   * A TDX guest accepts without asking first, so there it changes nothing. Default: no.
   */
  readonly prefault?: boolean;
  /** Probability, 0 to 1, that the host finds a page of that size; otherwise it takes 4 KiB. Default: 1. */
  readonly contiguity?: number;
  /**
   * A number from 0 to below 1 for each page of that size, by its position in the guest: what is below
   * `contiguity` gets one. Default: 0 for all.
   */
  readonly chance?: (position: number) => number;
  /** Whether the host keeps the private copy of memory that the guest has made shared. Default: no. */
  readonly keepsConverted?: boolean;
  /** TDX: what the VMM does of one MapGPA request, in bytes. Default: all of it. */
  readonly mapGpaLimitBytes?: number;
  /** Whether the host clears pages of 2 MiB in the order of addresses. Default: no. */
  readonly clearsInOrder?: boolean;
  /** TDX: whether the guest releases accepted pages before it makes them shared. Default: no. */
  readonly releasesBeforeSharing?: boolean;
  /** TDX: whether TDX Connect is on for the guest: then the host cannot take away what was not released. Default: no. */
  readonly tdxConnect?: boolean;
  /** TDX: whether the module's tracking of 4 KiB pages is allocated as they come into use. Default: no. */
  readonly dynamicPamt?: boolean;
  /** TDX: whether touching pending memory leaves the guest instead of raising #VE. Default: yes. */
  readonly septVeDisable?: boolean;
  /** SNP: whether the guest runs below an SVSM, at VMPL 1 to 3. Default: no. */
  readonly svsm?: boolean;
  /**
   * SNP: whether the guest reads the first and last line of each page it validates, because the processor
   * lacks X86_FEATURE_COHERENCY_SFW_NO (6.12.107 arch/x86/coco/sev). Default: no.
   */
  readonly coherencyErratum?: boolean;
  /** SNP: whether the firmware does so too. Default: yes. */
  readonly firmwareEvicts?: boolean;
  /** Memory the host has left. Default: more than any guest needs. */
  readonly supply?: HostSupply;
}

/** What the last accept, conversion or touch did. */
export class AcceptDone {
  readonly leaves: Float64Array = new Float64Array(3);
  /** Exits that idle CPUs hold up: at which the host gave memory, or was asked to share some. */
  exits = 0;
  /** Entries that the host took away, for each of which it has to get the guest's other CPUs out of it. */
  removals = 0;

  clear(): void {
    this.leaves.fill(0);
    this.exits = 0;
    this.removals = 0;
  }
}

/**
 * Outcome of a guest's touch: ok; the guest is left for good, because the host cannot mend an unaccepted
 * page (TDX with SEPT_VE_DISABLE); an exception in the guest, which decides what to do (#VE, #VC).
 */
export type AccessOutcome = "ok" | "td-exit" | "exception";

/**
 * Outcome of mapping one page of the host at two addresses of a guest: unnoticed; the module does not map
 * a page that is in use; the reverse map table blocks access at another address than its entry's, and the
 * host, to go on, moves the entry there, which is not validated then.
 */
export type AliasOutcome = "unnoticed" | "refused" | "blocked";

/**
 * The guest accepted a page that it had accepted before. A host that could talk a guest into that could
 * swap the page below it, so guests stop: Linux panics on TDX, and asks to be terminated on SNP.
 */
export class DoubleAcceptError extends GuestEnded {
  override readonly name = "DoubleAcceptError";
  /** Physical address of the first such page. */
  readonly address: number;

  /** @param consequence what the guest does, as a clause: `the kernel panics` */
  constructor(address: number, consequence: string) {
    super("terminated", `page 0x${address.toString(16)} is accepted already; ${consequence}`);
    this.address = address;
  }
}

/** Pieces of one size in a row, of which `kernelAccept` would do the same with each. None has memory of the host yet. */
export interface AlikeAccepts {
  /** Charged only for some of them: for tables that many of them have in common. All else is charged for each. */
  readonly tableEvents: readonly CostEvent[];
  /** What all tables cost that they need and that are not there yet; nanoseconds. */
  readonly tableNs: number;
  /** The most that the tables of one of them cost, where the memory next to the first one has its tables. */
  readonly mostTableNs: number;
  /** Accepts them: their state changes, and tables are charged, but nothing else. */
  accept(): void;
}

/**
 * Contract: how memory becomes usable on one platform.
 *
 * The three accept methods stand for the three programs that accept memory, which do it in
 * different ways. Each takes a range of physical addresses on page boundaries, changes the
 * state of its pages, and charges what that costs on the ledger the platform was made with.
 * It returns when the whole range is accepted. A range with a page that is accepted already
 * is accepted up to that page, then `DoubleAcceptError` is thrown (except by the TDX
 * firmware, which goes on); what the guest still tries before it stops is not charged. Where the
 * host has no more memory, it is accepted up to there, then `HostMemoryError` is thrown.
 *
 * What the last of them did stands in `done`, however it ended.
 *
 * A platform knows pages and entries, not why somebody accepts them: alignment to units of
 * 2 MiB, the guard unit and the bitmap are the callers' business.
 */
export interface CocoPlatform {
  readonly type: PlatformType;
  /** What the last accept, conversion or touch did: one object, which the next one overwrites. */
  readonly done: Readonly<AcceptDone>;
  /** Pages that can be used by the guest because it, or the launch, accepted them. */
  readonly acceptedPages: number;
  readonly sharedPages: number;
  readonly acceptedSharedPages: number;
  readonly keptPages: number;
  /** Private pages that the host has memory for, accepted or not, and copies that it keeps. */
  readonly privatePages: number;
  /** Where in [start, end) the pages of `privatePages` are: bytes, ascending. A plain guest's are not known by address. */
  backedRanges(start: number, end: number): AddressRange[];
  /** Pages of the tables that map private memory (secure EPT, nested page table), with the host's copies, without roots. */
  readonly tablePages: number;
  /** Pages of the host that track this guest's private memory and came with it (dynamic PAMT). */
  readonly trackingPages: number;
  /** Bytes that tracking so much memory takes before any guest uses it (PAMT, RMP). */
  trackingBytes(memoryBytes: number): number;
  /** Pages the VMM loads and measures before the guest starts: accepted, at no extra cost. */
  launchPages(start: number, end: number): void;
  firmwareAccept(start: number, end: number): void;
  stubAccept(start: number, end: number): void;
  kernelAccept(start: number, end: number): void;
  /**
   * Looks at neighbouring pieces that the running kernel is going to accept, one right after the other, upwards or
   * downwards. Alike are those that charge the same events, but for what `AlikeAccepts` says of tables; whoever has
   * accepted the one before them, if that was like them, knows what they take.
   *
   * @returns undefined where they are not, or it cannot say
   */
  alikeAccepts(start: number, pieceBytes: number, pieces: number): AlikeAccepts | undefined;
  /** @param unaccepted parts of the range that were never accepted, ascending; the rest is */
  convertToShared(start: number, end: number, unaccepted?: readonly AddressRange[]): void;
  /** The guest asks the host to make shared memory private, where that is not part of accepting it again. */
  askForPrivate(start: number, end: number): void;
  /** The firmware makes addresses of devices shared, where the guest has no memory; its first request costs nothing more. */
  shareDevices(start: number, end: number): void;
  /** A hostile or broken host takes accepted pages away and gives new, unaccepted memory in their place. */
  remap(start: number, end: number): void;
  /** The host puts the memory of the page at `start` at `other` as well; both are accepted. */
  alias(start: number, other: number): AliasOutcome;
  access(start: number, end: number): AccessOutcome;
  /** Address of the first page of a range that the guest may not touch, or its end. */
  firstUnusable(start: number, end: number): number;
  /** The guest accepts a range again that the host has replaced. */
  acceptAgain(start: number, end: number): void;
  /** Bytes of a range on page boundaries that the guest may touch. */
  usableBytesIn(start: number, end: number): number;
}

/** The memory a host has left for a guest, where that is known. */
export interface HostSupply {
  /** Pages of 4 KiB that it can still give as private memory or for tables that map it; Infinity where it is not known. */
  readonly freePages: number;
  /** @param launching whether the VMM puts the guest's page there before the guest runs */
  shortage(pfn: number, launching: boolean): HostMemoryError;
}

/** A host whose free memory is not known. */
export const ENDLESS_SUPPLY: HostSupply = {
  freePages: Number.POSITIVE_INFINITY,
  shortage(): never {
    throw new Error("coco: an endless supply ran short");
  },
};

/** The host has no memory, or none of the right kind, for a page. */
export class HostMemoryError extends GuestEnded {
  override readonly name = "HostMemoryError";
  override readonly midStep = true;
  /** The first page frame of the guest without memory; absent where it was to be shared memory. */
  readonly pfn: number | undefined;

  constructor(reason: string, pfn?: number) {
    super("terminated", reason);
    this.pfn = pfn;
  }
}
