import type { CostLedger } from "../../sim/cost-ledger.js";
import { PAGE_SIZE, roundDown, roundUp } from "../../units.js";
import { DoubleAcceptError } from "../double-accept-error.js";
import { LEVEL_PAGES, pageLevel, pageRange } from "../page-level.js";
import type { CocoPlatform, PlatformKind } from "../platform.js";
import { chargeMsrPageStateChange, chargePageStateChange } from "./page-state-change.js";
import { Rmp } from "./rmp.js";
import { type Backing, validateLarge, validateSmall } from "./validate.js";

/** Entries of a Linux request (6.12 arch/x86/include/asm/sev-common.h: VMGEXIT_PSC_MAX_ENTRY). */
const LINUX_ENTRIES_PER_EXIT = 64;
/** Entries that fit the GHCB's shared buffer of 2032 bytes; OVMF fills it. */
const OVMF_ENTRIES_PER_EXIT = 253;

/** How the host backs an SNP guest, and which erratum its processor has. */
export interface SnpOptions {
  /**
   * Largest page the host backs private memory with, in bytes: 4 KiB (guest_memfd in 6.12), 2 MiB
   * or 1 GiB. The reverse map table has no entry above 2 MiB, so 1 GiB works as 2 MiB does.
   */
  readonly hostPageSizeBytes: number;
  /** Whether the VMM backs memory when its state changes (QEMU 4cdc489eb9, 2025). */
  readonly prefault: boolean;
  /**
   * Whether the guest reads the first and last line of each page it validates, because the
   * processor lacks X86_FEATURE_COHERENCY_SFW_NO (6.12.107 arch/x86/coco/sev). Default: no.
   */
  readonly evictTouch?: boolean;
}

/** AMD SEV-SNP: the guest asks for a page state change, then validates its pages. */
export class SnpPlatform implements CocoPlatform {
  readonly name: PlatformKind = "snp";
  readonly rmp: Rmp = new Rmp();
  readonly #ledger: CostLedger;
  readonly #backing: Backing;

  constructor(ledger: CostLedger, options: SnpOptions) {
    this.#ledger = ledger;
    this.#backing = {
      hostLevel: pageLevel(options.hostPageSizeBytes),
      prefault: options.prefault,
      evictTouch: options.evictTouch ?? false,
    };
  }

  get acceptedPages(): number {
    return this.rmp.validPages;
  }

  get privatePages(): number {
    return this.rmp.assignedPages;
  }

  get tablePages(): number {
    return this.rmp.tables.pages;
  }

  launchPages(start: number, end: number): void {
    const [first, last] = pageRange(start, end);
    this.rmp.assign(first, last, 0);
    this.rmp.validate(first, last);
  }

  /**
   * OVMF in PEI and DXE (edk2 c5aa7e7 OvmfPkg/Library/BaseMemEncryptSevLib): through the GHCB.
   * Its buffers of 506 entries are two full requests, so requests fill up across buffers.
   */
  firmwareAccept(start: number, end: number): void {
    this.#accept(start, end, OVMF_ENTRIES_PER_EXIT);
  }

  /** 6.12 arch/x86/boot/compressed/sev.c: snp_accept_memory, page by page through the MSR protocol. */
  stubAccept(start: number, end: number): void {
    const [first, valid] = this.#unvalidated(start, end);
    chargeMsrPageStateChange(this.#ledger, valid - first);
    validateSmall(this.rmp, this.#ledger, this.#backing, first, valid);
    this.#stopIfValid(valid, end);
  }

  /** 6.12 arch/x86/coco/sev/core.c: set_pages_state, through the GHCB. */
  kernelAccept(start: number, end: number): void {
    this.#accept(start, end, LINUX_ENTRIES_PER_EXIT);
  }

  usableBytesIn(start: number, end: number): number {
    const [first, last] = pageRange(start, end);
    return this.rmp.validIn(first, last) * PAGE_SIZE;
  }

  /** Entries of 2 MiB where position and remaining length allow, of 4 KiB elsewhere. */
  #accept(start: number, end: number, entriesPerExit: number): void {
    const [first, valid] = this.#unvalidated(start, end);
    const spanPages = LEVEL_PAGES[1];
    const largeStart = Math.min(roundUp(first, spanPages), valid);
    const largeEnd = Math.max(roundDown(valid, spanPages), largeStart);
    const runs = {
      head: largeStart - first,
      large: (largeEnd - largeStart) / spanPages,
      tail: valid - largeEnd,
    };
    chargePageStateChange(this.#ledger, runs, valid - first, entriesPerExit);
    validateSmall(this.rmp, this.#ledger, this.#backing, first, largeStart);
    validateLarge(this.rmp, this.#ledger, this.#backing, largeStart, largeEnd);
    validateSmall(this.rmp, this.#ledger, this.#backing, largeEnd, valid);
    this.#stopIfValid(valid, end);
  }

  /** The part of a range up to its first validated page, in page frames. */
  #unvalidated(start: number, end: number): [first: number, valid: number] {
    const [first, last] = pageRange(start, end);
    return [first, this.rmp.firstValid(first, last)];
  }

  /** PVALIDATE with nothing to update sets the carry flag, and Linux and OVMF ask to be terminated. */
  #stopIfValid(pfn: number, end: number): void {
    if (pfn * PAGE_SIZE < end) throw new DoubleAcceptError(pfn * PAGE_SIZE, "the SNP guest terminates");
  }
}
