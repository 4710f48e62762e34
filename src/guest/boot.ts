/** A guest from power on until init runs. */

import { AcceptMemory } from "../accept/accept-memory.js";
import { E820Record, trackedMap } from "../accept/e820-ranges.js";
import { AllocationWaits } from "../accept/waits.js";
import { DoubleAcceptError } from "../coco/platform.js";
import { enableAcpiMemory } from "../memory-hotplug/acpi-memory.js";
import { NO_PAGE } from "../page-alloc/index.js";
import { CostEvent } from "../sim/cost-events.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { Steps } from "../sim/steps.js";
import { asPhys, formatBytes, PAGE_SIZE } from "../units.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import { withCpuBringUp } from "../workload/cpu-bring-up.js";
import { Replay } from "../workload/replay.js";
import type { Requests } from "../workload/requests.js";
import { cmaInitReservedAreas } from "../x86/cma.js";
import { shareGhcbPages } from "../x86/ghcb-pages.js";
import { hugetlbInit } from "../x86/hugetlb.js";
import { requireMemory } from "../x86/memory-options.js";
import { memEncryptInit } from "../x86/set-memory-shared.js";
import { setupArchUse } from "../x86/setup-arch-use.js";
import { guestCpus, machineAfterStub } from "./after-stub.js";
import { efiEnterVirtualMode, efiFreeBootServices } from "./boot-services.js";
import { createGuest } from "./guest.js";
import { KERNEL, type KernelStart } from "./kernel.js";
import { kernelBuildOf, kernelBytesOf } from "./kernel-build.js";
import type { GuestOptions } from "./options.js";
import { deferredInit, pageExtInit, shuffleFreeMemory } from "./page-alloc-init-late.js";
import {
  assignDevice,
  chargePriced,
  launch,
  leaveFirmware,
  limitToHost,
  runFirmware,
  startSnpHost,
  startTdxHost,
} from "./power-on.js";
import type { Booted, Given, HandedOver, PoweredOff, Started } from "./state.js";
import { backgroundAcceptor, faultAcceptance, kernelOptions, kernelTable } from "./strategy.js";
import { verifyAccepted, verifyGuest, verifyPhases } from "./verify-guest.js";

/** The steps of a boot. Those after the firmware's are named by the kernel function that decides where memory goes. */
export const BOOT: Steps<PoweredOff, Booted> = Steps.from<PoweredOff>()
  .step("init_tdx_module", startTdxHost)
  .step("snp_rmptable_init", startSnpHost)
  .step("the host's memory", limitToHost)
  .step("vfio_iommu_type1", assignDevice)
  .step("the VMM", launch)
  .phase("launch")
  .step("the firmware", runFirmware)
  .phase("firmware")
  .step("efi_stub_entry", leaveFirmware)
  .phase("exit boot services")
  .step("efi_init", kernelRecord)
  .step("process_unaccepted_memory", keepInE820)
  .step("parse_early_param", startOfKernel)
  .followedBy(KERNEL)
  .step("mm_core_init", afterMemblock)
  .step("early_trace_init", traceBegins)
  .step("page_ext_init", ({ kernel }) => {
    if (!kernel.defersInit) pageExtInit(kernel);
  })
  .step("before the first event", allocateUnseen)
  .step("setup_per_cpu_pageset", startKernelOnOneCpu)
  .step("mem_encrypt_init", ({ guest, kernel, acceptance }) => {
    if (guest.options.guest.swiotlb !== "late") memEncryptInit(guest, kernel.early, acceptance, 1);
  })
  .step("efi_enter_virtual_mode", ({ guest, kernel }) =>
    efiEnterVirtualMode(kernel, guest.rules.bootServicesFreed),
  )
  .step("smp_init", smpInit)
  .phase("early kernel")
  .step("deferred_init_memmap", ({ kernel }) => {
    const { defersInit } = kernel;
    deferredInit(kernel);
    return { defersInit };
  })
  .phase("deferred init")
  .step("page_alloc_init_late", pageAllocInitLate)
  .step("cma_init_reserved_areas", ({ guest, kernel, faults }) => {
    cmaInitReservedAreas(kernel, guest.platform, faults !== undefined);
    guest.clock.settle(0);
  })
  .step("check", check)
  .step("init_per_zone_wmark_min", ({ requests, replay, kernel }) => {
    replay.runUntil(requests.marks.watermarks?.request ?? 0);
    kernel.stages.initPerZoneWmarkMin();
  })
  .step("efi_free_boot_services", ({ guest, kernel }) =>
    efiFreeBootServices(kernel, guest.rules.bootServicesFreed),
  )
  .step("hugetlb_init", fillHugePages)
  .step("hugepage_init", ({ kernel }) => kernel.stages.hugepageInit())
  .step("acpi_init", acpiInit)
  .step("fs_initcall_sync", fsInitcallsDone)
  .step("kswapd_init", ({ kernel }) => kernel.stages.kswapdInit())
  .step("kernel_init_freeable", ({ guest, requests, replay }) => {
    replay.runUntil(requests.marks.ready?.request ?? requests.count);
    guest.clock.joinAll();
    // Only its sum is published; most of it is in drivers that talk to devices.
    chargePriced(guest, [CostEvent.kernelEncrypted]);
  })
  .phase("initcalls")
  .step("check", ({ guest, check: asked }) => {
    if (asked) verifyPhases(guest.clock);
  })
  .step("run_init_process", initRuns);

/** @throws Error for a timing parameter that does not exist; scenarios are checked for that */
export function poweredOff(
  options: GuestOptions,
  workload: LoadedWorkload,
  { check = false, onHandOver = () => {} }: Partial<Pick<PoweredOff, "check" | "onHandOver">>,
): PoweredOff {
  const { requests, recording, bringUp } = workload;
  const { timeScale } = options.guest;
  const { online } = guestCpus(options);
  const initrd = recording.reserved.find(({ name }) => name === "initrd");
  const build = kernelBuildOf(options);
  return {
    guest: createGuest(
      options,
      timeScale === undefined ? recording.clock.timeScale : { value: timeScale, basis: "assumed" },
    ),
    workload,
    files: {
      ...build.file,
      kernelBytes: kernelBytesOf(build),
      initrdBytes: initrd === undefined ? 0 : initrd.end - initrd.start,
    },
    requests:
      bringUp === undefined
        ? { ...requests, broughtUp: [] }
        : withCpuBringUp(requests, bringUp, recording.machine.vcpus, online),
    waits: new AllocationWaits(),
    replays: [],
    unseen: { pages: 0 },
    check,
    onHandOver,
  };
}

/**
 * A kernel that takes unaccepted memory for accepted does not come far: memblock works from the top
 * of memory down, and its first page tables lie there.
 *
 * @throws GuestEnded for such a kernel
 */
function kernelRecord({
  guest,
  handOver,
  onHandOver,
}: Given<"handOver">): Pick<Booted, "table" | "acceptance"> {
  const { unknownBytes, table: fromStub } = handOver.stub;
  if (unknownBytes > 0) {
    throw new GuestEnded(
      "terminated",
      `the kernel does not know that ${formatBytes(unknownBytes)} of its memory are not accepted, and touches them`,
    );
  }
  const { kernelAccept } = guest;
  const table = kernelTable(guest.behaviour, fromStub);
  const acceptance = new AcceptMemory(table, kernelAccept, kernelAccept, guest.rules.acceptMemory);
  onHandOver(handOver, acceptance);
  return { table, acceptance };
}

type WithRecord = Given<"handOver" | "table" | "acceptance">;

/** The kernel's record is its e820 table, if the guest says so. */
function keepInE820(state: WithRecord): Pick<Booted, "asFromFirmware" | "e820Record"> {
  const { guest, handOver, table, acceptance } = state;
  const asFromFirmware = trackedMap(handOver.stub.entries, table);
  const { record } = guest.options.guest;
  if (record === "bitmap" || acceptance.table === undefined) return { asFromFirmware, e820Record: undefined };
  const { kernelAccept, meter } = guest;
  const e820Record = new E820Record(record, asFromFirmware, acceptance, (start, end) =>
    meter.kernelAccept(start, end),
  );
  kernelAccept.onAccepted = (start, end) => e820Record.accepted(start, end);
  return { asFromFirmware, e820Record };
}

function startOfKernel(
  state: WithRecord,
): Pick<Booted, "machine" | "faults"> & { readonly start: KernelStart } {
  const { guest, handOver, table, acceptance } = state;
  const { options, behaviour, rules, clock } = guest;
  const machine = machineAfterStub(guest, handOver);
  requireMemory(machine, guest.ram);
  const faults = faultAcceptance(guest, table);
  const start = {
    machine,
    build: kernelBuildOf(options),
    rules,
    acceptance,
    lazy: behaviour.kernelAcceptsAll !== true,
    clock,
    transparentHugePages: options.guest.transparentHugePages,
    reserveBeforeWatermarksPages: options.guest.reserveBeforeWatermarksBytes / PAGE_SIZE,
    ...kernelOptions(behaviour, faults),
  };
  return { machine, faults, start };
}

/** It is known who accepted what the kernel uses, and from here on the page allocator gives page tables. */
function afterMemblock(state: HandedOver & Given<"kernel">): Pick<Booted, "setupArch"> {
  const { guest, handOver, table, asFromFirmware, kernel } = state;
  const { early } = kernel;
  const setupArch = guest.platform.type.isConfidential
    ? setupArchUse(early, asFromFirmware, guest.meter.stubRanges)
    : undefined;
  flagKernelPages(state);
  shareGhcbPages(early.runtimeData, guest.host);
  early.earlyMap.charge(guest.clock.ledger);
  early.earlyMap.tables.serveFrom(kernel.allocator);
  guest.host.bitmapBytes = handOver.stub.tableRange === undefined ? 0 : (table?.bitmapBytes ?? 0);
  guest.host.directMapBytes = early.earlyMap.tables.total * PAGE_SIZE;
  guest.clock.settle(0);
  return { setupArch };
}

/**
 * Struct pages are there, and what the kernel runs from is in use. Where it lies in memory that the
 * firmware's map calls unaccepted, the kernel does not know that the decompressor has accepted it.
 */
function flagKernelPages({ guest, handOver, faults }: HandedOver): void {
  if (guest.behaviour.flagsPages !== true) return;
  const { start, end } = handOver.kernel;
  try {
    faults?.touch(asPhys(start), end - start);
  } catch (error) {
    if (!(error instanceof DoubleAcceptError)) throw error;
    throw new GuestEnded(
      "terminated",
      `${error.message}: no flag in struct page says that the decompressor accepted it`,
    );
  }
}

function traceBegins(state: HandedOver & Given<"kernel">): Pick<Booted, "replay"> {
  const { guest, workload, requests, kernel } = state;
  const { clock } = guest;
  const { initrd, build, machine } = kernel.early;
  // The recorded image may be larger than that of the simulated kernel.
  const image = { start: machine.kernelStart, end: machine.kernelStart + build.imageBytes };
  const reserved = workload.recording.reserved.map(({ name }) => {
    if (name === "kernel image") return image;
    return name === "initrd" ? initrd : undefined;
  });
  const replay = newReplay(state, requests, reserved);
  clock.ledger.charge(CostEvent.guestWork, requests.thinkBeforeNs);
  clock.settle(0);
  for (let cpu = 1; cpu < clock.cpus.count; cpu++) clock.wake(cpu);
  return { replay };
}

export function newReplay(
  { guest, workload, kernel, waits, replays }: Given<"kernel">,
  requests: Requests,
  reserved: ConstructorParameters<typeof Replay>[0]["reserved"],
): Replay {
  const replay = new Replay({
    requests,
    allocator: kernel.allocator,
    clock: guest.clock,
    waits,
    vmalloc: guest.rules.vmalloc,
    timeScale: guest.options.guest.timeScale ?? workload.recording.clock.timeScale.value,
    cpuNodes: kernel.cpuNodes,
    reserved,
  });
  replays.push(replay);
  return replay;
}

/** Pages that the recorded kernel took before its first event and kept; single ones, as most are. */
function allocateUnseen({ guest, workload, kernel, waits, unseen }: Started): void {
  const { recording, report } = workload;
  for (let page = report.beforeTracing; page < recording.beforeTracing.pages; page++) {
    if (kernel.allocator.allocPages(0, 0, 0, 0) === NO_PAGE)
      throw new GuestEnded("oom", "no page is left before init memory is freed");
    unseen.pages++;
    waits.record(guest.clock.settle(0));
  }
}

function startKernelOnOneCpu({ guest, requests, replay, kernel }: Started): void {
  replay.runUntil(requests.marks.setupPerCpuPageset?.request ?? 0);
  // start_kernel() has enabled them shortly before.
  guest.lockups.interruptsOn = true;
  kernel.stages.setupPerCpuPageset();
}

/** CPU after CPU comes online; the boot CPU waits for each. */
function smpInit({ guest, requests, replay, kernel }: Started): void {
  const { clock, lockups } = guest;
  const { marks, broughtUp } = requests;
  const late = marks.deferredInit ?? marks.pageAllocInitLate;
  replay.runUntil((marks.smpDone ?? late)?.request ?? 0);
  lockups.watching = true;
  const recorded = kernel.cpuNodes.length - broughtUp.length;
  for (let cpu = 1; cpu < kernel.cpuNodes.length; cpu++) {
    const bringUp = broughtUp[cpu - recorded];
    if (bringUp !== undefined) replay.runUntil(bringUp.request);
    kernel.stages.pageAllocCpuOnline();
    clock.wake(cpu);
    clock.idle.online = cpu + 1;
    clock.observer?.moment("online", cpu, clock.bootCpuNs);
    if (bringUp === undefined) continue;
    replay.runUntil(bringUp.endRequest);
    clock.joinAll();
  }
  replay.runUntil(late?.request ?? 0);
}

function pageAllocInitLate({ guest, kernel, defersInit }: Started & { readonly defersInit: boolean }): void {
  shuffleFreeMemory(kernel, guest.options.memoryBytes, guest.options.seed);
  if (defersInit) pageExtInit(kernel);
}

function fillHugePages({ guest, requests, replay, kernel, waits }: Started): Pick<Booted, "hugePages"> {
  replay.runUntil(requests.marks.khugepaged?.request ?? 0);
  const { pools, untouchedPages } = hugetlbInit(kernel, guest.clock, waits);
  kernel.untouchedPages += untouchedPages;
  return { hugePages: pools };
}

/** The memory devices of ACPI, a subsys initcall after that of huge pages. */
function acpiInit({ guest, handOver, kernel }: Started): Pick<Booted, "acpiMemory"> {
  const { stub, acpiMemory } = handOver;
  if (acpiMemory.length === 0) return { acpiMemory: undefined };
  return {
    acpiMemory: enableAcpiMemory(guest, kernel, acpiMemory, stub.entries, {
      checks: guest.options.guest.checksAcpiMemory,
      blockBytes: guest.behaviour.acpiBlockBytes,
    }),
  };
}

/**
 * The clock source is chosen (clocksource_done_booting, an fs_initcall), so that idle CPUs stop their tick; and the
 * bounce buffer becomes shared, where that waits for it. Assumption: as late as the initcalls of devices begin, of
 * which kswapd_init() is an early one that recordings show.
 */
function fsInitcallsDone({ guest, requests, replay, kernel, acceptance }: Started): void {
  replay.runUntil(requests.marks.kswapd?.request ?? 0);
  guest.clock.idle.ticking = false;
  if (guest.options.guest.swiotlb !== "late") return;
  memEncryptInit(guest, kernel.early, acceptance, kernel.cpuNodes.length);
}

function initRuns({
  guest,
  kernel,
  waits,
  replays,
  workload,
}: Started): Pick<Booted, "ready" | "background"> {
  const { clock, options } = guest;
  waits.initRuns();
  // That of a workload after the boot begins when the boot's own has ended.
  const replaysToCome = workload.afterBoot === undefined ? 1 : 2;
  const background = backgroundAcceptor(guest, kernel, {
    isBusy: (cpu) => replays.length < replaysToCome || replays.at(-1)!.isBusy(cpu),
    workUntil: (cpu, timeNs) => replays.at(-1)!.workUntil(cpu, timeNs),
    sleptSince: (cpu, timeNs) => replays.at(-1)!.sleptSince(cpu, timeNs),
  });
  clock.scheduler.background = background;
  const { earlyMap } = kernel.early;
  earlyMap.tables.initFreed = true;
  earlyMap.raced = options.guest.splitRaces && kernel.cpuNodes.length > 1;
  const { charged } = clock.ledger;
  return { background, ready: { bootTimeNs: clock.bootCpuNs, assumedNs: clock.assumedNs[0]!, charged } };
}

/** @throws Error naming the first thing that cannot be */
export function check(state: Started & Partial<Pick<Booted, "background">>): void {
  if (!state.check) return;
  const { guest, kernel, acceptance, faults, e820Record, background } = state;
  const { platform, meter, options, host } = guest;
  verifyGuest(kernel, acceptance, platform, {
    usableOnTouch: faults !== undefined || kernel.assumesAccepted,
    parkedAccepted: (e820Record?.result.gapBytes ?? 0) > 0,
    sharedAccepted: !options.guest.checksAcpiMemory && meter.acceptedBy.prm > 0,
  });
  verifyAccepted(meter.acceptedBy, platform, options.memoryBytes + kernel.pluggedBytes);
  background?.verifyRate();
  if (!host.isWithinLimit) throw new Error("guest: the host has given more memory than it has");
}
