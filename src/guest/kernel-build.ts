/** The build of a guest's kernel. */

import { buildNamed, buildOf, imageBytesOf, type KernelBuild } from "../linux/kernel-build.js";
import { MiB, roundUp } from "../units.js";
import type { GuestOptions } from "./options.js";

/** That of its release, unless the scenario names another one or says its sizes. */
export function kernelBuildOf({ guest, kernel }: Pick<GuestOptions, "guest" | "kernel">): KernelBuild {
  const { kernelBuild: said } = guest;
  const base = said.of === undefined ? buildOf("cloud", kernel) : buildNamed(said.of);
  const { percpu } = base;
  return {
    ...base,
    imageBytes: said.imageBytes ?? sectionsImage(said) ?? base.imageBytes,
    pglistDataBytes: said.nodeDataBytes ?? base.pglistDataBytes,
    percpu: {
      ...percpu,
      staticBytes: said.percpuStaticBytes ?? percpu.staticBytes,
      reservedBytes: said.percpuReservedBytes ?? percpu.reservedBytes,
      dynamicBytes: said.percpuDynamicBytes ?? percpu.dynamicBytes,
    },
  };
}

function sectionsImage(said: GuestOptions["guest"]["kernelBuild"]): number | undefined {
  const { codeBytes: code, rwdataBytes, rodataBytes, initBytes, bssBytes } = said;
  if (code === undefined) return undefined;
  return imageBytesOf({
    code,
    rwdata: rwdataBytes!,
    rodata: rodataBytes!,
    init: initBytes!,
    bss: bssBytes!,
  });
}

/** Bytes of the unpacked kernel with the brk area behind it, in whole 2 MiB. */
export function kernelBytesOf({ imageBytes }: KernelBuild): number {
  return roundUp(imageBytes + 2 * MiB, 2 * MiB);
}
