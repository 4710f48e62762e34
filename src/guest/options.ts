import { ACCEPTANCE_RECORDS, type AcceptanceRecord } from "../accept/e820-ranges.js";
import { TOUCH_CONTEXTS, type TouchContext } from "../accept/fault-acceptance.js";
import type { PlatformKind } from "../coco/platforms.js";
import type { PriceSet } from "../coco/price-set.js";
import {
  BOOT_LOADERS,
  type BootLoader,
  UNACCEPTED_SUPPORT,
  type UnacceptedSupport,
} from "../efistub/exit-boot-services.js";
import type { Need, Problem, SettledOf } from "../fields/field.js";
import type { Strategy } from "../policy/policy.js";
import { checkCommandLine } from "../x86/check-command-line.js";
import { SPLIT_TABLES, type SplitTables } from "../x86/table-pages.js";
import type { FIRMWARE } from "./firmware-options.js";
import type { HOST } from "./host-options.js";
import {
  checkKernelBuild,
  type HAND_OVER,
  KERNEL_BUILD,
  type MEMORY_MAP,
  type NUMA,
  type VMM,
} from "./machine-options.js";
import {
  ACCEPTS_EARLY,
  ACCEPTS_ON_TOUCH,
  ACPI_MEMORY,
  CONFIDENTIAL,
  KERNEL_MAY_MOVE,
  NO_MAP,
  ROOM_FOR_HUGE_PAGES,
  SPLITS_ON_MANY_CPUS,
  UEFI,
  WINDOW_REPORTED,
} from "./needs.js";

export const GUEST = {
  kernelBuild: {
    is: "section",
    short: "of",
    fields: KERNEL_BUILD as typeof KERNEL_BUILD,
    check: checkKernelBuild as (value: never) => Problem[],
    byDefault: "that of `kernel`",
    what: "sizes of the kernel's image and tables, or the name of a measured build that has them",
  },
  timeScale: {
    is: "number",
    expected: "a number above 0",
    above: 0,
    byDefault: "what the recording itself says",
    what: "guest work for each unit of recorded work",
  },
  /** Assumption: as with THP `always`. */
  transparentHugePages: {
    is: "flag",
    needs: [ROOM_FOR_HUGE_PAGES] as readonly Need[],
    default: true,
    what: "whether the guest kernel uses transparent huge pages, which raises its free-memory targets, so that it accepts earlier when accepted memory comes down to them",
  },
  commandLine: {
    is: "text",
    check: checkCommandLine as (value: string) => Problem | undefined,
    examples: ["mem=2G"],
    default: "",
    what: "more words for the kernel's command line; those that take memory or CPUs act as in the kernel, are refused, or the run says that it ignores them",
  },
  /**
   * Linux refuses to run otherwise (6.12 arch/x86/coco/tdx/tdx.c: disable_sept_ve), but for policies that live
   * on the exception; so the policy decides.
   */
  septVeDisable: {
    is: "flag",
    on: ["tdx"],
    byDefault: "true, but false for policies that live on the exception",
    what: "whether touching unaccepted memory ends the guest; otherwise it raises #VE",
  },
  /** Assumption: a guest without is the simpler one. */
  svsm: {
    is: "flag",
    on: ["snp"],
    default: false,
    what: "whether the guest runs below an SVSM, which validates pages for it",
  },
  /** Assumption: a guest without is the simpler one. */
  coherencyErratum: {
    is: "flag",
    on: ["snp"],
    default: false,
    what: "whether the guest has to touch each page it validates, as on processors with the erratum",
  },
  /** As every distribution boots Linux since 6.5. */
  unacceptedMemory: {
    is: "choice",
    needs: [CONFIDENTIAL] as readonly Need[],
    of: UNACCEPTED_SUPPORT as readonly UnacceptedSupport[],
    default: "asks",
    what: "what the kernel knows of unaccepted memory: asks (6.5 and later) takes it and tells the firmware, knows takes it, drops ignores it, zero-page keeps the bitmap of the series v10",
  },
  /** As every distribution boots Linux since 6.5. */
  bootLoader: {
    is: "choice",
    needs: [UEFI, NO_MAP] as readonly Need[],
    of: BOOT_LOADERS as readonly BootLoader[],
    default: "stub",
    what: "who ends boot services: the kernel's EFI stub, or a boot loader that drops unaccepted memory, makes the table for the kernel, makes one of another version, or has no room to spare for the firmware's map",
  },
  /** No release does; the draft's own kernel is a prototype. */
  knowsHotplugWindow: {
    is: "flag",
    needs: [CONFIDENTIAL, WINDOW_REPORTED] as readonly Need[],
    default: false,
    what: "whether the kernel knows the mark of a reported hot-plug window (EFI_MEMORY_UHP); one that does not takes the window for RAM",
  },
  firstTouch: {
    is: "choice",
    needs: [CONFIDENTIAL, ACCEPTS_ON_TOUCH] as readonly Need[],
    of: TOUCH_CONTEXTS as readonly TouchContext[],
    byDefault: "where a handler can run",
    what: "where the kernel is when it first touches unaccepted memory, for policies that accept by the exception; none of these places can take it",
  },
  /** smpboot: Allowing ... CPUs, ... hotplug CPUs. */
  hotplugCpus: {
    is: "count",
    min: 0,
    max: 8191,
    default: 0,
    what: "CPUs that could be plugged in later, for which the kernel sets memory aside at boot",
  },
  /** As in the recorded guests, whose addresses can be compared then. */
  kaslr: {
    is: "flag",
    needs: [KERNEL_MAY_MOVE] as readonly Need[],
    default: false,
    what: "whether the kernel lies at a random address, chosen by the seed; otherwise at the first from 16 MiB on, where generic images have their volumes up to 24 MiB",
  },
  checksAcpiMemory: {
    is: "flag",
    needs: [CONFIDENTIAL, ACPI_MEMORY] as readonly Need[],
    default: true,
    what: "whether the kernel looks into its map before it takes memory that ACPI describes",
  },
  /** Linux accepts whatever it allocates (6.12 mm/memblock.c: memblock_alloc_range_nid). */
  shareWithoutAccept: {
    is: "flag",
    needs: [CONFIDENTIAL] as readonly Need[],
    default: false,
    what: "whether the DMA bounce buffer becomes shared with the host without being accepted first",
  },
  /**
   * All releases: mem_encrypt_init(). Dstack's kernels wait on TDX until fs_initcall_sync
   * (0010-x86-tdx-convert-swiotlb-to-shared-after-smp-bringup.patch, 2026-09-14). Dynamic: kernel/dma/Kconfig of 6.6, which
   * says to make the first pool smaller by swiotlb=, as its size does not change by itself (swiotlb_init_remap).
   */
  swiotlb: {
    is: "choice",
    needs: [CONFIDENTIAL] as readonly Need[],
    of: ["early", "late", "dynamic"],
    default: "early",
    what: "when the DMA bounce buffer becomes shared: before other CPUs come up (early), or once they idle without a timer tick, at fs_initcall_sync (late, Dstack's patch of 2026 for tdx, in no release); dynamic is early with CONFIG_SWIOTLB_DYNAMIC, where the buffer grows by pools of up to 4 MiB when guest.bounced fills it, so that swiotlb= on the command line may make the first one small",
  },
  /** Assumption: what is in flight at once depends on devices and load. */
  bounced: {
    is: "size",
    needs: [CONFIDENTIAL] as readonly Need[],
    expected: "a size in whole pages such as 96MiB",
    max: "4GiB",
    multipleOf: "4KiB",
    examples: ["16MiB", "96MiB"],
    default: 0,
    what: "memory that devices have mapped through the DMA bounce buffer at once when init runs; the host backs that much of it",
  },
  /** No release does; a series for Linux of 2026-06, and paravisors where TDX Connect is on. */
  releasesBeforeSharing: {
    is: "flag",
    on: ["tdx"],
    default: false,
    what: "whether the kernel releases accepted pages before it makes them shared (TDG.MEM.PAGE.RELEASE), as TDX Connect wants it",
  },
  /** Linux shares the GHCB page of each CPU by itself (6.12 arch/x86/coco/sev/core.c: init_ghcb). */
  decryptedSection: {
    is: "flag",
    on: ["snp"],
    default: false,
    what: "whether the GHCB pages of all CPUs lie in one section that is shared as a whole",
  },
  /**
   * No release has one (mm/page_alloc.c: cond_accept_memory). Dstack's kernels keep 8 MiB ("mm/page_alloc: keep a
   * small accepted reserve before watermarks are initialized", 2026-09-14).
   */
  reserveBeforeWatermarks: {
    is: "size",
    needs: [CONFIDENTIAL, ACCEPTS_EARLY] as readonly Need[],
    expected: "a size in whole 4MiB",
    max: "1GiB",
    multipleOf: "4MiB",
    examples: ["8MiB"],
    default: 0,
    what: "free accepted memory of a zone with which an allocation accepts no further block while watermarks are still zero; 8MiB in Dstack's patch of 2026, in no release",
  },
  /** drivers/firmware/efi/unaccepted_memory.c, 6.5 and later. Policies that flag struct pages have no other record. */
  record: {
    is: "choice",
    needs: [CONFIDENTIAL] as readonly Need[],
    of: ACCEPTANCE_RECORDS as readonly AcceptanceRecord[],
    default: "bitmap",
    what: "where the kernel keeps what is accepted: the bitmap of 6.5, or ranges of its e820 table, of 128 entries (e820-zero-page) or 3200 (e820-kernel); where that is full, the smallest gap is accepted",
  },
  /** memblock does not ask what is accepted when it looks for a place (6.12 mm/memblock.c: memblock_find_in_range_node). */
  staysInAccepted: {
    is: "flag",
    needs: [CONFIDENTIAL] as readonly Need[],
    default: false,
    what: "whether the kernel takes memory that is accepted already until setup_arch() ends, while there is any below the first that is not",
  },
  /** 6.12 arch/x86/mm/init.c: alloc_low_pages, arch/x86/mm/pat/set_memory.c: split_large_page. */
  splitTables: {
    is: "choice",
    of: SPLIT_TABLES as readonly SplitTables[],
    default: "by-phase",
    what: "who hands out page tables when a leaf of the direct map is split: whoever can (by-phase), always the page allocator (slab), always memblock, or whoever can while memblock takes back what is left over (memblock-free)",
  },
  /** How often CPUs meet at one leaf depends on what they do. */
  splitRaces: {
    is: "flag",
    needs: [CONFIDENTIAL, SPLITS_ON_MANY_CPUS] as readonly Need[],
    default: false,
    what: "whether, once init runs, another CPU is first to split each leaf that a driver shares a part of; none is there with one CPU",
  },
  /** Assumption: drivers of virtio devices share what they allocate, how much depends on them. */
  dmaBuffers: {
    is: "count",
    min: 0,
    max: 1_048_576,
    default: 0,
    what: "pages of DMA memory that drivers allocate once init runs, each shared with the host by itself",
  },
} as const;

export interface GuestOptions {
  readonly platform: {
    readonly kind: PlatformKind;
    /** Timing parameters that differ from the platform's defaults, by name; times in nanoseconds. */
    readonly parameters: Readonly<Record<string, number>>;
  };
  /** Prices of its machine, where they are not the platform's own. */
  readonly prices?: PriceSet;
  readonly policy: string;
  readonly strategy: Strategy;
  /** A Linux release from 6.5 on, such as `6.12` or `6.8.0-1028-intel`. */
  readonly kernel: string;
  /** RAM of the guest. */
  readonly memoryBytes: number;
  readonly vcpus: number;
  readonly seed: number;
  readonly host: SettledOf<typeof HOST>;
  readonly vmm: SettledOf<typeof VMM>;
  readonly memoryMap: readonly SettledOf<typeof MEMORY_MAP>[];
  readonly numa: readonly SettledOf<typeof NUMA>[];
  readonly handOver?: SettledOf<typeof HAND_OVER>;
  readonly firmware: SettledOf<typeof FIRMWARE>;
  readonly guest: SettledOf<typeof GUEST>;
}
