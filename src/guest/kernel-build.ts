/** The build of a guest's kernel. */

import { buildNamed, buildOf, type KernelBuild } from "../linux/kernel-build.js";
import { MiB, roundUp } from "../units.js";
import type { GuestOptions } from "./options.js";

/** That of its release, unless the scenario names another one. */
export function kernelBuildOf({ guest, kernel }: GuestOptions): KernelBuild {
  const { of } = guest.kernelBuild;
  return of === undefined ? buildOf("cloud", kernel) : buildNamed(of);
}

/** Bytes of the unpacked kernel with the brk area behind it, in whole 2 MiB. */
export function kernelBytesOf({ imageBytes }: KernelBuild): number {
  return roundUp(imageBytes + 2 * MiB, 2 * MiB);
}
