import { CostEvent } from "../../sim/cost-events.js";
import type { CostLedger } from "../../sim/cost-ledger.js";
import { type AddressRange, PAGE_SIZE } from "../../units.js";
import { AcceptingPlatform } from "../accepting-platform.js";
import { LEVEL_PAGES, pageRange } from "../page-tables.js";
import type { AlikeAccepts, CocoPlatform, PlatformOptions, PlatformType } from "../platform.js";
import type { RangeSet } from "../range-set.js";
import { chargeMsrPageStateChange, chargePageStateChange, entryRuns, Pvalidate } from "./page-state.js";
import { SNP_PARAMETERS } from "./parameters.js";
import { Rmp, rmpBytes } from "./rmp.js";
import { SnpHost } from "./snp-host.js";

/** How a program batches its entries: per VMGEXIT, and between state change and PVALIDATE. */
interface Batching {
  readonly entriesPerExit: number;
  readonly batchEntries: number;
}

/** 6.12 arch/x86/include/asm/sev-common.h: VMGEXIT_PSC_MAX_ENTRY. */
const LINUX: Batching = { entriesPerExit: 64, batchEntries: 64 };
/**
 * OVMF fills the GHCB's shared buffer of 2032 bytes. Its own buffers of 506 entries are two full
 * requests, so requests fill up across buffers; it validates after each buffer (edk2 c5aa7e7
 * OvmfPkg/Library/BaseMemEncryptSevLib).
 */
const OVMF: Batching = { entriesPerExit: 253, batchEntries: 506 };

export const SNP: PlatformType = {
  title: "SNP",
  isConfidential: true,
  isAmd: true,
  defaultFirmware: "ovmf-snp",
  defaultFlavour: "generic",
  statusChange: "prepare",
  hasGhcb: true,
  needsTdxModule: false,
  needsRmp: true,
  parameters: SNP_PARAMETERS,
  // AMD APM volume 2, 15.36; 6.12 virt/kvm/guest_memfd.c: folios of order 0; Ackerley Tng, RFC v2 "1G page support for
  // guest_memfd", 2025-05-14.
  pageSizeRemark:
    "entries of the reverse map table are of 2 MiB at most, so it accepts as with 2MiB and takes as long; memory " +
    "counts as the guest's tables map it, though a host that cannot give a part of such a page spends it whole",
  exits: ["vmgexitPsc", "svsmCall", "npf4k", "npf2m"],
  create: (ledger, options) => new SnpPlatform(ledger, options),
};

/** The guest asks for a page state change, then validates its pages. */
export class SnpPlatform extends AcceptingPlatform implements CocoPlatform {
  readonly type: PlatformType = SNP;
  readonly trackingPages = 0;
  readonly rmp: Rmp = new Rmp();
  readonly #ledger: CostLedger;
  readonly #host: SnpHost;
  readonly #pvalidate: Pvalidate;
  readonly #evictTouch: boolean;
  readonly #firmwareEvicts: boolean;

  constructor(ledger: CostLedger, options: PlatformOptions) {
    super();
    this.#ledger = ledger;
    this.#host = new SnpHost(this.rmp, ledger, options);
    this.#pvalidate = new Pvalidate(this.#host, ledger, this.done, options);
    this.#evictTouch = options.coherencyErratum ?? false;
    this.#firmwareEvicts = this.#evictTouch && (options.firmwareEvicts ?? true);
  }

  protected get accepted(): RangeSet {
    return this.rmp.valid;
  }

  protected get backed(): readonly RangeSet[] {
    return [this.rmp.assigned];
  }

  get keptPages(): number {
    return this.rmp.kept.size;
  }

  get privatePages(): number {
    return this.rmp.assignedPages;
  }

  get tablePages(): number {
    return this.rmp.tables.pages;
  }

  trackingBytes(memoryBytes: number): number {
    return rmpBytes(memoryBytes);
  }

  launchPages(start: number, end: number): void {
    const [first, last] = pageRange(start, end);
    const reached = this.#host.reach(first, last, true);
    this.rmp.splitDirectMap(first, reached);
    this.rmp.assign(first, reached, 0);
    this.rmp.validate(first, reached);
    if (reached < last) throw this.#host.shortage(reached, true);
  }

  firmwareAccept(start: number, end: number): void {
    this.#accept(start, end, OVMF, this.#firmwareEvicts);
  }

  /** 6.12 arch/x86/boot/compressed/sev.c: snp_accept_memory, page by page through the MSR protocol. */
  stubAccept(start: number, end: number): void {
    const [first, valid] = this.begin(start, end);
    const reached = this.#host.reach(first, valid);
    chargeMsrPageStateChange(this.#ledger, reached - first);
    this.#pvalidate.pages(first, reached, true);
    this.#finish(first, reached, valid, end, this.#evictTouch);
  }

  /** 6.12 arch/x86/coco/sev/core.c: set_pages_state, through the GHCB. */
  kernelAccept(start: number, end: number): void {
    this.#accept(start, end, LINUX, this.#evictTouch);
  }

  /** No table is charged: the price of a nested page fault has them in it. */
  alikeAccepts(start: number, pieceBytes: number, pieces: number): AlikeAccepts | undefined {
    const [first, end] = pageRange(start, start + pieceBytes);
    const last = first + (end - first) * pieces;
    if (first % LEVEL_PAGES[1] !== 0 || end % LEVEL_PAGES[1] !== 0) return undefined;
    if (!this.#host.isAlike(first, last)) return undefined;
    return {
      tableEvents: [],
      tableNs: 0,
      mostTableNs: 0,
      accept: () => {
        this.#host.mapAbsent(first, last);
        this.madePrivate(first, last);
        this.rmp.validate(first, last);
      },
    };
  }

  /**
   * 6.12 arch/x86/coco/sev/core.c: snp_set_memory_shared. The pages must be validated: Linux
   * accepts whatever it allocates before it makes it shared. One that did not would have no
   * validation to take back, and PVALIDATE would say so.
   */
  convertToShared(start: number, end: number, unaccepted: readonly AddressRange[] = []): void {
    this.done.clear();
    const [first, last] = pageRange(start, end);
    let validFirst = first;
    for (const [from, to] of [...unaccepted.map((one) => pageRange(one.start, one.end)), [last, last]]) {
      this.#pvalidate.entries(validFirst, entryRuns(validFirst, from!), LINUX.batchEntries, false);
      this.rmp.rescind(validFirst, from!);
      validFirst = to!;
    }
    chargePageStateChange(this.#ledger, entryRuns(first, last), last - first, LINUX.entriesPerExit);
    this.#host.zapRange(first, last);
    this.madeShared(first, last, unaccepted);
  }

  /** The page state change is part of accepting. */
  askForPrivate(): void {}

  /** Only the firmware's page tables change, which have no C-bit there. */
  shareDevices(): void {}

  remap(start: number, end: number): void {
    const [first, last] = pageRange(start, end);
    if (this.rmp.assignedIn(first, last) < last - first) {
      throw new Error("snp: only pages that the guest has can be taken away from it.");
    }
    this.#host.replace(first, last);
  }

  /**
   * The nested page table may map anything, but the entry of a host page names one page of the guest, and
   * an access at another one faults to the host (AMD APM volume 2, 15.36.10). With RMPUPDATE the entry names
   * the other page and is not validated. The first page gets new memory.
   */
  alias(start: number, other: number): "unnoticed" | "blocked" {
    const [[page], [second]] = [pageRange(start, start), pageRange(other, other)];
    if (this.rmp.stateOf(page) !== "guestValid" || this.rmp.stateOf(second) !== "guestValid") {
      throw new Error("snp: only pages that the guest has accepted can be put elsewhere.");
    }
    return this.#host.alias(page, second);
  }

  /** Once the host has memory there, a page that is not validated raises #VC 0x404 (PAGE_NOT_VALIDATED). */
  access(start: number, end: number): "ok" | "exception" {
    this.done.clear();
    const unusable = this.firstUnusable(start, end);
    if (unusable === end) return "ok";
    this.#host.touch(unusable / PAGE_SIZE);
    return "exception";
  }

  /** PVALIDATE of one page after another, as each raises its exception; the host is not asked. */
  acceptAgain(start: number, end: number): void {
    const [first, valid] = this.begin(start, end);
    const reached = this.#host.reach(first, valid);
    this.#pvalidate.pages(first, reached, false);
    this.#finish(first, reached, valid, end, this.#evictTouch);
  }

  #accept(start: number, end: number, { entriesPerExit, batchEntries }: Batching, evicts: boolean): void {
    const [first, valid] = this.begin(start, end);
    const reached = this.#host.reach(first, valid);
    const runs = entryRuns(first, reached);
    chargePageStateChange(this.#ledger, runs, reached - first, entriesPerExit);
    this.#pvalidate.entries(first, runs, batchEntries, true);
    this.#finish(first, reached, valid, end, evicts);
  }

  /**
   * Marks [first, reached) as accepted, which is as far as the host's memory goes. If `valid` is not the end of what was asked for, PVALIDATE had
   * nothing to update there and set the carry flag: Linux and OVMF ask to be terminated.
   */
  #finish(first: number, reached: number, valid: number, end: number, evicts: boolean): void {
    this.rmp.kept.remove(first, reached);
    this.madePrivate(first, reached);
    this.rmp.validate(first, reached);
    if (evicts) this.#ledger.charge(CostEvent.evictTouch4k, reached - first);
    if (reached < valid) throw this.#host.shortage(reached);
    this.requireWhole(valid, end, "PVALIDATE changes nothing and the SNP guest terminates");
  }
}
