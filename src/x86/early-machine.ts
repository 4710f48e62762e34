/**
 * Input of early boot, the machine and firmware below one kernel build, and the state that its steps hand
 * on.
 */
import { type BootOptions, bootOptions } from "../command-line/boot-options.js";
import type { UnacceptedTable } from "../efistub/unaccepted-table.js";
import type { KernelBuild } from "../linux/kernel-build.js";
import { type ReservationRules, reservationRules } from "../linux/reservation-rules.js";
import type { BootRules, TableReservation } from "../linux/rules.js";
import type { Memblock } from "../memblock/memblock.js";
import type { PageAllocator } from "../page-alloc/index.js";
import type { AddressRange, PhysRange } from "../units.js";
import type { KernelE820Entry } from "./e820-table.js";
import { EarlyMap } from "./early-map.js";
import type { RuntimeData, RuntimeDataRules } from "./ghcb-pages.js";
import { type SplitTables, TablePages } from "./table-pages.js";

/** Memory of the contiguous allocator that waits for the page allocator. */
export interface CmaArea extends AddressRange {
  /** memblock accepted it. */
  readonly accepted: boolean;
}

/** An ACPI table that the kernel reserves; a byte range, rarely page aligned. */
export interface AcpiTable extends AddressRange {
  /** `FACP`, `DSDT`, ... */
  readonly signature: string;
}

/** Memory of a node as the SRAT says it. */
export interface NumaBlock extends AddressRange {
  readonly nid: number;
}

export interface EfiHandover {
  readonly memoryMap: AddressRange;
  /** struct efi_unaccepted_memory with its bitmap, byte by byte, if the stub made one. */
  readonly unacceptedTable?: AddressRange;
  /** How the kernel keeps it; absent: every page that it touches. */
  readonly tableReservation?: TableReservation;
  /** Tables the kernel keeps: TPM event log, random seed, ... */
  readonly keptTables: readonly AddressRange[];
  /** EfiBootServicesCode and EfiBootServicesData in the map's order, kept until the runtime services are mapped. */
  readonly bootServices: readonly AddressRange[];
  /** EfiMemoryMappedIO. */
  readonly mmio: readonly AddressRange[];
}

/** The guest as the kernel finds it, without KASLR. */
export interface EarlyMachine {
  /** The firmware's table, or the one the EFI stub made of the EFI map. */
  readonly e820: readonly KernelE820Entry[];
  /** Physical address of _text. */
  readonly kernelStart: number;
  readonly initrd?: AddressRange;
  readonly setupData: readonly AddressRange[];
  readonly efi?: EfiHandover;
  /** In the order the kernel reserves them. */
  readonly acpiTables: readonly AcpiTable[];
  readonly ioapicCount: number;
  readonly commandLine: string;
  /** Its characters, where these are more than what acts; absent: as many as it has. */
  readonly commandLineLength?: number | undefined;
  /** The words of the command line that neither the kernel nor built-in code knows. */
  readonly unknownOptions: readonly string[];
  /** Node of every possible CPU; its length is their number. */
  readonly cpuNodes: readonly number[];
  /** Of these, how many come online at boot; absent: all. */
  readonly onlineCpus?: number;
  /** How the command line sets memory aside; absent: as in 6.12. */
  readonly reservationRules?: ReservationRules;
  /** From the SRAT, ascending; empty for a machine without NUMA. */
  readonly numaBlocks: readonly NumaBlock[];
  /** End of memory that can be plugged in, as the SRAT says it; absent: none can. */
  readonly possibleEnd?: number;
  /** Five-level page tables are in use. */
  readonly fiveLevel: boolean;
  /** Guest memory is encrypted: all DMA goes through the bounce buffer (CC_ATTR_GUEST_MEM_ENCRYPT). */
  readonly memoryEncrypted: boolean;
  /** Memory is accepted by the exception of its first touch, and not when it is allocated. */
  readonly acceptsOnTouch?: boolean;
  /** The bounce buffer is not accepted when it is allocated. */
  readonly shareWithoutAccept?: boolean;
  /** Until setup_arch() ends the kernel takes memory below the first unaccepted unit, while there is any. */
  readonly staysInAccepted?: boolean;
  /** Source of page tables when a leaf is split; absent: whichever allocator runs. */
  readonly splitTables?: SplitTables;
  /** An SNP guest, and what it talks to the hypervisor through. */
  readonly snp?: RuntimeDataRules;
}

export interface HugeBootPages {
  readonly pageBytes: number;
  readonly askedPages: number;
  readonly ranges: readonly AddressRange[];
}

export interface KernelMemory {
  readonly early: EarlyBoot;
  readonly allocator: PageAllocator;
  /** Node of each CPU that comes online at boot. */
  readonly cpuNodes: readonly number[];
}

/** One boot up to memblock_free_all(): inputs, and what each step leaves for later ones. */
export class EarlyBoot {
  readonly memblock: Memblock;
  readonly machine: EarlyMachine;
  readonly build: KernelBuild;
  readonly options: BootOptions;
  readonly rules: ReservationRules;
  readonly bootRules: BootRules;
  /** The kernel's complaints about its command line, one line each. */
  readonly remarks: string[] = [];
  /** Reserved, but not touched by anybody. */
  readonly untouched: AddressRange[] = [];
  /** Memory of the crash kernel, and its part below 4 GiB where that lies above. */
  crashkernel: AddressRange | undefined = undefined;
  crashkernelLow: AddressRange | undefined = undefined;
  readonly cmaAreas: CmaArea[] = [];
  /** Gigantic pages come out of CMA areas, not from memblock. */
  hugetlbCma = false;
  readonly hugeBootPages: HugeBootPages[] = [];
  /** e820_table: the firmware's, then as the kernel edited it. */
  e820: readonly KernelE820Entry[];
  /** End of RAM in page frames (max_pfn). */
  maxPfn = 0;
  /** EFI boot services memory that was free before and goes back later (efi_free_boot_services). */
  readonly bootServicesReserved: AddressRange[] = [];
  /** Physical address of each node's pglist_data, by node number; nodes with memory only. */
  readonly nodeData: Map<number, number> = new Map();
  /** Where the initrd lies; it moves when the kernel has no memory there. */
  initrd: AddressRange | undefined;
  /** Pages the large hashes are sized by. */
  nrKernelPages = 0;
  swiotlb: PhysRange | undefined = undefined;
  hasLogBuf = false;
  /** Memory reserved, and memory known to be unaccepted, when setup_arch() ended. */
  afterSetupArch:
    | { readonly reserved: readonly AddressRange[]; readonly unacceptedBytes: number }
    | undefined = undefined;
  /** Memory through which an SNP guest talks to the hypervisor. */
  runtimeData: RuntimeData = { pages: [], shared: [] };
  /** The kernel's view of the table of unaccepted memory, if there is one. */
  unacceptedTable: UnacceptedTable | undefined = undefined;
  /** The direct map; empty until init_mem_mapping(). */
  readonly earlyMap: EarlyMap;

  constructor(memblock: Memblock, machine: EarlyMachine, build: KernelBuild, bootRules: BootRules) {
    this.bootRules = bootRules;
    this.memblock = memblock;
    this.machine = machine;
    this.earlyMap = new EarlyMap(new TablePages(memblock, machine.splitTables));
    this.build = build;
    this.options = bootOptions(machine.commandLine);
    this.rules = machine.reservationRules ?? reservationRules("6.12");
    this.e820 = machine.e820;
    this.initrd = machine.initrd;
  }

  /** Reserves memory that nobody touches for now. @param take asks memblock; 0 for no room */
  setAside(sizeBytes: number, take: () => number): number {
    const { memblock, machine, untouched } = this;
    memblock.accepts = machine.acceptsOnTouch !== true;
    const start = take();
    memblock.accepts = true;
    if (start !== 0) untouched.push({ start, end: start + sizeBytes });
    return start;
  }

  freeSetAside(): void {
    const { start, end } = this.untouched.pop()!;
    this.memblock.free(start, end - start);
  }

  /** Nodes with memory, ascending. */
  get nodeIds(): number[] {
    return [...this.nodeData.keys()].sort((a, b) => a - b);
  }

  get cpuCount(): number {
    return this.machine.cpuNodes.length;
  }
}
