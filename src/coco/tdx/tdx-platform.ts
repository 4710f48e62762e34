import type { CostLedger } from "../../sim/cost-ledger.js";
import { PAGE_SIZE } from "../../units.js";
import { DoubleAcceptError } from "../double-accept-error.js";
import { type PageLevel, pageLevel, pageRange } from "../page-level.js";
import type { CocoPlatform, PlatformKind } from "../platform.js";
import { firmwareAccept } from "./firmware-accept.js";
import { guestAccept } from "./guest-accept.js";
import { SecureEpt } from "./secure-ept.js";

/** Intel TDX: the guest accepts pages with TDCALLs, the host maps them when the first one faults. */
export class TdxPlatform implements CocoPlatform {
  readonly name: PlatformKind = "tdx";
  readonly sept: SecureEpt = new SecureEpt();
  /** Accepts by the firmware that met an accepted page. */
  firmwareDuplicates = 0;
  readonly #ledger: CostLedger;
  readonly #hostLevel: PageLevel;

  /** @param hostPageSizeBytes largest page the host maps private memory with; KVM as merged in 6.16: 4 KiB */
  constructor(ledger: CostLedger, hostPageSizeBytes: number) {
    this.#ledger = ledger;
    this.#hostLevel = pageLevel(hostPageSizeBytes);
  }

  get acceptedPages(): number {
    return this.sept.mappedPages;
  }

  get privatePages(): number {
    return this.sept.backedPages;
  }

  get tablePages(): number {
    return this.sept.tables.pages;
  }

  launchPages(start: number, end: number): void {
    const [first, last] = pageRange(start, end);
    this.sept.map(first, last, 0);
  }

  firmwareAccept(start: number, end: number): void {
    const [first, last] = pageRange(start, end);
    this.firmwareDuplicates += firmwareAccept(this.sept, this.#ledger, this.#hostLevel, first, last);
  }

  /** The stub and the decompressor share their loop with the kernel. */
  stubAccept(start: number, end: number): void {
    this.kernelAccept(start, end);
  }

  kernelAccept(start: number, end: number): void {
    const [first, last] = pageRange(start, end);
    const mapped = this.sept.firstMapped(first, last);
    guestAccept(this.sept, this.#ledger, this.#hostLevel, first, mapped);
    if (mapped < last) throw new DoubleAcceptError(mapped * PAGE_SIZE, "the TDX guest panics");
  }

  usableBytesIn(start: number, end: number): number {
    const [first, last] = pageRange(start, end);
    return this.sept.mappedIn(first, last) * PAGE_SIZE;
  }
}
