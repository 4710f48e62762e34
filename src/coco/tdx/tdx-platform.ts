import { CostEvent } from "../../sim/cost-events.js";
import type { CostLedger } from "../../sim/cost-ledger.js";
import { type AddressRange, PAGE_SIZE } from "../../units.js";
import { DoubleAcceptError } from "../double-accept-error.js";
import { ENDLESS_SUPPLY, HostMemoryError, type HostSupply } from "../host-supply.js";
import { pageLevel, pageRange } from "../page-level.js";
import type { AccessOutcome, CocoPlatform, PlatformKind } from "../platform.js";
import { RangeSet } from "../range-set.js";
import { firmwareAccept } from "./firmware-accept.js";
import { guestAccept } from "./guest-accept.js";
import { SecureEpt } from "./secure-ept.js";
import { TdxHost } from "./tdx-host.js";

/** How the host backs a TDX guest, and what the guest has asked of the module. */
export interface TdxOptions {
  /** Largest page the host maps private memory with; KVM as merged in 6.16: 4 KiB. */
  readonly hostPageSizeBytes: number;
  /** Probability that the host finds a page of that size; otherwise it takes 4 KiB. Default: 1. */
  readonly contiguity?: number;
  /**
   * A number from 0 to below 1 for each page of that size, by its position in the guest: what is
   * below `contiguity` gets one. Default: 0 for all.
   */
  readonly chance?: (position: number) => number;
  /** Whether the host keeps the private copy of memory that the guest has made shared. Default: no. */
  readonly keepsConverted?: boolean;
  /** Whether the module's tracking of 4 KiB pages is allocated as they come into use. Default: no. */
  readonly dynamicPamt?: boolean;
  /** Whether touching pending memory leaves the guest instead of raising #VE. Default: yes. */
  readonly septVeDisable?: boolean;
  /** What the host has left. Default: more than any guest needs. */
  readonly supply?: HostSupply;
}

/** Intel TDX: the guest accepts pages with TDCALLs, the host maps them when the first one faults. */
export class TdxPlatform implements CocoPlatform {
  readonly name: PlatformKind = "tdx";
  readonly sept: SecureEpt = new SecureEpt();
  /** Accepts by the firmware that met an accepted page. */
  firmwareDuplicates = 0;
  readonly #ledger: CostLedger;
  readonly #host: TdxHost;
  readonly #keepsConverted: boolean;
  readonly #septVeDisable: boolean;
  /** Pages the guest has made shared with the host; none of them has a private one as well. */
  readonly #shared = new RangeSet();
  /** Shared pages that were never accepted. */
  readonly #sharedUnaccepted = new RangeSet();

  constructor(ledger: CostLedger, options: TdxOptions) {
    this.#ledger = ledger;
    this.#host = new TdxHost(this.sept, ledger, {
      level: pageLevel(options.hostPageSizeBytes),
      contiguity: options.contiguity ?? 1,
      chance: options.chance ?? (() => 0),
      dynamicPamt: options.dynamicPamt ?? false,
      supply: options.supply ?? ENDLESS_SUPPLY,
    });
    this.#keepsConverted = options.keepsConverted ?? false;
    this.#septVeDisable = options.septVeDisable ?? true;
  }

  get acceptedPages(): number {
    return this.sept.mappedPages;
  }

  get sharedPages(): number {
    return this.#shared.size;
  }

  get acceptedSharedPages(): number {
    return this.#shared.size - this.#sharedUnaccepted.size;
  }

  get keptPages(): number {
    return this.#host.kept.size;
  }

  get privatePages(): number {
    return this.sept.backedPages + this.#host.kept.size;
  }

  get tablePages(): number {
    return this.sept.tables.pages;
  }

  get pamtPages(): number {
    return this.#host.pamtPages;
  }

  launchPages(start: number, end: number): void {
    const [first, last] = pageRange(start, end);
    this.#host.launch(first, last);
  }

  firmwareAccept(start: number, end: number): void {
    const [first, last] = pageRange(start, end);
    this.#accepting(first, () => {
      this.firmwareDuplicates += firmwareAccept(this.#host, this.#ledger, first, last);
    });
    this.#madePrivate(first, last);
  }

  /** The stub and the decompressor share their loop with the kernel. */
  stubAccept(start: number, end: number): void {
    this.kernelAccept(start, end);
  }

  kernelAccept(start: number, end: number): void {
    const [first, mapped] = this.#unmapped(start, end);
    this.#accepting(first, () => guestAccept(this.#host, this.#ledger, first, mapped));
    this.#finish(first, mapped, end);
  }

  /**
   * One MapGPA request for all of it (6.12 arch/x86/coco/tdx/tdx.c: tdx_map_gpa). KVM hands it to
   * the VMM in pieces of 2 MiB. Only if an interrupt is pending after one of them does it answer
   * TDVMCALL_STATUS_RETRY with where it is, and the guest asks again from there (Linux 6.16
   * arch/x86/kvm/vmx/tdx.c: tdx_complete_vmcall_map_gpa); that is left out. Private pages go leaf
   * by leaf, whether or not the host keeps the memory behind them.
   */
  convertToShared(start: number, end: number, unaccepted: readonly AddressRange[] = []): void {
    const [first, last] = pageRange(start, end);
    if (first === last) return;
    this.#ledger.charge(CostEvent.mapGpa, 1);
    const backed = this.#keepsConverted ? this.#backedRanges(first, last) : [];
    this.#host.takeBack(first, last);
    for (const { start: from, end: to } of backed) this.#host.kept.add(from, to);
    this.#shared.add(first, last);
    for (const one of unaccepted) this.#sharedUnaccepted.add(...pageRange(one.start, one.end));
  }

  remap(start: number, end: number): void {
    const [first, last] = pageRange(start, end);
    if (this.sept.backedIn(first, last) < last - first) {
      throw new Error("tdx: only pages that the guest has can be taken away from it.");
    }
    this.#host.replace(first, last);
  }

  /**
   * To map a page elsewhere the host must take away what is there; then the module refuses one that its
   * PAMT says is in use (TDX module ABI, TDH.MEM.PAGE.AUG: TDX_PAGE_METADATA_INCORRECT). Assumption: the
   * host gives another one, so that the guest goes on.
   */
  alias(_start: number, other: number): "refused" {
    this.remap(other, other + PAGE_SIZE);
    return "refused";
  }

  /**
   * Touching an absent page leaves the guest; the host gives memory, which then is pending. Touching
   * that ends the guest, since no host can accept it, or raises #VE (TDX module ABI, SEPT_VE_DISABLE).
   */
  access(start: number, end: number): AccessOutcome {
    const [first, last] = pageRange(start, end);
    const unusable = this.#firstUnusable(first, last);
    if (unusable === last) return "ok";
    this.#host.touch(unusable);
    return this.#septVeDisable ? "td-exit" : "exception";
  }

  /**
   * Page after page as each raises its #VE. Linux would not: a #VE on private memory is a panic (6.12
   * arch/x86/coco/tdx/tdx.c: virt_exception_kernel).
   */
  acceptAgain(start: number, end: number): void {
    const [first, mapped] = this.#unmapped(start, end);
    this.#accepting(first, () => guestAccept(this.#host, this.#ledger, first, mapped, 0));
    this.#finish(first, mapped, end);
  }

  usableBytesIn(start: number, end: number): number {
    const [first, last] = pageRange(start, end);
    return (this.sept.mappedIn(first, last) + this.#shared.countIn(first, last)) * PAGE_SIZE;
  }

  /** The part of a range up to its first mapped page, in page frames. */
  #unmapped(start: number, end: number): [first: number, mapped: number] {
    const [first, last] = pageRange(start, end);
    return [first, this.sept.firstMapped(first, last)];
  }

  /** Accepts from `first` upwards, as far as the host's memory goes. */
  #accepting(first: number, accept: () => void): void {
    try {
      accept();
    } catch (error) {
      if (error instanceof HostMemoryError) this.#madePrivate(first, error.pfn ?? first);
      throw error;
    }
  }

  /**
   * [first, mapped) is accepted. If that is not the end of what was asked for, every size of accept
   * failed there, with PAGE_ALREADY_ACCEPTED at the last.
   */
  #finish(first: number, mapped: number, end: number): void {
    this.#madePrivate(first, mapped);
    if (mapped * PAGE_SIZE < end) {
      throw new DoubleAcceptError(mapped * PAGE_SIZE, "the TDX guest panics");
    }
  }

  /** Shared pages that are accepted are private from then on, on the copy that the host kept, if it did. */
  #madePrivate(first: number, last: number): void {
    this.#shared.remove(first, last);
    this.#sharedUnaccepted.remove(first, last);
  }

  /** Runs of page frames that the host has given memory for. */
  #backedRanges(first: number, last: number): AddressRange[] {
    const ranges: AddressRange[] = [];
    for (let position = first; position < last; ) {
      const runEnd = this.sept.stateRunEnd(position, last);
      if (this.sept.stateOf(position) !== "absent") ranges.push({ start: position, end: runEnd });
      position = runEnd;
    }
    return ranges;
  }

  #firstUnusable(first: number, last: number): number {
    let position = first;
    while (position < last) {
      if (this.sept.stateOf(position) === "mapped") position = this.sept.stateRunEnd(position, last);
      else if (this.#shared.has(position)) position = this.#shared.runEnd(position, last);
      else break;
    }
    return position;
  }
}
