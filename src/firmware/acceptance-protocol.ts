/**
 * The handshake between firmware and kernel about unaccepted memory (edk2 c5aa7e7
 * OvmfPkg/AmdSevDxe/AmdSevDxe.c, January 2023). A kernel that understands unaccepted memory
 * says so before it leaves the firmware; for every other one the firmware accepts everything
 * at the last moment, on one CPU.
 *
 * TDVF has nothing like it. With it a TDX guest is a what-if: the same rule on the other platform.
 */

import { type EfiMemoryDescriptor, EfiMemoryType } from "./efi-memory-map.js";
import type { FirmwareAccept } from "./firmware.js";

/** State of the protocol for one boot. */
export class AcceptanceProtocol {
  readonly #sink: FirmwareAccept;
  #acceptAllAtExit = true;

  constructor(sink: FirmwareAccept) {
    this.#sink = sink;
  }

  /** The kernel takes memory as it is. Asking twice is the same as asking once. */
  allowUnacceptedMemory(): void {
    this.#acceptAllAtExit = false;
  }

  /**
   * What happens before boot services end: accepts all memory of type 15, which then is
   * ordinary memory, unless the kernel asked for it.
   *
   * @returns the map afterwards, the very same object when nothing was accepted
   */
  beforeExit(map: readonly EfiMemoryDescriptor[]): readonly EfiMemoryDescriptor[] {
    if (!this.#acceptAllAtExit || map.every(({ type }) => type !== EfiMemoryType.UNACCEPTED)) return map;
    return map.map((descriptor) => {
      if (descriptor.type !== EfiMemoryType.UNACCEPTED) return descriptor;
      this.#sink.firmwareAccept(descriptor.start, descriptor.end, 0);
      return { ...descriptor, type: EfiMemoryType.CONVENTIONAL };
    });
  }
}
