/**
 * Everything x86 does to memblock before it hands over to the page allocator, in order
 * (start_kernel, setup_arch, mm_core_init; Linux 6.12 to 7.3). Allocations of a step are accepted through
 * the callback of its Memblock.
 *
 * Not modelled, because the recorded kernels ran without: KASLR (which spreads the CPU entry areas
 * and adds a page table), KFENCE.
 */

import type { BootRules } from "../linux/rules.js";
import { nrKernelPages } from "../mm/large-hash.js";
import { sparseInit } from "../mm/sparse.js";
import { dmaContiguousReserve, hugetlbCmaReserve } from "./cma.js";
import { reserveCrashkernel } from "./crash-reserve.js";
import { efiInit, efiReserveBootServices } from "./early-efi.js";
import type { EarlyBoot } from "./early-machine.js";
import {
  acpiParseHpet,
  acpiReserveInitialTables,
  e820MemblockSetup,
  e820ReserveResources,
  earlyReserveMemory,
  initmemInit,
  ioApicInitMappings,
  registerNosaveRegions,
  reserveBrk,
  reserveInitrd,
  reserveRealMode,
  trimBiosRange,
} from "./early-setup-arch.js";
import {
  printUnknownBootoptions,
  reserveMem,
  setupCommandLine,
  setupCpuEntryAreas,
  setupLogBuf,
  setupLogBufEarly,
  stackDepotEarlyInit,
  vfsCachesInitEarly,
} from "./early-start-kernel.js";
import { allocRuntimeData } from "./ghcb-pages.js";
import { hugetlbBootmem } from "./hugetlb.js";
import { initMemMapping } from "./init-mem-mapping.js";
import { e820FinishEarlyParams } from "./memory-options.js";
import { setupPerCpuAreas } from "./percpu-first-chunk.js";
import { swiotlbInit } from "./swiotlb.js";

/** One step; its name is the kernel function that does the same. */
export interface EarlyStep {
  readonly name: string;
  readonly run: (boot: EarlyBoot) => void;
}

/** A step of some releases. */
interface DatedStep extends EarlyStep {
  readonly when?: (rules: BootRules) => boolean;
}

function sparse(boot: EarlyBoot): void {
  const { memblock, build, machine, nodeData, bootRules } = boot;
  sparseInit(memblock, {
    rules: bootRules,
    memoryIsolation: build.memoryIsolation,
    fiveLevelPaging: machine.fiveLevel,
    pageExtension: build.pageExtension,
    ...(build.memoryHotremove ? { nodeDataAddress: (nid: number) => nodeData.get(nid)! } : {}),
  });
}

/** Counts what is free when zones are set up; the hashes are sized by it (calc_nr_kernel_pages). */
function freeAreaInit(boot: EarlyBoot): void {
  boot.nrKernelPages = nrKernelPages(boot.memblock.freeMemRanges());
}

/** GHCBs for all possible CPUs, where there is a hypervisor to talk to through them. */
function sevEsInitVcHandling(boot: EarlyBoot): void {
  const { snp, cpuNodes } = boot.machine;
  if (snp === undefined) return;
  boot.runtimeData = allocRuntimeData(boot.memblock, cpuNodes, snp, boot.earlyMap);
}

const inSetupArch = ({ memmapIn }: BootRules): boolean => memmapIn === "setup_arch";
const afterSetupArch = ({ memmapIn }: BootRules): boolean => memmapIn === "mm_core_init_early";

/** In the order of the kernel. `memblock=debug` takes effect after the first one. */
const STEPS: readonly DatedStep[] = [
  { name: "early_reserve_memory", run: earlyReserveMemory },
  { name: "e820__finish_early_params", run: e820FinishEarlyParams },
  { name: "efi_init", run: efiInit },
  { name: "trim_bios_range", run: trimBiosRange },
  { name: "reserve_brk", run: reserveBrk },
  { name: "e820__memblock_setup", run: e820MemblockSetup },
  { name: "efi_reserve_boot_services", run: efiReserveBootServices },
  { name: "reserve_real_mode", run: reserveRealMode },
  { name: "init_mem_mapping", run: initMemMapping },
  { name: "setup_log_buf_early", run: setupLogBufEarly },
  { name: "reserve_initrd", run: reserveInitrd },
  { name: "acpi_reserve_initial_tables", run: acpiReserveInitialTables },
  { name: "initmem_init", run: initmemInit },
  { name: "dma_contiguous_reserve", run: dmaContiguousReserve },
  { name: "hugetlb_cma_reserve", run: hugetlbCmaReserve, when: inSetupArch },
  { name: "hugetlb_bootmem_alloc", run: hugetlbBootmem, when: (rules) => rules.hugePagesIn === "setup_arch" },
  { name: "arch_reserve_crashkernel", run: reserveCrashkernel },
  { name: "sparse_init", run: sparse, when: inSetupArch },
  { name: "free_area_init", run: freeAreaInit, when: inSetupArch },
  { name: "acpi_parse_hpet", run: acpiParseHpet },
  { name: "io_apic_init_mappings", run: ioApicInitMappings },
  { name: "e820__reserve_resources", run: e820ReserveResources },
  { name: "e820__register_nosave_regions", run: registerNosaveRegions },
  {
    name: "free_area_init",
    run: freeAreaInit,
    when: (rules) => afterSetupArch(rules) && rules.countsBeforeMemmap,
  },
  { name: "hugetlb_cma_reserve", run: hugetlbCmaReserve, when: afterSetupArch },
  { name: "hugetlb_bootmem_alloc", run: hugetlbBootmem, when: afterSetupArch },
  { name: "sparse_init", run: sparse, when: afterSetupArch },
  {
    name: "free_area_init",
    run: freeAreaInit,
    when: (rules) => afterSetupArch(rules) && !rules.countsBeforeMemmap,
  },
  { name: "setup_command_line", run: setupCommandLine },
  { name: "setup_per_cpu_areas", run: setupPerCpuAreas },
  { name: "hugepages_setup", run: hugetlbBootmem, when: (rules) => rules.hugePagesIn === "hugepages_setup" },
  { name: "reserve_mem", run: reserveMem },
  { name: "print_unknown_bootoptions", run: printUnknownBootoptions },
  { name: "setup_log_buf", run: setupLogBuf },
  { name: "vfs_caches_init_early", run: vfsCachesInitEarly },
  { name: "setup_cpu_entry_areas", run: setupCpuEntryAreas },
  { name: "sev_es_init_vc_handling", run: sevEsInitVcHandling },
  { name: "swiotlb_init", run: swiotlbInit, when: (rules) => rules.swiotlbFirst },
  { name: "stack_depot_early_init", run: stackDepotEarlyInit },
  { name: "swiotlb_init", run: swiotlbInit, when: (rules) => !rules.swiotlbFirst },
];

/** The steps of a release. */
export function earlySteps(rules: BootRules): EarlyStep[] {
  return STEPS.filter(({ when }) => when === undefined || when(rules));
}

/** The last step of setup_arch(). */
const SETUP_ARCH_END = "e820__register_nosave_regions";

/** Runs all steps on an empty memblock; the next thing the kernel does is memblock_free_all(). */
export function runEarlySteps(boot: EarlyBoot): void {
  const { memblock, machine, unacceptedTable: table } = boot;
  if (machine.staysInAccepted === true && table !== undefined) {
    memblock.preferBelow = table.physBase + table.nextSet(0, table.unitCount) * table.unitSizeBytes;
  }
  for (const step of earlySteps(boot.bootRules)) {
    step.run(boot);
    if (step.name !== SETUP_ARCH_END) continue;
    memblock.preferBelow = Number.POSITIVE_INFINITY;
    boot.afterSetupArch = {
      reserved: memblock.reserved.ranges,
      unacceptedBytes: table === undefined ? 0 : table.countSet() * table.unitSizeBytes,
    };
  }
}
