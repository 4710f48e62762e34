import { GuestEnded } from "../sim/guest-ended.js";

/**
 * The guest accepted a page that it had accepted before. Whoever could talk a guest into
 * that could swap the page below it, so guests stop: Linux panics on TDX, and asks to be
 * terminated on SNP.
 */
export class DoubleAcceptError extends GuestEnded {
  override readonly name = "DoubleAcceptError";
  /** Physical address of the first such page. */
  readonly address: number;

  /**
   * @param address physical address of the page
   * @param consequence what the guest does, as a clause: `the kernel panics`
   */
  constructor(address: number, consequence: string) {
    super("terminated", `page 0x${address.toString(16)} is accepted already; ${consequence}`);
    this.address = address;
  }
}
