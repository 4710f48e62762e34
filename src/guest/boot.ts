import type { AcceptMemory } from "../accept/accept-memory.js";
import { EfiMemoryType } from "../firmware/efi-memory-map.js";
import { StallRecorder } from "../metrics/stalls.js";
import {
  cpuComesOnline,
  initPerZoneWmarkMin,
  noteCaches,
  raiseForHugePages,
  setupPerCpuPageset,
} from "../page-alloc/zone-setup.js";
import type { Scenario } from "../scenario/scenario.js";
import { CostEvent } from "../sim/cost-events.js";
import { type AddressRange, GiB, MiB, roundUp, TiB } from "../units.js";
import type { Recording } from "../workload/recording.js";
import { Replay } from "../workload/replay.js";
import type { ImportReport, Requests } from "../workload/requests.js";
import type { EarlyMachine } from "./early-machine.js";
import { createGuest, type Guest, kernelAcceptance } from "./guest.js";
import { Kernel } from "./kernel.js";
import { DEBIAN_CLOUD_6_12_95 } from "./kernel-build.js";
import { KERNEL_RULES } from "./kernel-versions.js";
import { type HandOver, OutOfMemory, powerOn } from "./power-on.js";
import { qemuAcpiTables } from "./qemu-acpi.js";
import { requireMemory } from "./require-memory.js";
import { verifyGuest } from "./verify-guest.js";

/** Physical memory that four levels of page tables can address (MAX_PHYSMEM_BITS 46, less the hole below 4 GiB). */
const FOUR_LEVEL_BYTES_MAX: number = 64 * TiB - 2 * GiB;

/** A recording with its trace read. */
export interface LoadedRecording {
  readonly recording: Recording;
  readonly requests: Requests;
  readonly report: ImportReport;
}

/** Where an unrandomised kernel lies (CONFIG_PHYSICAL_START). */
const KERNEL_START: number = 16 * MiB;

/** One guest from power on to the end of its recorded requests. This is the order of things. */
export class GuestBoot {
  readonly guest: Guest;
  readonly stalls: StallRecorder = new StallRecorder();
  kernel: Kernel | undefined = undefined;
  replay: Replay | undefined = undefined;
  /** When init began to run, and how much of that time was charged at assumed prices; nanoseconds. */
  ready: { readonly bootTimeNs: number; readonly assumedNs: number } | undefined = undefined;

  readonly #scenario: Scenario;
  readonly #loaded: LoadedRecording;
  readonly #check: boolean;
  #acceptance: AcceptMemory | undefined = undefined;

  /** @param check walk the whole guest for broken invariants at the milestones of boot */
  constructor(scenario: Scenario, loaded: LoadedRecording, check: boolean) {
    const { timeScale } = loaded.recording.clock;
    const own = scenario.guest.timeScale;
    this.#scenario = scenario;
    this.#loaded = loaded;
    this.#check = check;
    this.guest = createGuest(scenario, own === undefined ? timeScale : { value: own, basis: "assumed" });
  }

  /** Calls of the kernel's accept_memory() that had something to accept. */
  get acceptCalls(): number {
    return this.#acceptance?.acceptCalls ?? 0;
  }

  /**
   * Boots the guest and replays all requests.
   *
   * @throws OutOfMemory, AllocationFailed or DoubleAcceptError when the guest cannot go on
   */
  execute(): void {
    const guest = this.guest;
    const { clock } = guest;
    const { recording, requests } = this.#loaded;
    const build = DEBIAN_CLOUD_6_12_95;
    // The image and the brk area behind it, in whole 2 MiB.
    const kernelRange = {
      start: KERNEL_START,
      end: KERNEL_START + roundUp(build.imageBytes + 2 * MiB, 2 * MiB),
    };
    const handOver = powerOn(guest, { kernel: kernelRange, initrdBytes: bytesOf(recording, "initrd") });

    const acceptance = kernelAcceptance(guest, handOver.stub.table);
    this.#acceptance = acceptance;
    const machine = earlyMachine(this.#scenario, handOver);
    requireMemory(machine);
    const kernel = new Kernel(machine, build, this.#scenario.kernel, acceptance, guest.policy.lazy, clock);
    this.kernel = kernel;
    this.replay = new Replay({
      requests,
      allocator: kernel.allocator,
      clock,
      stalls: this.stalls,
      timeScale: this.#scenario.guest.timeScale ?? recording.clock.timeScale.value,
      cpuNodes: kernel.cpuNodes,
      reserved: recording.reserved.map(({ name }) =>
        this.#reservedHere(name, kernelRange, kernel.early.initrd),
      ),
    });
    clock.ledger.charge(CostEvent.guestWork, requests.thinkBeforeNs);
    clock.settle(0);
    this.#allocateUnseen();
    this.#bootToInit(kernel, this.replay);
    this.ready = { bootTimeNs: clock.bootCpuNs, assumedNs: clock.assumedNs[0]! };
    this.replay.runUntil(requests.count);
    this.#verify();
  }

  /** The recorded requests up to init, with what the kernel does by itself at its moments. */
  #bootToInit(kernel: Kernel, replay: Replay): void {
    const { clock } = this.guest;
    const { allocator, cpuNodes } = kernel;
    const { marks, count } = this.#loaded.requests;
    const bootCpu = cpuNodes.slice(0, 1);

    replay.runUntil(marks.setupPerCpuPageset?.request ?? 0);
    setupPerCpuPageset(allocator, bootCpu);
    replay.runUntil((marks.deferredInit ?? marks.pageAllocInitLate)?.request ?? 0);
    for (let online = 1; online < cpuNodes.length; online++)
      cpuComesOnline(allocator, cpuNodes.slice(0, online));
    clock.endPhase("early kernel");
    kernel.deferredInit();
    this.#verify();

    replay.runUntil(marks.watermarks?.request ?? 0);
    const minFreeKbytes = initPerZoneWmarkMin(allocator, cpuNodes);
    replay.runUntil(marks.khugepaged?.request ?? 0);
    if (this.#scenario.guest.transparentHugePages) raiseForHugePages(allocator, minFreeKbytes, cpuNodes);
    replay.runUntil(marks.kswapd?.request ?? 0);
    allocator.kswapdRunning = true;
    noteCaches(allocator);
    replay.runUntil(marks.ready?.request ?? count);
    clock.joinAll();
    clock.endPhase("initcalls");
  }

  /** Pages that the recorded kernel took before its first event and kept; single ones, as most are. */
  #allocateUnseen(): void {
    const { recording, report } = this.#loaded;
    const { clock } = this.guest;
    const { allocator } = this.kernel!;
    for (let page = report.beforeTracing; page < recording.beforeTracing.pages; page++) {
      if (allocator.allocPages(0, 0, 0, 0) < 0)
        throw new OutOfMemory("no page is left before init memory is freed");
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
    if (this.#check) verifyGuest(this.kernel!, this.#acceptance!, this.guest.platform);
  }
}

/** The guest as its kernel finds it after the stub. */
function earlyMachine(scenario: Scenario, { stub, efiMap, initrd, acpi }: HandOver): EarlyMachine {
  return {
    e820: stub.entries,
    kernelStart: KERNEL_START,
    ...(initrd === undefined ? {} : { initrd }),
    setupData: [],
    efi: {
      memoryMap: efiMap,
      ...(stub.tableRange === undefined ? {} : { unacceptedTable: stub.tableRange }),
      unacceptedTableInRam: KERNEL_RULES[scenario.kernel].tableMemory === EfiMemoryType.LOADER_DATA,
      keptTables: [],
      bootServices: [],
    },
    acpiTables: qemuAcpiTables(acpi.start, scenario.vcpus),
    ioapicCount: 1,
    commandLine: commandLine(scenario),
    unknownOptions: [],
    cpuNodes: Array.from({ length: scenario.vcpus }, () => 0),
    numaBlocks: [],
    // Where the processor has five levels the kernel could use them for less; the recorded ones did not.
    fiveLevel: scenario.memoryBytes > FOUR_LEVEL_BYTES_MAX,
    memoryEncrypted: scenario.platform.kind !== "none",
  };
}

function commandLine({ policy, guest }: Scenario): string {
  const words = ["console=ttyS0", policy === "eager" ? "accept_memory=eager" : "", guest.commandLine];
  return words.filter((word) => word !== "").join(" ");
}

function bytesOf(recording: Recording, name: string): number {
  const range = recording.reserved.find((candidate) => candidate.name === name);
  return range === undefined ? 0 : range.end - range.start;
}
