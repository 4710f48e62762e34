import { AcceptMemory } from "../../accept/accept-memory.js";
import { E820Type } from "../../efistub/setup-e820.js";
import type { ArchAccept, UnacceptedTable } from "../../efistub/unaccepted-table.js";
import type { Guest } from "../../guest/guest.js";
import { KERNEL, type Kernel, type KernelStart } from "../../guest/kernel.js";
import { deferredInit } from "../../guest/page-alloc-init-late.js";
import type { Booted } from "../../guest/state.js";
import { faultAcceptance, kernelOptions } from "../../guest/strategy.js";
import { GuestEnded } from "../../sim/guest-ended.js";
import type { Steps } from "../../sim/steps.js";
import { type AddressRange, asPhys, GiB, MiB, PAGE_SIZE, roundDown, roundUp } from "../../units.js";
import type { Feature } from "../feature.js";
import {
  allSegments,
  highestHole,
  placeSegments,
  rebuiltTable,
  type Segments,
  tableFromMap,
  unshare,
} from "./next-kernel.js";
import type { KexecPlan, KexecResult, NextKernelTable } from "./result.js";
import { readVmcore, unreadable } from "./vmcore.js";

/** Assumption where the command line has no `crashkernel=`: 256M, what distributions take; aligned as the kernel does (CRASH_ALIGN). */
const CRASH_KERNEL_BYTES: number = 256 * MiB;
const CRASH_KERNEL_ALIGN: number = 16 * MiB;

/** The part of the next kernel's boot that decides what it accepts. */
const NEXT_KERNEL: Steps<{ readonly start: KernelStart }, { readonly kernel: Kernel }> = KERNEL.step(
  "deferred_init_memmap",
  ({ kernel }) => deferredInit(kernel),
);

/** Another kernel that takes the guest over, after everything else. */
export const kexec: Feature<"kexec", KexecPlan, KexecResult> = {
  name: "kexec",
  endsKernel: true,
  begin: (up, plan) => (plan === undefined ? undefined : new Kexec(plan, up)),
};

/**
 * The first kernel ends and another one goes on in the same guest, whose memory stays as accepted as
 * it was. `result` tells how far that came, also when `run` throws.
 */
class Kexec {
  readonly #plan: KexecPlan;
  readonly #first: Booted;
  /** When the last request of the workload was served; nanoseconds. */
  readonly #startNs: number;
  #facts: Omit<KexecResult, "kind" | "table" | "timeNs">;

  constructor(plan: KexecPlan, first: Booted) {
    first.guest.clock.joinAll();
    this.#plan = { ...plan, table: tableOfNext(plan.table, first.guest) };
    this.#first = first;
    this.#startNs = first.guest.clock.bootCpuNs;
    this.#facts = { done: false, segmentBytes: 0, unacceptedSegmentBytes: 0, unsharedBytes: 0 };
  }

  get result(): KexecResult {
    const { clock } = this.#first.guest;
    clock.settle(0);
    const { kind, table } = this.#plan;
    return { kind, table, timeNs: Math.round(clock.bootCpuNs - this.#startNs), ...this.#facts };
  }

  /** @throws GuestEnded when the guest does not survive it, or there is no place for the next kernel */
  run(): void {
    if (this.#plan.kind === "kdump") this.#crash();
    else this.#kexec();
    this.#facts = { ...this.#facts, done: true };
  }

  /** Memory the first kernel has shared with the host, leaf by leaf, by its direct map. */
  get #shared(): AddressRange[] {
    return this.#first.kernel.early.earlyMap.map.sharedLeaves();
  }

  get #ram(): AddressRange[] {
    return this.#first.handOver.stub.entries
      .filter(({ type }) => type === E820Type.RAM)
      .map(({ start, end }) => ({ start: roundUp(start, PAGE_SIZE), end: roundDown(end, PAGE_SIZE) }));
  }

  #kexec(): void {
    const { guest, kernel, handOver } = this.#first;
    const { initrd, build } = kernel.early;
    const segments = placeSegments(
      this.#ram,
      {
        kernelBytes: roundUp(build.imageBytes + 2 * MiB, 2 * MiB),
        initrdBytes: this.#plan.initrdBytes ?? (initrd === undefined ? 0 : initrd.end - initrd.start),
      },
      guest.rules.kexec.highestFirst,
    );
    if (segments === undefined) throw new GuestEnded("oom", "kexec finds no room for the next kernel");
    this.#load(allSegments(segments));
    const arch: ArchAccept = { acceptMemory: (start, end) => guest.meter.kernelAccept(start, end) };
    let { table } = this.#first;
    if (this.#plan.table === "rebuilt") {
      const next = rebuiltTable(handOver.stub.entries, table, arch);
      this.#facts = { ...this.#facts, mapEntries: next.entries, gapBytes: next.gapBytes };
      table = next.table;
    }
    const shared = this.#unshare();
    for (const segment of allSegments(segments)) {
      const reason = unreadable(guest.platform, segment, shared);
      if (reason !== undefined)
        throw new GuestEnded("terminated", `kexec copies the next kernel to ${reason}`);
    }
    if (this.#plan.table === "lost" && table !== undefined) {
      table = tableFromMap(this.#first.asFromFirmware, table.unitSizeBytes, arch);
    }
    const before = guest.platform.acceptedPages;
    const next = this.#nextKernel(segments, table, arch);
    for (const region of next.early.memblock.reserved.regions) {
      const range = { start: region.base, end: region.base + region.size };
      const bad = shared.find(({ start, end }) => start < range.end && end > range.start);
      if (bad === undefined) continue;
      const where = Math.max(bad.start, range.start).toString(16);
      throw new GuestEnded(
        "terminated",
        `the next kernel uses 0x${where}, which the first one left shared with the host`,
      );
    }
    this.#facts = {
      ...this.#facts,
      nextKernel: {
        acceptedBytes: (guest.platform.acceptedPages - before) * PAGE_SIZE,
        unacceptedBytes: (table?.countSet() ?? 0) * (table?.unitSizeBytes ?? 0),
      },
    };
  }

  /** Memory that will be written to may be accepted at load time. */
  #load(segments: readonly AddressRange[]): void {
    const { acceptance, table, guest } = this.#first;
    const bytes = segments.reduce((sum, { start, end }) => sum + end - start, 0);
    const unaccepted = segments.reduce((sum, range) => sum + unacceptedIn(table, range), 0);
    this.#facts = { ...this.#facts, segmentBytes: bytes, unacceptedSegmentBytes: unaccepted };
    if (!guest.rules.kexec.acceptsSegments) return;
    for (const { start, end } of segments) acceptance.acceptMemory(asPhys(start), end - start);
    guest.clock.settle(0);
  }

  /** @returns what stays shared */
  #unshare(): readonly AddressRange[] {
    const { guest, kernel } = this.#first;
    const shared = this.#shared;
    if (!guest.rules.kexec.unshares.includes(guest.options.platform.kind)) return shared;
    this.#facts = { ...this.#facts, unsharedBytes: unshare(guest, shared, kernel.early.earlyMap.map) };
    return [];
  }

  /** From its decompressor to page_alloc_init_late(). The stub does not run again. */
  #nextKernel(segments: Segments, table: UnacceptedTable | undefined, arch: ArchAccept): Kernel {
    const { guest, machine, kernel } = this.#first;
    const { clock, kernelAccept } = guest;
    if (table !== undefined) {
      const unitOf = (address: number): number => (address - table.physBase) / table.unitSizeBytes;
      const first = Math.max(0, Math.floor(unitOf(segments.kernel.start)));
      table.acceptUnits(first, Math.min(Math.ceil(unitOf(segments.kernel.end)), table.unitCount), arch);
    }
    clock.idle.online = 1;
    clock.scheduler.background = undefined;
    const start: KernelStart = {
      machine: {
        ...machine,
        kernelStart: segments.kernel.start,
        ...(segments.initrd === undefined ? {} : { initrd: segments.initrd }),
        ...(machine.efi === undefined ? {} : { efi: { ...machine.efi, memoryMap: segments.parameters } }),
      },
      build: kernel.early.build,
      rules: guest.rules,
      acceptance: new AcceptMemory(table, kernelAccept, kernelAccept, guest.rules.acceptMemory),
      lazy: guest.behaviour.kernelAcceptsAll !== true,
      clock,
      ...kernelOptions(guest.behaviour, faultAcceptance(guest, table)),
    };
    // Its phases are not the boot's.
    return NEXT_KERNEL.run({ start }, () => clock.settle(0)).kernel;
  }

  /** The crash kernel runs in memory of its own, which was set aside at boot, and copies the rest. */
  #crash(): void {
    const { guest, table } = this.#first;
    const own = this.#crashKernel();
    this.#facts = { ...this.#facts, segmentBytes: own.end - own.start };
    const shared = this.#unshare();
    const hasPointer = guest.options.guest.unacceptedMemory !== "zero-page";
    if (table !== undefined && hasPointer && guest.rules.tableReservation === "bytes") {
      throw new GuestEnded(
        "terminated",
        "the crash kernel cannot reach the table of unaccepted memory, which is no memory to it",
      );
    }
    const knows = this.#plan.table !== "lost" && guest.rules.kexec.vmcoreAsks;
    const { reason, ...vmcore } = readVmcore(
      without(this.#ram, own),
      knows ? table : undefined,
      guest.platform,
      shared,
      this.#plan.dumpToolTells && guest.rules.kexec.tellsUnaccepted,
    );
    this.#facts = { ...this.#facts, vmcore };
    if (reason === undefined) return;
    const why = hasPointer
      ? ""
      : "; the crash kernel cannot reach the table of unaccepted memory, as its zero page has no pointer to it";
    throw new GuestEnded("terminated", `/proc/vmcore reads ${reason}${why}`);
  }

  /** Its memory: what `crashkernel=` set aside, or a usual amount of the first kernel's. */
  #crashKernel(): AddressRange {
    const { acceptance, kernel } = this.#first;
    const { crashkernel, options } = kernel.early;
    if (crashkernel !== undefined) return crashkernel;
    if (options.crashkernel.length > 0) throw new GuestEnded("oom", "crashkernel= has set no memory aside");
    const low = this.#ram.filter(({ start }) => start < 4 * GiB).reverse();
    const start = highestHole(low, this.#shared, CRASH_KERNEL_BYTES, CRASH_KERNEL_ALIGN);
    if (start === undefined) throw new GuestEnded("oom", "there is no room for the crash kernel below 4 GiB");
    // memblock would have accepted it when it was set aside (reserve_crashkernel).
    acceptance.acceptMemory(asPhys(start), CRASH_KERNEL_BYTES);
    return { start, end: start + CRASH_KERNEL_BYTES };
  }
}

/**
 * The table the next kernel really gets. Flags in struct page are gone with the struct pages. kexec makes
 * a new zero page, which has no pointer to a bitmap (6.12 arch/x86/kernel/kexec-bzimage64.c:
 * setup_boot_parameters), so only a newly made map can tell the next kernel. Where the e820 table is the
 * record, it is handed over.
 */
function tableOfNext(planned: NextKernelTable, { behaviour, options }: Guest): NextKernelTable {
  if (behaviour.flagsPages === true) return "lost";
  if (planned !== "handed-over") return planned;
  if (options.guest.record !== "bitmap") return "rebuilt";
  return options.guest.unacceptedMemory === "zero-page" ? "lost" : planned;
}

function unacceptedIn(table: UnacceptedTable | undefined, { start, end }: AddressRange): number {
  if (table === undefined) return 0;
  const { physBase, unitSizeBytes, unitCount } = table;
  const last = Math.min(Math.ceil((end - physBase) / unitSizeBytes), unitCount);
  let bytes = 0;
  let unit = Math.max(0, Math.floor((start - physBase) / unitSizeBytes));
  for (unit = table.nextSet(unit, last); unit < last; unit = table.nextSet(unit + 1, last)) {
    const from = physBase + unit * unitSizeBytes;
    bytes += Math.min(end, from + unitSizeBytes) - Math.max(start, from);
  }
  return bytes;
}

function without(ram: readonly AddressRange[], hole: AddressRange): AddressRange[] {
  return ram.flatMap(({ start, end }) =>
    [
      { start, end: Math.min(end, hole.start) },
      { start: Math.max(start, hole.end), end },
    ].filter((piece) => piece.start < piece.end),
  );
}
