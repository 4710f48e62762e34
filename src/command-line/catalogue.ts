import { kernelBoolean, namedReservation } from "./boot-options.js";
import { defaultArea, hugetlbArea, sizesByNode } from "./cma.js";
import { isCoreAmount } from "./core-memory.js";
import { isCrashkernel } from "./crashkernel.js";
import { isHugePageCount, isHugePageSize } from "./hugepages.js";
import { isSwiotlb } from "./swiotlb.js";
import { type Word, wholeNumber, wholeSize } from "./words.js";

/**
 * Every word of the kernel's command line that this simulator knows, and what becomes of it
 * (Documentation/admin-guide/kernel-parameters.txt, Linux 6.12). A word that is not here is named as
 * ignored.
 */

export type WordEffect =
  | {
      readonly does: "acts";
      readonly what: string;
      /** The values it takes, if it takes one; absent: checked elsewhere, or there is none. */
      readonly expected?: string;
      readonly isValid?: (value: string) => boolean;
      /** The part of its effect that is missing, for the run to say. */
      readonly without?: string;
    }
  /** Without effect on memory and CPUs, so that nothing need be said. */
  | { readonly does: "nothing" }
  /** It has an effect, a small one, that is not simulated: said in one line. */
  | { readonly does: "ignored"; readonly why: string }
  /** Its effect is large and not simulated: an error. */
  | { readonly does: "refused"; readonly why: string };

const size = { expected: "a size such as 256M", isValid: (value: string) => wholeSize(value) !== undefined };
const count = { expected: "a whole number", isValid: (value: string) => wholeNumber(value) !== undefined };
const onOff = { expected: "on or off", isValid: (value: string) => kernelBoolean(value) !== undefined };
const pageSize = { expected: "2M or 1G", isValid: isHugePageSize };
const RECORDED = "its memory is among the requests that were recorded";

/** Words with an effect here. Names have underscores for dashes. */
const ACTING: Readonly<Record<string, Omit<Extract<WordEffect, { does: "acts" }>, "does">>> = {
  mem: { what: "no RAM from this address on" },
  memmap: { what: "a range of the memory map becomes RAM, ACPI, reserved, persistent or another type" },
  early_page_ext: { what: "struct pages are not initialised late" },
  swiotlb: {
    what: "slots of 2 KiB of the DMA bounce buffer, its areas, `force` or `noforce`",
    expected: "slots, areas, and force or noforce, such as 65536,4,force",
    isValid: isSwiotlb,
  },
  iommu: { what: "`off` takes the bounce buffer from a machine without encryption, `soft` gives it one" },
  crashkernel: {
    what: "memory for the crash kernel, which kexec `kind: kdump` then uses",
    expected: "256M, 256M@768M, 1G-4G:192M,4G-:256M, 512M,high or 128M,low",
    isValid: isCrashkernel,
  },
  hugepages: {
    what: "pages in the pool of the size before it: of 1 GiB from memblock, of 2 MiB from the page allocator",
    expected: "a number of pages, or some for each node such as 0:4,1:4",
    isValid: isHugePageCount,
  },
  hugepagesz: { what: "the page size of the next `hugepages=`", ...pageSize },
  default_hugepagesz: { what: "the page size of `hugepages=` without one", ...pageSize },
  hugetlb_cma: {
    what: "a CMA area for pages of 1 GiB, in place of `hugepages=` of that size",
    expected: "a size such as 2G, or some for each node such as 0:1G,1:1G",
    isValid: (value) => hugetlbArea(value) !== undefined,
  },
  cma: {
    what: "the CMA area, where only movable memory may lie, as with CONFIG_DMA_CMA; at a fixed address it is not accepted before 7.4",
    expected: "a size such as 256M, 256M@1G or 256M@0-4G",
    isValid: (value) => defaultArea(value) !== undefined,
  },
  cma_pernuma: { what: "a CMA area on each node", ...size },
  numa_cma: {
    what: "a CMA area on each node named (6.6 and later)",
    expected: "sizes by node such as 0:256M",
    isValid: (value) => sizesByNode(value) !== undefined,
  },
  kernelcore: {
    what: "memory for the kernel's own zones; the rest is ZONE_MOVABLE",
    expected: "a size such as 2G, a percentage such as 50%, or mirror",
    isValid: (value) => value === "mirror" || isCoreAmount(value),
  },
  movablecore: {
    what: "memory for ZONE_MOVABLE",
    expected: "a size such as 2G or a percentage such as 50%",
    isValid: isCoreAmount,
  },
  maxcpus: { what: "CPUs that come online at boot; 0 is `nosmp`", ...count },
  nosmp: { what: "one CPU, the one that boots" },
  nr_cpus: { what: "CPUs that the kernel has data for", ...count },
  possible_cpus: { what: "the same", ...count },
  nolapic: { what: "one CPU" },
  disableapic: { what: "one CPU" },
  log_buf_len: { what: "the log buffer, rounded up to a power of two, and its descriptors", ...size },
  dhash_entries: { what: "buckets of the dentry hash", ...count },
  ihash_entries: { what: "buckets of the inode hash", ...count },
  reserve_mem: {
    what: "memory set aside under a name (6.11 and later)",
    expected: "SIZE:ALIGN:NAME such as 12M:4096:oops",
    isValid: (value) => namedReservation(value) !== undefined,
  },
  page_owner: {
    what: "64 bytes for each page, and a stack depot, as in a kernel with CONFIG_PAGE_OWNER",
    ...onOff,
  },
  page_table_check: { what: "8 bytes for each page, as in a kernel with CONFIG_PAGE_TABLE_CHECK", ...onOff },
  init_on_alloc: {
    what: "pages of huge page pools are touched as the pool is filled",
    without: "the time of clearing is that of the recording",
    ...onOff,
  },
  init_on_free: {
    what: "all memory is touched as it is freed at boot or accepted",
    without: "the time of clearing is not priced",
    ...onOff,
  },
  "page_alloc.shuffle": {
    what: "free blocks of 4 MiB are put into a random order at boot, in guests of up to 64 GiB",
    without: "blocks that become free later are not put at random ends",
    ...onOff,
  },
  memhp_default_state: {
    what: "the zone of plugged memory: Normal, or Movable with `online_movable`",
    expected: "online, online_kernel or online_movable (memory that stays offline is not simulated)",
    isValid: (value) => ["online", "online_kernel", "online_movable"].includes(value),
  },
  efi: { what: "`debug` keeps the memory of the firmware's boot services" },
  numa: {
    what: "`off` and `noacpi` put all memory on one node, whatever `numa` of the scenario says",
    expected: "off, noacpi or nohmat",
    isValid: (value) => ["off", "noacpi", "nohmat"].includes(value),
  },
  nokaslr: { what: "the kernel lies at the first place from 16 MiB on, as with `guest.kaslr: false`" },
  transparent_hugepage: {
    what: "as `guest.transparentHugePages`, which it overrides; requests stay those that were recorded",
    expected: "always, madvise or never",
    isValid: (value) => ["always", "madvise", "never"].includes(value),
  },
};

/** Words of which the run says in one line that they are ignored. */
const IGNORED: Readonly<Record<string, string>> = {
  swiotlb_dynamic: "no kernel knows it; CONFIG_SWIOTLB_DYNAMIC is off in the simulated one",
  cgroup_disable: RECORDED,
  "cgroup.memory": RECORDED,
  hashdist: "large hashes are spread over the nodes where there are several",
  nosmt: "no CPU of the guest is the second thread of a core",
  vmalloc: "only 32-bit kernels have it",
};

const RECORDED_WORDS: readonly string[] =
  `thash_entries uhash_entries mhash_entries mphash_entries trace_event ftrace trace_buf_size trace_instance
  slab_nomerge slub_debug slab_debug slub_min_order slub_max_order`.split(/\s+/);

/** Words that cannot be simulated and would change much. */
const REFUSED: Readonly<Record<string, string>> = {
  accept_memory: "which `policy` decides",
  "numa=fake": "since the nodes of a simulated machine are those of `numa`",
  "memory_hotplug.memmap_on_memory": "since struct pages of plugged memory lie in the memory before it here",
  "memory_hotplug.online_policy": "since plugged memory goes online by `memhp_default_state` here",
  movable_node: "since no memory of a simulated machine is marked as hot-pluggable",
  initrdmem: "since the boot loader's initrd is the one that is simulated",
  noinitrd: "since the recorded boot unpacks one",
  "percpu_alloc=page": "since per-CPU areas are simulated in huge pages only",
  hugetlb_free_vmemmap: "since struct pages of huge pages are not given back here",
  ...Object.fromEntries(RECORDED_WORDS.map((word) => [word, `since ${RECORDED}`])),
  kmemleak: "since it keeps a record of every allocation",
  "sysctl.vm": "since sysctls, which the kernel sets before init runs, are not simulated",
  debug_pagealloc: "since it changes the direct map and every free",
  page_poison: "since it writes to every page that is freed",
  nogbpages: "since the direct map is simulated with the pages that the kernel chooses",
  "kfence.sample_interval": "since its pool is not simulated",
  efi_fake_mem: "since the firmware's map is simulated",
  add_efi_memmap: "since the stub hands the firmware's map over",
  acpi: "since the simulated kernel finds its CPUs and memory by ACPI",
  noefi: "since the simulated kernel starts from EFI",
  kexec_handover: "which no kernel before 6.16 knows",
  kho: "which no kernel before 6.16 knows",
};

/** Words without effect on memory and CPUs on this machine. */
const HARMLESS: ReadonlySet<string> = new Set(
  `8250.nr_uarts apparmor audit boot_delay BOOT_IMAGE clocksource console consoleblank debug dyndbg earlycon
  earlyprintk elevator fsck.mode hpet ignore_loglevel init initcall_debug intel_iommu ip
  keep_bootcon kvm_intel.tdx libata.force loglevel lsm memblock mitigations mce module_blacklist net.ifnames
  nfsroot nmi_watchdog no_console_suspend no_timer_check nomodeset norandmaps nowatchdog nr_uarts numa_balancing
  oops panic panic_on_warn pci pcie_aspm plymouth.enable printk.devkmsg printk.time pti quiet
  random.trust_cpu rdinit reboot resume ro root rootdelay rootflags rootfstype rootwait rw security selinux
  sched_verbose softlockup_panic spectre_v2 splash sysrq_always_enabled threadirqs tsc vconsole.keymap vga
  video virtio_mmio.device watchdog_thresh sev mem_encrypt tdx`
    .split(/\s+/)
    .map((name) => name.replaceAll("-", "_")),
);

/** Prefixes of words that are for user space. */
const FOR_USER_SPACE = /^(systemd|rd|udev|ds|cloud_init|fsck|locale|vconsole|luks)\./;

/**
 * The effect of a word, by its name and, for words of which only some values matter, by its value.
 *
 * @returns undefined for an unknown word
 */
export function wordEffect(name: string, value: string | undefined): WordEffect | undefined {
  const group = name.split(".").slice(0, 2).join(".");
  const why = REFUSED[`${name}=${value?.split(/[,:=]/)[0] ?? ""}`] ?? REFUSED[name] ?? REFUSED[group];
  if (why !== undefined) return { does: "refused", why };
  const acting = ACTING[name];
  if (acting !== undefined) return { does: "acts", ...acting };
  const ignored = IGNORED[name];
  if (ignored !== undefined) return { does: "ignored", why: ignored };
  const isHarmless = HARMLESS.has(name) || FOR_USER_SPACE.test(name) || name === "percpu_alloc";
  return isHarmless ? { does: "nothing" } : undefined;
}

/** The words of the three tables in the documentation, by what becomes of them. */
export const DOCUMENTED_WORDS: readonly {
  readonly word: string;
  readonly effect: Exclude<WordEffect, { does: "nothing" }>;
}[] = [
  ...Object.entries(ACTING).map(([word, entry]) => ({ word, effect: { does: "acts" as const, ...entry } })),
  ...Object.entries(IGNORED).map(([word, why]) => ({ word, effect: { does: "ignored" as const, why } })),
  ...Object.entries(REFUSED).map(([word, why]) => ({ word, effect: { does: "refused" as const, why } })),
];

/** A line for each word without the effect that it would have in a kernel; each word once. */
export function ignoredWords(words: readonly Word[]): string[] {
  const lines = words.flatMap(({ text, name, value }) => {
    const effect = wordEffect(name, value);
    if (effect === undefined) return [`ignored: ${text}`];
    if (effect.does === "acts" && effect.without !== undefined) return [`${text}: ${effect.without}`];
    return effect.does === "ignored" ? [`ignored: ${text}: ${effect.why}`] : [];
  });
  return [...new Set(lines)];
}
