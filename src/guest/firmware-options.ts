/** Fields of a scenario for the firmware that starts the guest. */

import type { Need, Problem, Quantity } from "../fields/field.js";
import {
  EDK2_CHANGES,
  EXPECTED_VERSION,
  edk2VersionOf,
  FLAVOURS,
  type Flavour,
  NEWEST_EDK2,
} from "../firmware/edk2.js";
import type { FirmwareName } from "../firmware/firmware.js";
import { FIRMWARE_NAMES } from "../firmware/firmwares.js";
import { HOTPLUG_WINDOWS, type HotplugWindowReport } from "../firmware/hotplug-window.js";
import { HIGH_MEMORY, type HighMemory } from "../firmware/start.js";
import {
  CODE_FOR_S3,
  CONFIDENTIAL,
  FIRMWARE_THAT_LEAVES_MEMORY,
  FIRMWARE_WITH_LIMIT,
  HIGH_MEMORY_OPEN,
  MAP_OF_TYPE_15,
  NO_MAP,
  ROOM_TO_PLUG_IN,
} from "./needs.js";

export const FIRMWARE = {
  preset: {
    is: "choice",
    of: FIRMWARE_NAMES as readonly FirmwareName[],
    default: "auto",
    what: "which firmware starts the guest; auto is tdvf for tdx, ovmf-snp for snp, ovmf for none; those of 2022 accept everything; td-shim and ovmf-snp-no-protocol do not go with policy firmware-delegated",
  },
  /** The newest that maps were recorded of, 2026-11. */
  version: {
    is: "text",
    orNumber: true,
    expected: EXPECTED_VERSION as string,
    check: checkVersion as (value: Quantity) => Problem | undefined,
    read: edk2VersionOf as (value: Quantity) => string | undefined,
    examples: ["2022.11", "2025.02", "2026.08"],
    default: NEWEST_EDK2 as string,
    what: "stable tag of edk2 that the firmware was built from; td-shim and the presets of 2022 have none to choose",
    more: `What changed: ${[...new Set(EDK2_CHANGES.map(({ since, what }) => `${what} (${since})`))].join("; ")}.` as string,
  },
  flavour: {
    is: "choice",
    of: FLAVOURS as readonly Flavour[],
    byDefault: "inteltdx for tdx, generic for others",
    what: "platform file of edk2 that it was built from: generic (OvmfPkgX64), inteltdx (IntelTdxX64), which starts no snp guest, amdsev (AmdSevX64), which starts no tdx guest",
  },
  /** OvmfPkg/Include/Fdf/OvmfPkgDefines.fdf.inc: FD_SIZE_IN_KB 4096, the default; OvmfPkg/AmdSev/AmdSevX64.fdf: 4 MiB. */
  imageSize: {
    is: "size",
    on: ["snp"],
    min: "1MiB",
    max: "16MiB",
    multipleOf: "4KiB",
    examples: ["4MiB", "1MiB"],
    default: "4MiB",
    what: "size of the firmware's image, which the VMM has encrypted and measured page by page",
  },
  /** OvmfPkg/Library/PlatformInitLib: PlatformInfoHob S3Supported; QEMU offers S3 unless told not to. */
  s3: {
    is: "flag",
    needs: [CODE_FOR_S3, NO_MAP] as readonly Need[],
    byDefault: "false for tdx and snp since 2026.02, otherwise true",
    what: "whether the firmware keeps memory for a resume from S3, which the guest never gets back; the inteltdx image has no code for it",
  },
  /** TDX: OvmfPkg/ResetVector/X64/IntelTdxMetadata.asm; SNP: OvmfPkg/ResetVector/X64/OvmfSevMetadata.asm. */
  metadata: {
    is: "flag",
    needs: [CONFIDENTIAL] as readonly Need[],
    byDefault: "as upstream: true",
    what: "whether the image tells the VMM what a tdx or snp guest has to find where; of Debian's 2022.11 only the images of 2 MiB did",
  },
  /**
   * Both TDVF and OVMF accept everything below 4 GiB (edk2 c5aa7e7
   * OvmfPkg/IntelTdx/TdxHelperLib/SecTdxHelper.c, OvmfPkg/PlatformPei/AmdSev.c).
   */
  preAcceptLimit: {
    is: "size",
    needs: [CONFIDENTIAL, FIRMWARE_WITH_LIMIT, NO_MAP] as readonly Need[],
    expected: "an address in whole MiB such as 4GiB, or all",
    max: "4096TiB",
    multipleOf: "1MiB",
    orAll: true,
    examples: ["4GiB", "512MiB", "all"],
    default: "4GiB",
    defaultFor: { preset: { "td-shim": "256MiB" } },
    what: "the firmware accepts memory below this physical address before it starts the kernel; for td-shim it is an amount from address 0 on",
  },
  /**
   * A VMM loads what the firmware's metadata names, and leaves RAM to the firmware (QEMU
   * target/i386/kvm/tdx.c: tdx_finalize_vm; target/i386/sev.c: snp_populate_metadata_pages).
   */
  preAcceptBy: {
    is: "choice",
    needs: [CONFIDENTIAL] as readonly Need[],
    of: ["firmware", "vmm"],
    default: "firmware",
    what: "who accepts that memory: the firmware, or the VMM, which puts it into the guest before that runs",
  },
  acceptAll: {
    is: "flag",
    needs: [CONFIDENTIAL, FIRMWARE_THAT_LEAVES_MEMORY] as readonly Need[],
    default: false,
    what: "whether the VMM or a switch of the firmware makes it accept everything",
  },
  acceptOnDemand: {
    is: "flag",
    needs: [CONFIDENTIAL, NO_MAP] as readonly Need[],
    default: false,
    what: "whether the firmware accepts more memory when it runs out of it, which edk2 does not",
  },
  highMemory: {
    is: "choice",
    needs: [CONFIDENTIAL, HIGH_MEMORY_OPEN, NO_MAP] as readonly Need[],
    of: HIGH_MEMORY as readonly HighMemory[],
    default: "type-15",
    what: "how the firmware tells of memory that it leaves unaccepted: in its map, as ACPI memory devices whose blocks it accepts when they go online, or in both ways",
  },
  /** A draft of 2026-07, in no stable tag (edk2 issue 12810, pull request 12811). */
  hotplugWindow: {
    is: "choice",
    needs: [CONFIDENTIAL, MAP_OF_TYPE_15, ROOM_TO_PLUG_IN] as readonly Need[],
    of: HOTPLUG_WINDOWS as readonly HotplugWindowReport[],
    default: "none",
    what: "whether the firmware's map has the addresses for memory that may be plugged in as unaccepted memory (EFI_MEMORY_UHP, a draft of 2026), so that the kernel's table covers them",
  },
} as const;

function checkVersion(value: Quantity): Problem | undefined {
  return edk2VersionOf(value) === undefined ? { message: `expected ${EXPECTED_VERSION}` } : undefined;
}
