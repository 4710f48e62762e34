/** Why the host cannot use its TDX module, as a sentence: an outcome of the start, not a bug. */
export class TdxModuleError extends Error {
  /** @param reason a sentence */
  constructor(reason: string) {
    super(reason);
    this.name = "TdxModuleError";
  }
}

/** A range of addresses as the kernel prints it. */
export function printRange({ start, end }: { readonly start: number; readonly end: number }): string {
  return `[0x${start.toString(16)}, 0x${end.toString(16)})`;
}
