/** Guests that claims need, and what is read off their runs. */

import type { RunResult } from "../results/row.js";
import { type Setup, UNPUBLISHED_KERNEL } from "./claim.js";

type Kind = "none" | "tdx" | "snp";

export function guest(platform: Kind, memory: string, vcpus: number, more: Partial<Setup> = {}): Setup {
  return { kernel: UNPUBLISHED_KERNEL, platform, memory, vcpus, ...more };
}

/** A TDX guest whose firmware accepts so much. Kata's and Intel's builds of TDVF take 512 MiB by default. */
export function tdx(
  memory: string,
  vcpus: number,
  preAcceptLimit: "all" | "512MiB",
  more?: Partial<Setup>,
): Setup {
  return guest("tdx", memory, vcpus, { ...more, firmware: { preAcceptLimit } });
}

export function bootSeconds({ bootTimeNs }: RunResult): number {
  return bootTimeNs / 1e9;
}

export function phaseNs({ phases }: RunResult, phase: string): number {
  return phases.find(({ name }) => name === phase)?.ns ?? 0;
}

/** What follows the firmware. */
export function kernelNs({ phases }: RunResult): number {
  const firmware = phases.findIndex(({ name }) => name === "firmware");
  return phases.slice(firmware + 1).reduce((sum, { ns }) => sum + ns, 0);
}
