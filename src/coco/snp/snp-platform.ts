import { CostEvent } from "../../sim/cost-events.js";
import type { CostLedger } from "../../sim/cost-ledger.js";
import { type AddressRange, PAGE_SIZE } from "../../units.js";
import { DoubleAcceptError } from "../double-accept-error.js";
import { ENDLESS_SUPPLY, type HostSupply } from "../host-supply.js";
import { pageLevel, pageRange } from "../page-level.js";
import type { CocoPlatform, PlatformKind } from "../platform.js";
import { chargeMsrPageStateChange, chargePageStateChange } from "./page-state-change.js";
import { Rmp } from "./rmp.js";
import { SnpHost } from "./snp-host.js";
import { entryRuns, Pvalidate } from "./validate.js";

/** How a program sends its entries: so many a VMGEXIT, and so many between state change and PVALIDATE. */
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

/** How the host backs an SNP guest, and what the guest and its processor are like. */
export interface SnpOptions {
  /**
   * Largest page the host backs private memory with, in bytes: 4 KiB (guest_memfd in 6.12), 2 MiB
   * or 1 GiB. The reverse map table has no entry above 2 MiB, so 1 GiB works as 2 MiB does.
   */
  readonly hostPageSizeBytes: number;
  /** Whether the VMM backs memory when its state changes (QEMU 4cdc489eb9, 2025). */
  readonly prefault: boolean;
  /** Probability that the host finds a page of that size; otherwise it takes 4 KiB. Default: 1. */
  readonly contiguity?: number;
  /**
   * A number from 0 to below 1 for each page of that size, by its position in the guest: what is
   * below `contiguity` gets one. Default: 0 for all.
   */
  readonly chance?: (position: number) => number;
  /** Whether the host keeps the private copy of memory that the guest has made shared. Default: no. */
  readonly keepsConverted?: boolean;
  /** Whether the guest runs below an SVSM, at VMPL 1 to 3. Default: no. */
  readonly svsm?: boolean;
  /** What the host has left. Default: more than any guest needs. */
  readonly supply?: HostSupply;
  /**
   * Whether the guest reads the first and last line of each page it validates, because the
   * processor lacks X86_FEATURE_COHERENCY_SFW_NO (6.12.107 arch/x86/coco/sev). Default: no.
   */
  readonly coherencyErratum?: boolean;
}

/** AMD SEV-SNP: the guest asks for a page state change, then validates its pages. */
export class SnpPlatform implements CocoPlatform {
  readonly name: PlatformKind = "snp";
  readonly pamtPages = 0;
  readonly rmp: Rmp = new Rmp();
  readonly #ledger: CostLedger;
  readonly #host: SnpHost;
  readonly #pvalidate: Pvalidate;
  readonly #evictTouch: boolean;

  constructor(ledger: CostLedger, options: SnpOptions) {
    const { prefault, svsm = false } = options;
    this.#ledger = ledger;
    this.#host = new SnpHost(this.rmp, ledger, {
      level: pageLevel(options.hostPageSizeBytes),
      contiguity: options.contiguity ?? 1,
      chance: options.chance ?? (() => 0),
      keepsConverted: options.keepsConverted ?? false,
      supply: options.supply ?? ENDLESS_SUPPLY,
    });
    this.#pvalidate = new Pvalidate(this.#host, ledger, { prefault, svsm });
    this.#evictTouch = options.coherencyErratum ?? false;
  }

  get acceptedPages(): number {
    return this.rmp.validPages;
  }

  get sharedPages(): number {
    return this.rmp.sharedPages;
  }

  get acceptedSharedPages(): number {
    return this.rmp.sharedPages - this.rmp.sharedUnacceptedPages;
  }

  get keptPages(): number {
    return this.rmp.keptPages;
  }

  get privatePages(): number {
    return this.rmp.assignedPages;
  }

  get tablePages(): number {
    return this.rmp.tables.pages;
  }

  launchPages(start: number, end: number): void {
    const [first, last] = pageRange(start, end);
    const reached = this.#host.reach(first, last, true);
    this.rmp.splitDirectMap(first, reached);
    this.rmp.assign(first, reached, 0);
    this.rmp.validate(first, reached);
    if (reached < last) throw this.#host.shortage(reached, true);
  }

  /** OVMF in PEI and DXE, through the GHCB. */
  firmwareAccept(start: number, end: number): void {
    this.#accept(start, end, OVMF);
  }

  /** 6.12 arch/x86/boot/compressed/sev.c: snp_accept_memory, page by page through the MSR protocol. */
  stubAccept(start: number, end: number): void {
    const [first, valid] = this.#unvalidated(start, end);
    const reached = this.#host.reach(first, valid);
    chargeMsrPageStateChange(this.#ledger, reached - first);
    this.#pvalidate.pages(first, reached, true);
    this.#finish(first, reached, valid, end);
  }

  /** 6.12 arch/x86/coco/sev/core.c: set_pages_state, through the GHCB. */
  kernelAccept(start: number, end: number): void {
    this.#accept(start, end, LINUX);
  }

  /**
   * 6.12 arch/x86/coco/sev/core.c: snp_set_memory_shared. The pages must be validated: Linux
   * accepts whatever it allocates before it makes it shared. One that did not would have no
   * validation to take back, and PVALIDATE would say so.
   */
  convertToShared(start: number, end: number, unaccepted: readonly AddressRange[] = []): void {
    const [first, last] = pageRange(start, end);
    let validFirst = first;
    for (const [from, to] of [...unaccepted.map((one) => pageRange(one.start, one.end)), [last, last]]) {
      this.#pvalidate.entries(validFirst, entryRuns(validFirst, from!), LINUX.batchEntries, false);
      this.rmp.rescind(validFirst, from!);
      validFirst = to!;
    }
    chargePageStateChange(this.#ledger, entryRuns(first, last), last - first, LINUX.entriesPerExit);
    this.#host.takeBack(first, last);
    for (const one of unaccepted) this.rmp.noteUnaccepted(...pageRange(one.start, one.end));
  }

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

  /**
   * A page that is not validated raises #VC with error code 0x404 (PAGE_NOT_VALIDATED) once the
   * host has memory there.
   */
  access(start: number, end: number): "ok" | "exception" {
    const [first, last] = pageRange(start, end);
    const unusable = this.rmp.firstUnusable(first, last);
    if (unusable === last) return "ok";
    this.#host.touch(unusable);
    return "exception";
  }

  /** PVALIDATE of one page after another, as each raises its exception; the host is not asked. */
  acceptAgain(start: number, end: number): void {
    const [first, valid] = this.#unvalidated(start, end);
    const reached = this.#host.reach(first, valid);
    this.#pvalidate.pages(first, reached, false);
    this.#finish(first, reached, valid, end);
  }

  usableBytesIn(start: number, end: number): number {
    const [first, last] = pageRange(start, end);
    return this.rmp.usableIn(first, last) * PAGE_SIZE;
  }

  #accept(start: number, end: number, { entriesPerExit, batchEntries }: Batching): void {
    const [first, valid] = this.#unvalidated(start, end);
    const reached = this.#host.reach(first, valid);
    const runs = entryRuns(first, reached);
    chargePageStateChange(this.#ledger, runs, reached - first, entriesPerExit);
    this.#pvalidate.entries(first, runs, batchEntries, true);
    this.#finish(first, reached, valid, end);
  }

  /** The part of a range up to its first validated page, in page frames. */
  #unvalidated(start: number, end: number): [first: number, valid: number] {
    const [first, last] = pageRange(start, end);
    return [first, this.rmp.firstValid(first, last)];
  }

  /**
   * Marks [first, reached) as accepted, which is as far as the host's memory goes. If `valid` is not the end of what was asked for, PVALIDATE had
   * nothing to update there and set the carry flag: Linux and OVMF ask to be terminated.
   */
  #finish(first: number, reached: number, valid: number, end: number): void {
    this.rmp.unshare(first, reached);
    this.rmp.validate(first, reached);
    if (this.#evictTouch) this.#ledger.charge(CostEvent.evictTouch4k, reached - first);
    if (reached < valid) throw this.#host.shortage(reached);
    if (valid * PAGE_SIZE < end) {
      throw new DoubleAcceptError(
        valid * PAGE_SIZE,
        "PVALIDATE changes nothing and the SNP guest terminates",
      );
    }
  }
}
