import type { TrackedRange } from "../accept/e820-ranges.js";
import type { AddressRange } from "../units.js";
import type { EarlyBoot } from "./early-machine.js";

/** The memory that a kernel had taken when setup_arch() ended, by who had accepted it; bytes. */
export interface SetupArchUse {
  /** The firmware, or the VMM at launch. */
  readonly firmwareBytes: number;
  /** The stub, or the decompressor after it. */
  readonly stubBytes: number;
  /** Nobody before the kernel. */
  readonly kernelBytes: number;
  /** Accepted by the kernel by then: more than it took, because of whole units and memory it gave back. */
  readonly acceptedBytes: number;
}

/**
 * Sums up what memblock had reserved of RAM when setup_arch() ended: the image and what was loaded with it,
 * page tables, struct pages. "Ideally it need to stay within memory accepted by decompression code for
 * initial boot" (Kirill A. Shutemov, "AMD SEV-SNP/Intel TDX: validation of memory pages", February 2021).
 *
 * @param map the kernel's memory when it began, by what it knew to be accepted
 * @param stubRanges what the stub had accepted, which do not overlap
 */
export function setupArchUse(
  { afterSetupArch }: EarlyBoot,
  map: readonly TrackedRange[],
  stubRanges: readonly AddressRange[],
): SetupArchUse | undefined {
  if (afterSetupArch === undefined) return undefined;
  const { reserved, unacceptedBytes } = afterSetupArch;
  const ram = map.filter(({ kind }) => kind !== "other");
  const unaccepted = ram.filter(({ kind }) => kind === "unaccepted");
  const usedBytes = overlapBytes(reserved, ram);
  const stubBytes = overlapBytes(reserved, stubRanges);
  // A kernel that does not know what the stub accepted takes it for unaccepted.
  const unknown = stubRanges.filter(({ start }) =>
    unaccepted.some((range) => range.start <= start && start < range.end),
  );
  const kernelBytes = overlapBytes(reserved, unaccepted) - overlapBytes(reserved, unknown);
  return {
    firmwareBytes: usedBytes - stubBytes - kernelBytes,
    stubBytes,
    kernelBytes,
    acceptedBytes: unaccepted.reduce((sum, { start, end }) => sum + end - start, 0) - unacceptedBytes,
  };
}

/** Bytes that are in a range of both lists, each without overlaps of its own. */
function overlapBytes(one: readonly AddressRange[], other: readonly AddressRange[]): number {
  let bytes = 0;
  for (const { start, end } of one) {
    for (const range of other) bytes += Math.max(0, Math.min(end, range.end) - Math.max(start, range.start));
  }
  return bytes;
}
