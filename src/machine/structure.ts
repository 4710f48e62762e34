/** What a kernel makes of its machine before anything is asked of it: its map, its zones, and what it manages. */

import type { UnacceptedTable } from "../efistub/unaccepted-table.js";
import { BOOT, poweredOff } from "../guest/boot.js";
import { efiEnterVirtualMode, efiFreeBootServices } from "../guest/boot-services.js";
import { type KernelStart, startKernel } from "../guest/kernel.js";
import { deferredInit } from "../guest/page-alloc-init-late.js";
import type { KernelBuild } from "../linux/kernel-build.js";
import type { KernelRules } from "../linux/rules.js";
import type { Scenario } from "../scenario/scenario.js";
import { CostLedger } from "../sim/cost-ledger.js";
import { GuestClock } from "../sim/guest-clock.js";
import { VirtualCpus } from "../sim/virtual-cpus.js";
import { type AddressRange, KiB, PAGE_SIZE } from "../units.js";
import { RecordedAcceptance } from "../verify/acceptance.js";
import { zoneLines } from "../verify/zone-lines.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import { randomCpuEntryAreaTables } from "../x86/cpu-entry-area.js";
import type { KernelE820Entry } from "../x86/e820-table.js";
import type { EarlyBoot, EarlyMachine } from "../x86/early-machine.js";

/** A kernel and what it starts with. */
export interface KernelMachine {
  readonly machine: EarlyMachine;
  readonly build: KernelBuild;
  readonly rules: KernelRules;
  readonly table: UnacceptedTable | undefined;
}

/** A zone when all struct pages are initialised; pages. */
export interface ZoneStructure {
  readonly nodeId: number;
  readonly name: string;
  readonly startPfn: number;
  readonly presentPages: number;
  /** Without what is freed later: boot services, init memory, initrd. */
  readonly managedPages: number;
  /** Of the firmware's boot services, which come back before init runs. */
  readonly bootServicePages: number;
  /** The kernel's image lies here, and all that is freed of it. */
  readonly hasImage: boolean;
  /** The initrd does. */
  readonly hasInitrd: boolean;
}

export interface Structure {
  readonly e820: readonly KernelE820Entry[];
  /** As the kernel prints them. */
  readonly zoneLines: readonly string[];
  readonly zones: readonly ZoneStructure[];
  readonly cmaPages: number;
  /** Of the kernel, up to where its brk area begins. */
  readonly imageBytes: number;
  /** As `uname -r` prints it: of the build whose sizes these are. */
  readonly buildRelease: string;
  /** Page tables beyond the least that chance may take, where KASLR is on (cpu_entry_area.c: init_cea_offsets). */
  readonly randomTablesMost: number;
  /** Whether boot services come back before struct pages are initialised late. */
  readonly bootServicesEarly: boolean;
  readonly swiotlbBytes: number;
  readonly crashkernelBytes: number;
  /** Of the table of unaccepted memory; undefined where there is none. */
  readonly bitmapBytes: number | undefined;
}

/**
 * The machine that a scenario hands to its kernel.
 *
 * @throws GuestEnded for a guest that does not come so far
 */
export function kernelMachineOf(scenario: Scenario, loaded: LoadedWorkload): KernelMachine {
  let table: UnacceptedTable | undefined;
  const off = poweredOff(scenario, loaded, {
    onHandOver: (_handOver, acceptance) => {
      table = acceptance.table?.copy();
    },
  });
  const { guest } = off;
  const { machine, start } = BOOT.until("memblock").run(off, (phase) => guest.clock.endPhase(phase)) as {
    readonly machine?: EarlyMachine;
    readonly start?: KernelStart;
  };
  return { machine: machine!, build: start!.build, rules: guest.rules, table };
}

/** @throws GuestEnded where the kernel has no room, or finds no memory */
export function structureOf({ machine, build, rules, table }: KernelMachine): Structure {
  const kernel = startKernel({
    machine,
    build,
    rules,
    acceptance: new RecordedAcceptance(table?.copy(), rules.acceptMemory),
    lazy: true,
    clock: new GuestClock(new VirtualCpus(machine.cpuNodes.length), new CostLedger()),
  });
  const { allocator, early } = kernel;
  const { bootServicesFreed } = rules;
  kernel.stages.setupPerCpuPageset();
  const managed = (): number[] => allocator.zones.map(({ managedPages }) => managedPages);
  const before = managed();
  efiEnterVirtualMode(kernel, bootServicesFreed);
  const entered = managed();
  deferredInit(kernel);
  const initialised = managed();
  efiFreeBootServices(kernel, bootServicesFreed);
  const has = (zone: AddressRange, address: number | undefined): boolean =>
    address !== undefined && zone.start <= address && address < zone.end;
  return {
    e820: machine.e820,
    zoneLines: zoneLines({ kernel }),
    zones: allocator.zones.map((zone, at) => {
      const byEnter = entered[at]! - before[at]!;
      const span = { start: zone.startPfn * PAGE_SIZE, end: zone.endPfn * PAGE_SIZE };
      return {
        nodeId: zone.nodeId,
        name: zone.name,
        startPfn: zone.startPfn,
        presentPages: zone.presentPages,
        managedPages: initialised[at]! - byEnter,
        bootServicePages: byEnter + zone.managedPages - initialised[at]!,
        hasImage: has(span, machine.kernelStart),
        hasInitrd: has(span, early.initrd?.start),
      };
    }),
    cmaPages: early.cmaAreas.reduce((sum, area) => sum + sizeOf(area), 0) / PAGE_SIZE,
    imageBytes: build.imageBytes,
    buildRelease: build.release,
    randomTablesMost: randomTablesMost(early),
    bootServicesEarly: bootServicesFreed === "efi_enter_virtual_mode",
    swiotlbBytes: sizeOf(early.swiotlb),
    crashkernelBytes: sizeOf(early.crashkernel) + sizeOf(early.crashkernelLow),
    bitmapBytes: table?.bitmapBytes,
  };
}

function randomTablesMost({ options, build, cpuCount }: EarlyBoot): number {
  if (!options.kaslr || !build.randomizeMemory) return 0;
  const { least, most } = randomCpuEntryAreaTables(cpuCount);
  return most - least;
}

/** What the line `Memory:` says of a structure; KiB. @param isLate printed when all struct pages are initialised */
export function memoryLineOf(
  { zones, cmaPages, bootServicesEarly }: Structure,
  isLate: boolean,
): { readonly totalKib: number; readonly reservedKib: number; readonly cmaKib: number } {
  const sum = (pages: (zone: ZoneStructure) => number): number =>
    zones.reduce((total, zone) => total + pages(zone), 0);
  const total = sum((zone) => zone.presentPages);
  const managed = sum(
    (zone) => zone.managedPages + (bootServicesEarly && isLate ? zone.bootServicePages : 0),
  );
  const kib = (pages: number): number => (pages * PAGE_SIZE) / KiB;
  return { totalKib: kib(total), reservedKib: kib(total - managed - cmaPages), cmaKib: kib(cmaPages) };
}

function sizeOf(range: AddressRange | undefined): number {
  return range === undefined ? 0 : range.end - range.start;
}
