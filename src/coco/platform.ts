import type { AddressRange } from "../units.js";

/** What protects a guest's memory; `none` is a plain virtual machine. */
export const PLATFORM_KINDS = ["tdx", "snp", "none"] as const;
export type PlatformKind = (typeof PLATFORM_KINDS)[number];

/**
 * What happens when a guest touches memory: nothing; the guest is left for good, because the host
 * cannot mend an unaccepted page (TDX with SEPT_VE_DISABLE); an exception in the guest, which
 * decides what to do (#VE, #VC).
 */
export type AccessOutcome = "ok" | "td-exit" | "exception";

/**
 * What comes of one page of the host at two addresses of a guest: nobody notices; the module does not map a
 * page that is in use; the reverse map table lets no access through at another address than its entry's,
 * and the host, to go on, moves the entry there, which is not validated then.
 */
export type AliasOutcome = "unnoticed" | "refused" | "blocked";

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
 * A platform knows pages and entries, not why somebody accepts them: alignment to units of
 * 2 MiB, the guard unit and the bitmap are the callers' business.
 */
export interface CocoPlatform {
  readonly name: PlatformKind;
  /** Pages that can be used by the guest because it, or the launch, accepted them. */
  readonly acceptedPages: number;
  /** Pages that the guest has made shared with the host, and not private again. */
  readonly sharedPages: number;
  /** Those of them that had been accepted before. */
  readonly acceptedSharedPages: number;
  /** Those of them of which the host keeps the private copy. */
  readonly keptPages: number;
  /** Private pages that the host has memory for, accepted or not, and copies that it keeps. */
  readonly privatePages: number;
  /** Pages of the tables that map private memory (secure EPT, nested page table), without the root. */
  readonly tablePages: number;
  /** Pages the VMM loads and measures before the guest starts: accepted, at no extra cost. */
  launchPages(start: number, end: number): void;
  /** The firmware's own loop, up to and in ExitBootServices. */
  firmwareAccept(start: number, end: number): void;
  /** The EFI stub and the decompressor. */
  stubAccept(start: number, end: number): void;
  /** The running kernel. */
  kernelAccept(start: number, end: number): void;
  /** Pages of the host that track this guest's private memory and came with it (dynamic PAMT). */
  readonly pamtPages: number;
  /**
   * The guest makes memory shared with the host, which takes the private copy away unless it keeps
   * it.
   *
   * @param unaccepted parts of the range that were never accepted, ascending; the rest is
   */
  convertToShared(start: number, end: number, unaccepted?: readonly AddressRange[]): void;
  /** A hostile or broken host takes accepted pages away and gives new, unaccepted memory in their place. */
  remap(start: number, end: number): void;
  /**
   * The host puts the memory of one page of the guest at the address of another one as well. Both are
   * accepted.
   *
   * @param start address of the page whose memory goes to two places
   * @param other address of the page that loses its own
   */
  alias(start: number, other: number): AliasOutcome;
  /** What happens when the guest touches a range: the outcome of its first page that is not usable. */
  access(start: number, end: number): AccessOutcome;
  /** The guest accepts a range again that the host has replaced. */
  acceptAgain(start: number, end: number): void;
  /** Bytes of a range on page boundaries that the guest may touch. */
  usableBytesIn(start: number, end: number): number;
}
