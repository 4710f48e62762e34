/** Fields of a scenario for the machine as its kernel finds it: the VMM's layout, or a map with all that belongs to it. */

import type { Need, Problem } from "../fields/field.js";
import { MAX_SLOTS } from "../firmware/hotplug-window.js";
import { VMM_KINDS, type VmmKind } from "../firmware/vmm-ram.js";
import { BUILD_NAMES } from "../linux/kernel-build.js";
import { cpusOf } from "../x86/cpu-list.js";
import { MEMORY_TYPES, type MemoryType } from "../x86/memory-map.js";
import { LOW_MEMORY_OPTION, MORE_MEMORY_OPTION, ROOM_TO_PLUG_IN } from "./needs.js";

export const VMM = {
  /** What most confidential guests run on. */
  kind: {
    is: "choice",
    of: VMM_KINDS as readonly VmmKind[],
    default: "q35",
    what: "where RAM lies: q35 (2 GiB below 4 GiB, or all of less than 2.75 GiB), i440fx (3 GiB, or all of less than 3.5 GiB), cloud-hypervisor (3 GiB, as in Google's cloud), firecracker (3 GiB, and none from 256 to 512 GiB), firecracker-1.12 (3.25 GiB, in releases up to that), crosvm and libkrun (3.25 GiB)",
  },
  lowMemory: {
    is: "size",
    needs: [LOW_MEMORY_OPTION] as readonly Need[],
    expected: "a size from 256MiB to 4GiB in whole MiB",
    min: "256MiB",
    max: "4GiB",
    multipleOf: "1MiB",
    examples: ["1GiB", "2GiB"],
    byDefault: "that of the kind",
    what: "RAM below 4 GiB at most (max-ram-below-4g of QEMU's machines, --pci mem of crosvm)",
  },
  /** QEMU 10.1 hw/core/machine.c: machine_set_mem. */
  maxMemory: {
    is: "size",
    needs: [MORE_MEMORY_OPTION] as readonly Need[],
    max: "4096TiB",
    multipleOf: "1MiB",
    expected: "a size in whole MiB that is not below memory, such as 64GiB",
    examples: ["64GiB"],
    byDefault: "room for what hotplug plugs in",
    what: "memory of the guest with all that can be plugged in (QEMU's maxmem): the machine keeps addresses behind its RAM for it",
  },
  /** QEMU 10.1 hw/i386/pc.c: pc_get_device_memory_range, enforce_aligned_dimm. */
  slots: {
    is: "count",
    min: 0,
    max: MAX_SLOTS as 256,
    needs: [ROOM_TO_PLUG_IN] as readonly Need[],
    default: 0,
    what: "most memory devices that can be plugged in (QEMU's slots); for each the window is 1 GiB longer",
  },
} as const;

/** Addresses, which a file writes as a number such as 0x100000 or as a size. */
const START = {
  is: "size",
  as: "start",
  expected: "an address such as 0x100000 or 1MiB",
  max: "4096TiB",
  examples: ["1MiB", "4GiB"],
  varies: "never",
  required: true,
  what: "first byte of the range",
} as const;

const END = {
  is: "size",
  as: "end",
  expected: "an address such as 0x100000 or 1MiB",
  max: "4096TiB",
  examples: ["1MiB", "4GiB"],
  varies: "never",
  required: true,
  what: "first byte after the range",
} as const;

const RANGE = { start: START as typeof START, end: END as typeof END } as const;

export const MEMORY_MAP = {
  start: START as typeof START,
  end: END as typeof END,
  /** arch/x86/kernel/e820.c: e820_print_type; drivers/firmware/efi/efi.c: memory_type_name. */
  type: {
    is: "choice",
    of: MEMORY_TYPES as readonly MemoryType[],
    required: true,
    varies: "never",
    what: "what a kernel calls it: in an e820 table usable, reserved, ACPI data, ACPI NVS, unusable, soft reserved or persistent; of a map of UEFI also unaccepted, boot services (code or data) and MMIO, while code and data of the loader are usable",
  },
} as const;

export const NUMA = {
  start: START as typeof START,
  end: END as typeof END,
  node: {
    is: "count",
    min: 0,
    max: 1023,
    required: true,
    varies: "never",
    what: "number of the node",
  },
  cpus: {
    is: "text",
    expected: "CPUs such as 0-3,8",
    check: checkCpus as (value: string) => Problem | undefined,
    examples: ["0-3,8"],
    varies: "never",
    byDefault: "none; CPUs that are named nowhere belong to node 0",
    what: "CPUs of the node, said with one of its ranges",
  },
} as const;

export const HAND_OVER = {
  kernelStart: {
    is: "size",
    as: "kernelStart",
    expected: "an address in whole 2MiB such as 16MiB",
    max: "4096TiB",
    varies: "never",
    multipleOf: "2MiB",
    examples: ["16MiB"],
    byDefault: "the first place from 16 MiB on, or one by the seed with guest.kaslr",
    what: "where the unpacked kernel lies",
  },
  initrd: {
    is: "section",
    optional: true,
    fields: RANGE as typeof RANGE,
    what: "the initrd byte by byte, as RAMDISK prints it, or an empty range for none; by default that of the workload, below 2 GiB",
  },
  setupData: {
    is: "list",
    fields: RANGE as typeof RANGE,
    what: "data that the boot loader leaves, byte by byte (setup_data)",
  },
  acpiTables: {
    is: "list",
    fields: {
      start: START as typeof START,
      end: END as typeof END,
      signature: {
        is: "text",
        required: true,
        expected: "four letters such as FACP",
        check: checkSignature as (value: string) => Problem | undefined,
        examples: ["FACP"],
        varies: "never",
        what: "name of the table",
      },
    } as const,
    what: "ACPI tables byte by byte, in the order in which the kernel reserves them; by default QEMU's, in the map's highest ACPI data below 4 GiB",
  },
  ioapics: {
    is: "count",
    min: 0,
    max: 64,
    default: 1,
    varies: "never",
    what: "IOAPICs of the machine",
  },
  /** A kernel uses five levels where processor and configuration have them. */
  fiveLevel: {
    is: "flag",
    varies: "never",
    byDefault: "true for RAM above 64 TiB",
    what: "whether the kernel uses page tables of five levels",
  },
  commandLineLength: {
    is: "count",
    min: 0,
    max: 2047,
    varies: "never",
    byDefault: "that of guest.commandLine",
    what: "characters of the kernel's command line with all words, of which guest.commandLine has those that act",
  },
  unknownOptions: {
    is: "text",
    varies: "never",
    default: "",
    what: "words of the command line that the kernel does not know, as it prints them",
  },
  efi: {
    is: "section",
    optional: true,
    what: "where the EFI stub has put what it hands over; by default in the map's highest ACPI data below 4 GiB that has room, if there is a map of UEFI",
    fields: {
      memoryMap: {
        is: "section",
        optional: true,
        fields: RANGE as typeof RANGE,
        what: "the kernel's copy of the map, byte by byte",
      },
      unacceptedTable: {
        is: "size",
        as: "unacceptedTable",
        expected: "an address such as 0x100000 or 1MiB",
        max: "4096TiB",
        examples: ["1MiB", "4GiB"],
        varies: "never",
        byDefault: "behind the others",
        what: "first byte of the table of unaccepted memory (Unaccepted= of the efi: line)",
      },
      keptTables: {
        is: "list",
        fields: RANGE as typeof RANGE,
        what: "configuration tables that the kernel keeps, byte by byte, such as that of memory attributes",
      },
    },
  },
} as const;

export const KERNEL_BUILD = {
  of: {
    is: "choice",
    of: BUILD_NAMES as readonly string[],
    byDefault: "that of `kernel`, or of the release before it that was measured",
    what: "which measured build the kernel is, or is like but for what else is said here",
  },
  code: {
    is: "size",
    expected: "a size such as 17852KiB",
    min: 1,
    max: "1GiB",
    examples: ["17852KiB"],
    byDefault: "that of the build",
    what: "kernel code of the line Memory:; the image is computed from its five sizes, which are said together",
  },
  rwdata: {
    is: "size",
    expected: "a size such as 3437KiB",
    min: 1,
    max: "1GiB",
    examples: ["3437KiB"],
    byDefault: "that of the build",
    what: "rwdata of that line",
  },
  rodata: {
    is: "size",
    expected: "a size such as 13728KiB",
    min: 1,
    max: "1GiB",
    examples: ["13728KiB"],
    byDefault: "that of the build",
    what: "rodata of that line",
  },
  init: {
    is: "size",
    expected: "a size such as 4412KiB",
    min: 1,
    max: "1GiB",
    examples: ["4412KiB"],
    byDefault: "that of the build",
    what: "init of that line",
  },
  bss: {
    is: "size",
    expected: "a size such as 5136KiB",
    min: 1,
    max: "1GiB",
    examples: ["5136KiB"],
    byDefault: "that of the build",
    what: "bss of that line",
  },
  image: {
    is: "size",
    expected: "a size such as 50MiB",
    min: 1,
    max: "1GiB",
    examples: ["50MiB"],
    byDefault: "that of the build",
    what: "from the first byte of code to the end of bss (/proc/iomem), in the place of the five sizes",
  },
  percpuStatic: {
    is: "size",
    expected: "a size such as 221184",
    min: 1,
    max: "1GiB",
    examples: ["221184"],
    byDefault: "that of the build",
    what: "s of the line percpu: Embedded",
  },
  percpuReserved: {
    is: "size",
    expected: "a size such as 8KiB",
    min: 0,
    max: "1GiB",
    examples: ["8KiB"],
    byDefault: "that of the build",
    what: "r of that line",
  },
  percpuDynamic: {
    is: "size",
    expected: "a size such as 28KiB",
    min: 1,
    max: "1GiB",
    examples: ["28KiB"],
    byDefault: "that of the build",
    what: "d of that line",
  },
  nodeData: {
    is: "size",
    expected: "a size such as 176320",
    min: 1,
    max: "1GiB",
    examples: ["176320"],
    byDefault: "that of the build",
    what: "bytes of NODE_DATA(0)",
  },
} as const;

type Sections = Readonly<Partial<Record<SectionKey, unknown>>>;
const SECTIONS = ["code", "rwdata", "rodata", "init", "bss"] as const;
type SectionKey = (typeof SECTIONS)[number] | "image";

/** The image is said in one way, and whole. */
export function checkKernelBuild(build: Sections): Problem[] {
  const missing = SECTIONS.filter((key) => build[key] === undefined);
  const said = SECTIONS.filter((key) => build[key] !== undefined);
  if (said.length === 0) return [];
  if (missing.length > 0) {
    const message = `expected ${SECTIONS.join(", ")} together or none of them`;
    return [{ message, hint: `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not said` }];
  }
  return build.image === undefined
    ? []
    : [{ message: "expected it in the place of code, rwdata, rodata, init, bss", path: ["image"] }];
}

function checkCpus(text: string): Problem | undefined {
  return cpusOf(text) === undefined ? { message: "expected CPUs such as 0-3,8, each once" } : undefined;
}

function checkSignature(text: string): Problem | undefined {
  return /^\w{4}$/.test(text) ? undefined : { message: "expected four letters such as FACP" };
}
