import type { AddressRange } from "../units.js";
import type { Edk2Build } from "./edk2.js";
import type { EfiMemoryDescriptor } from "./efi-memory-map.js";
import type { VmmKind } from "./vmm-ram.js";

/**
 * Takes what the firmware accepts. A platform implements it; one that keeps no time per CPU
 * ignores the last argument and leaves out the barrier.
 */
export interface FirmwareAccept {
  /** The firmware's own loop over [start, end), bytes, whole pages, on CPU `cpu`; 0 is the one that boots. */
  firmwareAccept(start: number, end: number, cpu: number): void;
  /** CPU 0 waits here until all others have finished what they were given. */
  firmwareBarrier?(): void;
}

export interface FirmwareMachine {
  /** RAM, ascending, whole MiB. */
  readonly ram: readonly AddressRange[];
  readonly vcpus: number;
  /**
   * The firmware accepts RAM below this physical address and leaves the rest to the kernel;
   * Infinity means all. edk2 knows 4 GiB only; smaller limits are those of vendors' firmware
   * (512 MiB) and of td-shim (256 MiB).
   */
  readonly preAcceptLimit: number;
  /** Whether it accepts more when it runs out of memory itself; edk2 does not. */
  readonly acceptOnDemand?: boolean;
  /** The image; firmware that is not edk2's does not look at it. */
  readonly build: Edk2Build;
  /** It boots with its code for S3; absent: as its version does. */
  readonly s3?: boolean;
  /** Address bits of its processors, of which the firmware maps all; absent: 40, or as many as RAM needs. */
  readonly physicalBits?: number;
  /** The machine has the hole of AMD's IOMMUs below 1 TiB. */
  readonly isAmd?: boolean;
  /** Whose machine it is; absent: a q35 of QEMU. */
  readonly vmm?: VmmKind;
}

export type FirmwareModel =
  | "tdvf"
  | "tdvf-2022"
  | "td-shim"
  | "ovmf-snp"
  | "ovmf-snp-2022"
  | "ovmf-snp-no-protocol"
  | "ovmf";

/** Which firmware starts the guest; `auto` is the usual one of the platform. */
export type FirmwareName = "auto" | FirmwareModel;

export interface Edk2Traits {
  /** What the image lies in: flash, whose variables the guest keeps, or nothing but RAM (QEMU's `-bios`). */
  readonly image: "flash" | "bios";
  /** Whether RAM below 1 MiB has a hole for VGA and ROMs. */
  readonly legacyHole: boolean;
  s3(build: Edk2Build): boolean;
  /** Pages that stay the platform's, at addresses of their own, and how many reserved ones wherever there is room. */
  holds(build: Edk2Build): readonly EfiMemoryDescriptor[];
  reservedPages(vcpus: number): number;
  /** Blocks of the pool of type ACPI reclaim that it takes before the kernel runs, in bytes. */
  acpiBlocks(build: Edk2Build): readonly number[];
}

export interface Firmware {
  readonly name: FirmwareModel;
  readonly summary: string;
  /** What it takes `preAcceptLimit` for: RAM below that address is accepted, or so much of RAM from its start. */
  readonly limitIs: "address" | "amount";
  /** The stable tag of edk2 that it stands for, whatever a scenario says; absent where that decides. */
  readonly version?: string;
  /**
   * RAM that the VMM puts into the guest before it runs (measured, part of the firmware): it is
   * private and usable from the start and nobody accepts it.
   */
  launchRanges(build: Edk2Build): readonly AddressRange[];
  /**
   * Pages of `launchRanges` that a coprocessor of the host takes in one by one, besides the image's own; absent
   * where the VMM does so itself, as part of the launch.
   */
  measuredPages?(build: Edk2Build): number;
  /**
   * Whether it can offer a protocol through which a kernel asks for unaccepted memory, and accepts
   * everything at ExitBootServices for a kernel that does not ask.
   */
  readonly acceptanceProtocol: boolean;
  /**
   * How it tells what is unaccepted: with memory of type 15 in the map of UEFI, from which a stub
   * makes its own record, or with RAM in the e820 table and a bitmap that the zero page points to.
   */
  readonly report: "efi" | "zero-page";
  /** How edk2's map looks on its platform; absent for a firmware that is not edk2's. */
  readonly edk2?: Edk2Traits;
  /** Addresses of devices below 4 GiB that it makes shared as a whole, in one range; absent: it does not. */
  sharedDevices?(ram: readonly AddressRange[]): AddressRange;
  /** Why this image does not come through its PEI phase on such a machine, if so. */
  fails?(machine: FirmwareMachine): string | undefined;
  /** Accepts what this firmware accepts before it starts the kernel; returns the RAM it leaves unaccepted, ascending. */
  preAccept(machine: FirmwareMachine, sink: FirmwareAccept): AddressRange[];
}
