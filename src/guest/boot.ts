import { AcceptMemory } from "../accept/accept-memory.js";
import type { BackgroundAcceptor } from "../accept/background-acceptor.js";
import type { TrackedRange } from "../accept/e820-ranges.js";
import { E820Record } from "../accept/e820-record.js";
import type { FaultAcceptance } from "../accept/fault-acceptance.js";
import { StallRecorder } from "../accept/stalls.js";
import { trackedMap } from "../accept/tracked-map.js";
import { Attack } from "../after/attack.js";
import { allocDmaBuffers } from "../after/dma-buffers.js";
import { type DrainResult, drain } from "../after/drain.js";
import { Hotplug } from "../after/hotplug/hotplug.js";
import { type FirstKernel, Kexec } from "../after/kexec/kexec.js";
import { DoubleAcceptError } from "../coco/double-accept-error.js";
import { bootOptions } from "../command-line/boot-options.js";
import { cpuLimits } from "../command-line/cpu-limits.js";
import type { StubResult } from "../efistub/exit-boot-services.js";
import { q35Ram } from "../firmware/q35.js";
import type { ReadyTdxModule } from "../host/tdx-module/start.js";
import { DEBIAN_CLOUD_6_12_95 } from "../linux/kernel-build.js";
import { type AcpiMemory, enableAcpiMemory } from "../memory-hotplug/acpi-memory.js";
import { hugePagesInUse } from "../memory-hotplug/online-pages.js";
import { NO_PAGE } from "../page-alloc/page-frames.js";
import {
  cpuComesOnline,
  initPerZoneWmarkMin,
  noteCaches,
  raiseForHugePages,
  recalculateWithoutHugePages,
  setupPerCpuPageset,
} from "../page-alloc/zone-setup.js";
import { CostEvent } from "../sim/cost-events.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { type AddressRange, asPhys, formatBytes, MiB, PAGE_SIZE, roundUp } from "../units.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import { type RequestsOnMoreCpus, withCpuBringUp } from "../workload/cpu-bring-up.js";
import type { Recording } from "../workload/recording.js";
import { Replay } from "../workload/replay.js";
import type { Requests } from "../workload/requests.js";
import { shareGhcbPages } from "../x86/ghcb-pages.js";
import { type SetupArchUse, setupArchUse } from "../x86/setup-arch-use.js";
import { memEncryptInit } from "../x86/swiotlb-conversion.js";
import { machineAfterStub } from "./after-stub.js";
import { cmaInitReservedAreas } from "./cma-activate.js";
import { createGuest, type Guest } from "./guest.js";
import { limitToHost, startTdxHost } from "./host-limit.js";
import { type HugePagePoolResult, hugetlbInit } from "./hugetlb-pool.js";
import { Kernel } from "./kernel.js";
import { pageExtInit } from "./page-ext.js";
import { type HandOver, powerOn } from "./power-on.js";
import { requireMemory } from "./require-memory.js";
import { serveTables } from "./serve-tables.js";
import { shuffleFreeMemory } from "./shuffle-memory.js";
import { backgroundAcceptor, faultAcceptance, kernelOptions, kernelTable } from "./strategy.js";
import { verifyAccepted, verifyGuest, verifyPhases } from "./verify-guest.js";

/** One guest from power on to the end of its recorded requests. This is the order of things. */
export class GuestBoot {
  readonly guest: Guest;
  /** Told what the stub left, and through what the kernel is going to accept, before the kernel starts. */
  onHandOver: (stub: StubResult, acceptance: AcceptMemory) => void = () => {};
  readonly stalls: StallRecorder = new StallRecorder();
  /** What firmware and stub left, once they have. */
  handOver: HandOver | undefined = undefined;
  /** What came of memory that ACPI describes, if there is any. */
  acpiMemory: AcpiMemory | undefined = undefined;
  kernel: Kernel | undefined = undefined;
  /** The kernel's record, if that is its e820 table. */
  e820Record: E820Record | undefined = undefined;
  /** Who had accepted what the kernel used until setup_arch() ended; in a guest that accepts. */
  setupArch: SetupArchUse | undefined = undefined;
  replay: Replay | undefined = undefined;
  /** When init began to run, and how much of that time was charged at assumed prices; nanoseconds. */
  ready: { readonly bootTimeNs: number; readonly assumedNs: number } | undefined = undefined;

  /** Pools of huge pages, once they are filled. */
  hugePages: readonly HugePagePoolResult[] = [];
  /** How the drain of the scenario went, once it is done. */
  drained: DrainResult | undefined = undefined;

  /** Pages that `#allocateUnseen` took. */
  filledBeforeTracing = 0;
  attack: Attack | undefined = undefined;
  /** What became of memory that is plugged in, once it is. */
  hotplug: Hotplug | undefined = undefined;
  /** The next kernel, once there is to be one. */
  kexec: Kexec | undefined = undefined;
  /** What the host's TDX module was told when it started, if the scenario has the whole host. */
  tdxModule: ReadyTdxModule | undefined = undefined;
  /** Faults of first touches, where those accept. */
  faults: FaultAcceptance | undefined = undefined;
  /** The threads that accept once init runs, if the policy has any. */
  background: BackgroundAcceptor | undefined = undefined;
  /** The replay of what comes after the boot. */
  afterBoot: Replay | undefined = undefined;

  /** Threads that begin only once init runs. */
  readonly #beside: { runBefore(timeNs: number): boolean } = {
    runBefore: (timeNs) => this.background?.runBefore(timeNs) === true,
  };
  readonly #scenario: Guest["scenario"];
  readonly #loaded: LoadedWorkload;
  readonly #requests: RequestsOnMoreCpus;
  readonly #check: boolean;
  #acceptance: AcceptMemory | undefined = undefined;
  #firstKernel: FirstKernel | undefined = undefined;

  /** @param check walk the whole guest for broken invariants at the milestones of boot */
  constructor(scenario: Guest["scenario"], loaded: LoadedWorkload, check: boolean) {
    const { timeScale } = loaded.recording.clock;
    const own = scenario.guest.timeScale;
    this.#scenario = scenario;
    this.#loaded = loaded;
    const { requests, recording, bringUp } = loaded;
    this.#requests =
      bringUp === undefined
        ? { ...requests, broughtUp: [] }
        : withCpuBringUp(requests, bringUp, recording.machine.vcpus, onlineCpus(scenario));
    this.#check = check;
    this.guest = createGuest(scenario, own === undefined ? timeScale : { value: own, basis: "assumed" });
  }

  /** Calls of the kernel's accept_memory() that had something to accept, or faults that did. */
  get acceptCalls(): number {
    return this.faults?.faults ?? this.#acceptance?.acceptCalls ?? 0;
  }

  /**
   * Boots the guest and replays all requests.
   *
   * @throws GuestEnded when the guest cannot go on
   */
  execute(): void {
    const guest = this.guest;
    const { clock } = guest;
    const { recording } = this.#loaded;
    this.tdxModule = startTdxHost(this.#scenario);
    limitToHost(this.guest, this.tdxModule);
    const requests = this.#requests;
    const build = DEBIAN_CLOUD_6_12_95;
    // The image and the brk area behind it, in whole 2 MiB.
    const kernelBytes = roundUp(build.imageBytes + 2 * MiB, 2 * MiB);
    const handOver = powerOn(guest, { kernelBytes, initrdBytes: bytesOf(recording, "initrd") });
    const kernelRange = handOver.kernel;

    this.handOver = handOver;
    requireRecord(handOver);
    const { kernelAccept } = guest;
    const table = kernelTable(guest, handOver.stub.table);
    const acceptance = new AcceptMemory(table, kernelAccept, kernelAccept);
    this.#acceptance = acceptance;
    this.onHandOver(handOver.stub, acceptance);
    const asFromFirmware = trackedMap(handOver.stub.entries, table);
    this.#keepInE820(asFromFirmware, acceptance);
    const machine = machineAfterStub(this.#scenario, handOver);
    requireMemory(machine, q35Ram(this.#scenario.memoryBytes));
    this.faults = faultAcceptance(guest, table);
    const lazy = guest.policy.kernel !== "boot";
    const options = kernelOptions(guest, this.faults);
    const kernel = new Kernel(machine, build, guest.rules.pageAlloc, acceptance, lazy, clock, options);
    this.kernel = kernel;
    if (guest.platform.name !== "none") {
      this.setupArch = setupArchUse(kernel.early, asFromFirmware, guest.meter.stubRanges);
    }
    this.#flagKernelPages(kernelRange);
    const { entries } = handOver.stub;
    this.#firstKernel = { guest, kernel, machine, acceptance, entries, table, asFromFirmware };
    shareGhcbPages(kernel.early.runtimeData, guest.host);
    const early = kernel.early.earlyMap!;
    early.charge(clock.ledger);
    serveTables(early.tables, kernel.allocator);
    const bitmapBytes = handOver.stub.tableRange === undefined ? 0 : (table?.bitmapBytes ?? 0);
    guest.host.noteGuestTables(bitmapBytes, early.tables.total * PAGE_SIZE);
    clock.settle(0);
    this.replay = this.#replayOf(
      kernel,
      requests,
      recording.reserved.map(({ name }) => this.#reservedHere(name, kernelRange, kernel.early.initrd)),
    );
    clock.ledger.charge(CostEvent.guestWork, requests.thinkBeforeNs);
    clock.settle(0);
    // From here on each CPU has a recorded time of its own.
    for (let cpu = 1; cpu < clock.cpus.count; cpu++) clock.wake(cpu);
    if (!kernel.defersInit) pageExtInit(kernel);
    this.#allocateUnseen();
    this.#bootToInit(kernel, this.replay);
    clock.idle.ticking = false;
    this.background = backgroundAcceptor(guest, kernel, (cpu) => this.#isBusy(cpu));
    this.ready = { bootTimeNs: clock.bootCpuNs, assumedNs: clock.assumedNs[0]! };
    early.tables.initFreed = true;
    early.raced = this.#scenario.guest.splitRaces && kernel.cpuNodes.length > 1;
    allocDmaBuffers(this.#scenario.guest.dmaBuffers, guest, kernel);
    this.#attack(kernelRange, kernel);
    this.replay.runUntil(requests.count);
    this.#hotplug(kernel, acceptance);
    this.#afterBoot(kernel);
    this.#drain(kernel);
    this.#verify();
    this.#kexec();
  }

  /** The kernel's record is its e820 table, if the scenario says so. */
  #keepInE820(map: readonly TrackedRange[], acceptance: AcceptMemory): void {
    const { record } = this.#scenario.guest;
    if (record === "bitmap" || acceptance.table === undefined) return;
    const { kernelAccept, meter } = this.guest;
    const e820 = new E820Record(record, map, acceptance, (start, end) => meter.kernelAccept(start, end));
    kernelAccept.onAccepted = (start, end) => e820.accepted(start, end);
    this.e820Record = e820;
  }

  /**
   * Struct pages are there, and what the kernel runs from is in use. Where it lies in memory that the
   * firmware's map calls unaccepted, the kernel does not know that the decompressor has accepted it.
   */
  #flagKernelPages({ start, end }: AddressRange): void {
    if (this.guest.policy.flagsPages !== true) return;
    try {
      this.faults!.touch(asPhys(start), end - start);
    } catch (error) {
      if (!(error instanceof DoubleAcceptError)) throw error;
      throw new GuestEnded(
        "terminated",
        `${error.message}: no flag in struct page says that the decompressor accepted it`,
      );
    }
  }

  #hotplug(kernel: Kernel, acceptance: AcceptMemory): void {
    const plan = this.#scenario.hotplug;
    if (plan === undefined) return;
    const { guest, faults, tdxModule } = this;
    this.hotplug = new Hotplug(plan, { guest, kernel, acceptance, faults, tdxModule });
    this.hotplug.run();
  }

  #kexec(): void {
    const plan = this.#scenario.kexec;
    if (plan === undefined) return;
    this.kexec = new Kexec(plan, this.#firstKernel!);
    this.kexec.run();
  }

  #attack(target: AddressRange, { early }: Kernel): void {
    const plan = this.#scenario.attack;
    if (plan === undefined) return;
    this.attack = new Attack();
    this.attack.run(this.guest, target, (address) => early.earlyMap!.map.isShared(address), plan);
  }

  /** On the same machine, from the moment at which all of its CPUs have nothing else to do. */
  #afterBoot(kernel: Kernel): void {
    const requests = this.#loaded.afterBoot?.requests;
    if (requests === undefined) return;
    const { clock } = this.guest;
    clock.joinAll();
    for (let cpu = 1; cpu < clock.cpus.count; cpu++) clock.wake(cpu);
    this.afterBoot = this.#replayOf(kernel, requests, []);
    this.afterBoot.runUntil(requests.count);
  }

  #replayOf(
    { allocator, cpuNodes }: Kernel,
    requests: Requests,
    reserved: readonly (AddressRange | undefined)[],
  ): Replay {
    const { clock } = this.guest;
    const { timeScale } = this.#loaded.recording.clock;
    return new Replay({
      requests,
      allocator,
      clock,
      stalls: this.stalls,
      timeScale: this.#scenario.guest.timeScale ?? timeScale.value,
      cpuNodes,
      reserved,
      beside: this.#beside,
    });
  }

  #isBusy(cpu: number): boolean {
    return (this.afterBoot ?? this.replay)?.isBusy(cpu) === true;
  }

  #drain({ allocator, cpuNodes }: Kernel): void {
    const workers = this.#scenario.drain?.workers;
    if (workers === undefined) return;
    const { clock } = this.guest;
    this.drained = drain(workers, { allocator, clock, stalls: this.stalls, cpuNodes, beside: this.#beside });
  }

  /** The recorded requests up to init, with what the kernel does by itself at its moments. */
  #bootToInit(kernel: Kernel, replay: Replay): void {
    const { clock, lockups } = this.guest;
    const { allocator, cpuNodes } = kernel;
    const { marks, count } = this.#requests;
    const bootCpu = cpuNodes.slice(0, 1);

    replay.runUntil(marks.setupPerCpuPageset?.request ?? 0);
    // start_kernel() has enabled them shortly before.
    lockups.interruptsOn = true;
    setupPerCpuPageset(allocator, bootCpu);
    memEncryptInit(this.guest, kernel, this.#acceptance!);
    this.#smpInit(kernel, replay);
    replay.runUntil((marks.deferredInit ?? marks.pageAllocInitLate)?.request ?? 0);
    clock.endPhase("early kernel");
    const { defersInit } = kernel;
    kernel.deferredInit();
    shuffleFreeMemory(kernel, this.#scenario.memoryBytes, this.#scenario.seed);
    if (defersInit) pageExtInit(kernel);
    cmaInitReservedAreas(kernel, this.guest.platform, this.faults !== undefined);
    clock.settle(0);
    this.#verify();

    replay.runUntil(marks.watermarks?.request ?? 0);
    const minFreeKbytes = initPerZoneWmarkMin(allocator, cpuNodes);
    replay.runUntil(marks.khugepaged?.request ?? 0);
    this.hugePages = hugetlbInit(kernel, clock, this.stalls);
    const { transparentHugePages = this.#scenario.guest.transparentHugePages } = kernel.early.options;
    if (transparentHugePages) raiseForHugePages(allocator, minFreeKbytes, cpuNodes);
    else if (hugePagesInUse(allocator)) recalculateWithoutHugePages(allocator, cpuNodes);
    this.#acpiMemory(kernel);
    replay.runUntil(marks.kswapd?.request ?? 0);
    allocator.kswapdRunning = true;
    noteCaches(allocator);
    replay.runUntil(marks.ready?.request ?? count);
    clock.joinAll();
    clock.endPhase("initcalls");
    if (this.#check) verifyPhases(clock);
  }

  /** The memory devices of ACPI, a subsys initcall behind that of huge pages (acpi_init). */
  #acpiMemory(kernel: Kernel): void {
    const { stub, acpiMemory } = this.handOver!;
    if (acpiMemory.length === 0) return;
    const { checksAcpiMemory } = this.#scenario.guest;
    this.acpiMemory = enableAcpiMemory(this.guest, kernel, acpiMemory, stub.entries, checksAcpiMemory);
  }

  /** CPU after CPU comes online; the boot CPU waits for each (smp_init). */
  #smpInit(kernel: Kernel, replay: Replay): void {
    const { clock, lockups } = this.guest;
    const { allocator, cpuNodes } = kernel;
    const { marks, broughtUp } = this.#requests;
    const start = marks.smpDone ?? marks.deferredInit ?? marks.pageAllocInitLate;
    replay.runUntil(start?.request ?? 0);
    lockups.watching = true;
    for (let cpu = 1; cpu < cpuNodes.length; cpu++) {
      const bringUp = broughtUp.find((one) => one.cpu === cpu);
      if (bringUp !== undefined) replay.runUntil(bringUp.request);
      cpuComesOnline(allocator, cpuNodes.slice(0, cpu));
      clock.wake(cpu);
      clock.idle.online = cpu + 1;
      if (bringUp === undefined) continue;
      replay.runUntil(bringUp.endRequest);
      clock.joinAll();
    }
  }

  /** Pages that the recorded kernel took before its first event and kept; single ones, as most are. */
  #allocateUnseen(): void {
    const { recording, report } = this.#loaded;
    const { clock } = this.guest;
    const { allocator } = this.kernel!;
    for (let page = report.beforeTracing; page < recording.beforeTracing.pages; page++) {
      if (allocator.allocPages(0, 0, 0, 0) === NO_PAGE)
        throw new GuestEnded("oom", "no page is left before init memory is freed");
      this.filledBeforeTracing++;
      const stallNs = clock.settle(0);
      if (stallNs > 0) this.stalls.record(stallNs);
    }
  }

  #reservedHere(
    name: string,
    kernel: AddressRange,
    initrd: AddressRange | undefined,
  ): AddressRange | undefined {
    if (name === "kernel image") return kernel;
    return name === "initrd" ? initrd : undefined;
  }

  #verify(): void {
    if (!this.#check) return;
    const usableOnTouch = this.faults !== undefined || this.#scenario.hotplug?.acceptance === "assumed";
    const { platform, meter, scenario, host } = this.guest;
    const hasGaps = (this.e820Record?.result.gapBytes ?? 0) > 0;
    verifyGuest(this.kernel!, this.#acceptance!, platform, usableOnTouch, hasGaps);
    verifyAccepted(meter.acceptedBy, platform, scenario.memoryBytes + (this.hotplug?.result.addedBytes ?? 0));
    this.background?.verifyRate();
    if (!host.isWithinLimit) throw new Error("guest: the host has given more memory than it has");
  }
}

/** CPUs that the kernel starts at boot. */
function onlineCpus({ guest, vcpus }: Guest["scenario"]): number {
  return cpuLimits(bootOptions(guest.commandLine).words, vcpus).online;
}

/**
 * A kernel that takes unaccepted memory for accepted does not come far: memblock works from the top
 * of memory down, and its first page tables lie there.
 *
 * @throws GuestEnded for such a kernel
 */
function requireRecord({ stub }: HandOver): void {
  if (stub.unknownBytes === 0) return;
  throw new GuestEnded(
    "terminated",
    `the kernel does not know that ${formatBytes(stub.unknownBytes)} of its memory are not accepted, and touches them`,
  );
}

function bytesOf(recording: Recording, name: string): number {
  const range = recording.reserved.find((candidate) => candidate.name === name);
  return range === undefined ? 0 : range.end - range.start;
}
