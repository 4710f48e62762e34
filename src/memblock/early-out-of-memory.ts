/** The kernel panics, because memblock has no memory for what it cannot start without. */
export class EarlyOutOfMemory extends Error {
  override readonly name = "EarlyOutOfMemory";

  /** @param what it wanted memory for */
  constructor(what: string) {
    super(`the kernel panics without memory for ${what}`);
  }
}
