import { AcceptMemory } from "../accept/accept-memory.js";
import { type Kernel, startKernel } from "../guest/kernel.js";
import { deferredInit } from "../guest/page-alloc-init-late.js";
import { DEBIAN_CLOUD_6_12_95 } from "../linux/kernel-build.js";
import { kernelRules } from "../linux/kernel-rules.js";
import {
  cpuComesOnline,
  initPerZoneWmarkMin,
  raiseForHugePages,
  setupPerCpuPageset,
} from "../page-alloc/zone-setup.js";
import { CostLedger } from "../sim/cost-ledger.js";
import { GuestClock } from "../sim/guest-clock.js";
import { VirtualCpus } from "../sim/virtual-cpus.js";
import { asPfn, KiB, PAGE_SIZE } from "../units.js";
import { type BootLog, bootLogOf } from "./boot-machine.js";
import type { Comparison } from "./comparison.js";
import { followed } from "./followed.js";
import { compareMemblock } from "./memblock-log.js";
import { compareZoneSizes } from "./proc.js";
import type { RecordingFiles } from "./recording-files.js";
import { verifyTraces } from "./stock-runs.js";
import type { VerifiedRecording } from "./verify-recording.js";

/** Freed before the first watermarks are set: code for other numbers of CPUs (alternative_instructions). */
const FREED_EARLY = "SMP alternatives";

/**
 * Repeats the boot of an unmodified kernel: memblock, the pages handed over, the sizes and watermarks
 * of the zones; and what was traced of boot and workloads, on a kernel of its own that reaches the
 * stages of boot with the trace.
 *
 * @throws RecordingError when a file is missing or cannot be read
 */
export function verifyStockRecording(files: RecordingFiles): VerifiedRecording {
  const bootLog = bootLogOf(files);
  return followed(files, "boot.dmesg", () => compareBoot(files, bootLog));
}

function compareBoot(files: RecordingFiles, { text: bootLog, machine }: BootLog): VerifiedRecording {
  const { cpuNodes } = machine;
  const { comparison: memblock, earlySteps } = compareMemblock(bootLog, machine, [DEBIAN_CLOUD_6_12_95]);
  const hooks = earlySteps === undefined ? {} : { earlySteps };
  const newKernel = (): Kernel => {
    const clock = new GuestClock(new VirtualCpus(cpuNodes.length), new CostLedger());
    const acceptance = new AcceptMemory(undefined, { acceptMemory: () => {} });
    return startKernel({
      machine,
      build: DEBIAN_CLOUD_6_12_95,
      rules: kernelRules("6.12").pageAlloc,
      acceptance,
      lazy: true,
      clock,
      ...hooks,
    });
  };
  const kernel = newKernel();
  const { allocator } = kernel;
  setupPerCpuPageset(allocator, cpuNodes.slice(0, 1));
  for (let online = 1; online < cpuNodes.length; online++)
    cpuComesOnline(allocator, cpuNodes.slice(0, online));
  deferredInit(kernel);
  // All that is freed later lies in the zone of the kernel image.
  const imageZone = allocator.zoneOfPfn(asPfn(machine.kernelStart / PAGE_SIZE));
  imageZone.managedPages += freedPages(bootLog, (what) => what === FREED_EARLY);
  const handover = compareMemoryLine(bootLog, allocator.zones);
  raiseForHugePages(allocator, initPerZoneWmarkMin(allocator, cpuNodes), cpuNodes);
  imageZone.managedPages += freedPages(bootLog, (what) => what !== FREED_EARLY);
  const zones = compareZoneSizes(allocator, files);
  const runs = verifyTraces(files, newKernel(), machine, bootLog);
  return { name: files.name, memblock, handover, zones, runs };
}

/** Pages that `Freeing ... memory: 40K` lines name. */
function freedPages(bootLog: string, wanted: (what: string) => boolean): number {
  return Array.from(bootLog.matchAll(/Freeing (.+?) memory: (\d+)K/g))
    .filter(([, what]) => wanted(what!))
    .reduce((pages, [, , kib]) => pages + (Number(kib) * KiB) / PAGE_SIZE, 0);
}

/** `Memory: 1942516K/2096632K available (..., 83648K reserved, ...)`: RAM, and what of it is not managed. */
function compareMemoryLine(
  bootLog: string,
  zones: readonly { readonly presentPages: number; readonly managedPages: number }[],
): Comparison {
  const [, ram, reserved] = (/Memory: \d+K\/(\d+)K available .* (\d+)K reserved/.exec(bootLog) ?? []).map(
    Number,
  );
  const kib = (pages: number): number => (pages * PAGE_SIZE) / KiB;
  const present = zones.reduce((sum, zone) => sum + kib(zone.presentPages), 0);
  const managed = zones.reduce((sum, zone) => sum + kib(zone.managedPages), 0);
  const result: Comparison = { compared: 0, equal: 0 };
  for (const [what, expected, found] of [
    ["KiB of RAM", ram, present],
    ["KiB reserved", reserved, present - managed],
  ] as const) {
    result.compared++;
    if (expected === found) result.equal++;
    else result.firstDivergence ??= { event: 0, expected: `${expected}`, found: `${found}`, context: what };
  }
  return result;
}
