import { CostEvent } from "../../sim/cost-events.js";
import type { CostLedger } from "../../sim/cost-ledger.js";
import { GuestEnded } from "../../sim/guest-ended.js";
import { type AddressRange, PAGE_SIZE } from "../../units.js";
import { AcceptingPlatform } from "../accepting-platform.js";
import { pageRange } from "../page-tables.js";
import {
  type AccessOutcome,
  type AlikeAccepts,
  type CocoPlatform,
  HostMemoryError,
  type PlatformOptions,
  type PlatformType,
} from "../platform.js";
import type { RangeSet } from "../range-set.js";
import { firmwareAccept, guestAccept } from "./accept.js";
import { alikeAccepts } from "./alike-accepts.js";
import { dynamicPamtBytes, pamtBytes, pamtRefcountBytes } from "./pamt.js";
import { TDX_PARAMETERS } from "./parameters.js";
import { releasePages } from "./release.js";
import { SecureEpt } from "./secure-ept.js";
import { TABLE_PAGES, TdxHost } from "./tdx-host.js";

export const TDX: PlatformType = {
  title: "TDX",
  isConfidential: true,
  isAmd: false,
  defaultFirmware: "tdvf",
  defaultFlavour: "inteltdx",
  statusChange: "finish",
  hasGhcb: false,
  needsTdxModule: true,
  needsRmp: false,
  parameters: TDX_PARAMETERS,
  // Xiaoyao Li, "KVM: TDX: Allow 2MB large page for TD GUEST": TDH.MEM.PAGE.AUG adds 4 KiB and 2 MiB.
  pageSizeRemark:
    "a what-if, as TDX modules of today add 2 MiB at most (TDH.MEM.PAGE.AUG); it shows where a guest accepts whole " +
    "GiB, not in the 4 MiB at a time of the page allocator; memory counts as the guest's tables map it, though a " +
    "host that cannot give a part of such a page spends it whole",
  exits: ["eptViolation4k", "eptViolation2m", "eptViolation1g", "mapGpa", "mapGpaRetry"],
  create: (ledger, options) => new TdxPlatform(ledger, options),
};

/** The guest accepts pages with TDCALLs, the host maps them when the first one faults. */
export class TdxPlatform extends AcceptingPlatform implements CocoPlatform {
  readonly type: PlatformType = TDX;
  readonly sept: SecureEpt = new SecureEpt();
  firmwareDuplicates = 0;
  readonly #ledger: CostLedger;
  readonly #host: TdxHost;
  readonly #keepsConverted: boolean;
  readonly #septVeDisable: boolean;
  readonly #releases: boolean;
  readonly #tdxConnect: boolean;
  readonly #mapGpaLimitBytes: number;
  readonly #pamtBytes: (memoryBytes: number) => number;

  constructor(ledger: CostLedger, options: PlatformOptions) {
    super();
    this.#ledger = ledger;
    this.#host = new TdxHost(this.sept, ledger, this.done, options);
    this.#keepsConverted = options.keepsConverted ?? false;
    this.#septVeDisable = options.septVeDisable ?? true;
    this.#releases = options.releasesBeforeSharing ?? false;
    this.#tdxConnect = options.tdxConnect ?? false;
    this.#mapGpaLimitBytes = options.mapGpaLimitBytes ?? Number.POSITIVE_INFINITY;
    this.#pamtBytes = options.dynamicPamt === true ? dynamicTracking : pamtBytes;
  }

  protected get accepted(): RangeSet {
    return this.sept.mapped;
  }

  protected get backed(): readonly RangeSet[] {
    return [this.sept.mapped, this.sept.pending, this.#host.kept];
  }

  get keptPages(): number {
    return this.#host.kept.size;
  }

  get privatePages(): number {
    return this.sept.backedPages + this.#host.kept.size;
  }

  get tablePages(): number {
    return this.sept.tables.pages * TABLE_PAGES;
  }

  get trackingPages(): number {
    return this.#host.pamtPages;
  }

  trackingBytes(memoryBytes: number): number {
    return this.#pamtBytes(memoryBytes);
  }

  launchPages(start: number, end: number): void {
    const [first, last] = pageRange(start, end);
    this.#host.launch(first, last);
  }

  firmwareAccept(start: number, end: number): void {
    const [first, last] = pageRange(start, end);
    this.done.clear();
    this.#accepting(first, () => {
      this.firmwareDuplicates += firmwareAccept(this.#host, first, last);
    });
    this.madePrivate(first, last);
  }

  /** The stub and the decompressor share their loop with the kernel. */
  stubAccept(start: number, end: number): void {
    this.kernelAccept(start, end);
  }

  kernelAccept(start: number, end: number): void {
    const [first, mapped] = this.begin(start, end);
    this.#accepting(first, () => guestAccept(this.#host, first, mapped));
    this.#finish(first, mapped, end);
  }

  alikeAccepts(start: number, pieceBytes: number, pieces: number): AlikeAccepts | undefined {
    const [first, end] = pageRange(start, start + pieceBytes);
    return alikeAccepts(this.#host, first, end - first, pieces, (from, to) => this.madePrivate(from, to));
  }

  /**
   * One MapGPA request for all of it (6.12 arch/x86/coco/tdx/tdx.c: tdx_map_gpa). KVM hands it to
   * the VMM in pieces of 2 MiB. Only if an interrupt is pending after one of them does it answer
   * TDVMCALL_STATUS_RETRY with where it is, and the guest asks again from there (Linux 6.16
   * arch/x86/kvm/vmx/tdx.c: tdx_complete_vmcall_map_gpa); that is left out. QEMU of the TDX series before that did
   * 64 MiB at most ("i386/tdx: Limit the range size for MapGPA", tdx_handle_map_gpa). Private pages go leaf by leaf,
   * whether or not the host keeps the memory behind them.
   */
  convertToShared(start: number, end: number, unaccepted: readonly AddressRange[] = []): void {
    const [first, last] = pageRange(start, end);
    this.done.clear();
    if (first === last) return;
    if (this.#releases) releasePages(this.sept, this.#ledger, first, last);
    else if (this.#tdxConnect) this.#requireUnaccepted(first, last);
    this.done.exits = this.#mapGpa(end - start);
    const backed = this.#keepsConverted ? this.#backedRanges(first, last) : [];
    this.#host.zapRange(first, last);
    for (const { start: from, end: to } of backed) this.#host.kept.add(from, to);
    this.madeShared(first, last, unaccepted);
  }

  /** With TDX Connect a device may write to what is accepted (microsoft/openvmm pull request 3748). @throws GuestEnded */
  #requireUnaccepted(first: number, last: number): void {
    const accepted = this.sept.mapped.firstIn(first, last);
    if (accepted >= last) return;
    const page = `page 0x${(accepted * PAGE_SIZE).toString(16)}`;
    throw new GuestEnded(
      "terminated",
      `the host cannot take ${page} away to share it: TDX Connect is on, and the guest has not released it ` +
        "(TDH.MEM.RANGE.BLOCK fails)",
    );
  }

  /** Nothing else tells KVM: an accept of shared memory would not be served. */
  askForPrivate(start: number, end: number): void {
    this.#mapGpa(end - start);
  }

  shareDevices(start: number, end: number): void {
    this.#ledger.charge(CostEvent.mapGpaRetry, this.#retries(end - start));
  }

  /** @returns requests */
  #mapGpa(bytes: number): number {
    const retries = this.#retries(bytes);
    this.#ledger.charge(CostEvent.mapGpa, 1);
    this.#ledger.charge(CostEvent.mapGpaRetry, retries);
    return 1 + retries;
  }

  /** Requests after the first, each for what is left. */
  #retries(bytes: number): number {
    return Math.max(Math.ceil(bytes / this.#mapGpaLimitBytes) - 1, 0);
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
    this.done.clear();
    const unusable = this.firstUnusable(start, end);
    if (unusable === end) return "ok";
    this.#host.touch(unusable / PAGE_SIZE);
    return this.#septVeDisable ? "td-exit" : "exception";
  }

  /** As each page raises its #VE, at which Linux panics (6.12 arch/x86/coco/tdx/tdx.c: virt_exception_kernel). */
  acceptAgain(start: number, end: number): void {
    const [first, mapped] = this.begin(start, end);
    this.#accepting(first, () => guestAccept(this.#host, first, mapped, 0));
    this.#finish(first, mapped, end);
  }

  #accepting(first: number, accept: () => void): void {
    try {
      accept();
    } catch (error) {
      if (error instanceof HostMemoryError) this.madePrivate(first, error.pfn ?? first);
      throw error;
    }
  }

  /** Where `mapped` is not the end, every size of accept failed there, the last with PAGE_ALREADY_ACCEPTED. */
  #finish(first: number, mapped: number, end: number): void {
    this.madePrivate(first, mapped);
    this.requireWhole(mapped, end, "the TDX guest panics");
  }

  #backedRanges(first: number, last: number): AddressRange[] {
    const ranges: AddressRange[] = [];
    for (let position = first; position < last; ) {
      const runEnd = this.sept.stateRunEnd(position, last);
      if (this.sept.stateOf(position) !== "absent") ranges.push({ start: position, end: runEnd });
      position = runEnd;
    }
    return ranges;
  }
}

/** The guest's part of the tables, and of the counters. */
function dynamicTracking(memoryBytes: number): number {
  return dynamicPamtBytes(memoryBytes) + pamtRefcountBytes(memoryBytes);
}
