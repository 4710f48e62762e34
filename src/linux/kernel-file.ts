/** The file that a kernel comes as, of which a firmware that loads it needs to know the size. */

import { PAGE_SIZE } from "../units.js";
import type { KernelBuild } from "./kernel-build.js";

export interface KernelFile {
  /** The compressed file (bzImage), in whole pages. */
  readonly fileBytes: number;
  /** The same as a program of EFI in memory (SizeOfImage of its PE header). */
  readonly imageBytes: number;
}

/**
 * Debian's cloud kernels 6.12.117 and 7.3.4, as the firmware's memory maps show them (boot logs with `efi=debug`,
 * recorded 2026-11).
 */
const FILES: Readonly<Record<string, KernelFile>> = {
  "6.12": { fileBytes: 2866 * PAGE_SIZE, imageBytes: 2967 * PAGE_SIZE },
  "7.3": { fileBytes: 3410 * PAGE_SIZE, imageBytes: 3517 * PAGE_SIZE },
};

/** That other kernels are as large as the one of 6.12 is assumed. */
export function kernelFile({ release }: Pick<KernelBuild, "release">): KernelFile {
  const series = /^\d+\.\d+/.exec(release)?.[0] ?? "";
  return FILES[series] ?? FILES["6.12"]!;
}
