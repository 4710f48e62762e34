import type { AcceptMeter } from "../accept/accept-meter.js";
import type { PlatformKind } from "../coco/platform.js";
import { exitBoot, type StubOutcome, type StubResult } from "../efistub/exit-boot-services.js";
import { handOverInZeroPage } from "../efistub/zero-page-hand-over.js";
import type { BootServices } from "../firmware/boot-services.js";
import { EfiMemoryType } from "../firmware/efi-memory-map.js";
import type { Firmware, FirmwareAccept, FirmwareMachine, FirmwareModel } from "../firmware/firmware.js";
import { FIRMWARES } from "../firmware/firmwares.js";
import { q35Ram } from "../firmware/q35.js";
import { startFirmware } from "../firmware/start.js";
import type { KernelRules } from "../linux/rules.js";
import { CostEvent } from "../sim/cost-events.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { type AddressRange, PAGE_SIZE, roundUp } from "../units.js";
import { loadKernel, unpackKernel } from "../x86/place-kernel.js";
import type { Guest } from "./guest.js";

/** The firmware that starts guests of a platform unless a scenario names one. */
const USUAL_FIRMWARE: Readonly<Record<PlatformKind, FirmwareModel>> = {
  tdx: "tdvf",
  snp: "ovmf-snp",
  none: "ovmf",
};

/** Bytes of one descriptor in the map the stub keeps, and descriptors it leaves room for (EFI_MMAP_NR_SLACK_SLOTS). */
const EFI_DESCRIPTOR_BYTES = 48;
const MAP_SLACK_SLOTS = 32;

const TABLE_MEMORY: Readonly<Record<KernelRules["tableMemory"], EfiMemoryType>> = {
  "loader-data": EfiMemoryType.LOADER_DATA,
  "acpi-reclaim": EfiMemoryType.ACPI_RECLAIM,
};

/** What is to be booted; bytes. */
export interface BootFiles {
  /** Size of the unpacked kernel with its bss and brk area, a multiple of 2 MiB. */
  readonly kernelBytes: number;
  readonly initrdBytes: number;
}

/** What firmware and stub leave for the kernel. */
export interface HandOver {
  readonly stub: StubResult;
  /** Where the unpacked kernel lies. */
  readonly kernel: AddressRange;
  readonly efiMap: AddressRange;
  readonly initrd: AddressRange | undefined;
  readonly acpi: AddressRange;
  /** Memory that ACPI describes beside or in place of the map. */
  readonly acpiMemory: readonly AddressRange[];
}

/**
 * From power on to the kernel's first instruction: the VMM loads the firmware, the firmware
 * accepts memory and starts the stub, the stub leaves the firmware.
 *
 * @throws GuestEnded when accepted memory does not suffice, or when the decompressor does not understand what it finds
 */
export function powerOn(guest: Guest, files: BootFiles): HandOver {
  const { clock, meter, policy, scenario } = guest;
  const { preset, preAcceptLimitBytes, preAcceptBy, acceptAll, acceptOnDemand } = scenario.firmware;
  const highMemory = policy.highMemory ?? scenario.firmware.highMemory;
  const model = FIRMWARES[preset === "auto" ? USUAL_FIRMWARE[scenario.platform.kind] : preset];

  clock.ledger.charge(CostEvent.launch, 1);
  for (const { start, end } of model.launchRanges) {
    meter.launchPages(start, end);
  }
  const machine = {
    ram: q35Ram(scenario.memoryBytes),
    vcpus: scenario.vcpus,
    preAcceptLimit: acceptAll || policy.firmwareAcceptsAll ? Number.POSITIVE_INFINITY : preAcceptLimitBytes,
    acceptOnDemand,
  };
  const firmware = preAcceptBy === "vmm" ? launchAccepted(model, machine, meter) : model;
  clock.endPhase("launch");

  clock.ledger.charge(CostEvent.firmwareFixed, 1);
  // A kernel that does not take unaccepted memory needs a firmware that accepts it in its place.
  const hasProtocol = firmware.acceptanceProtocol || !policy.kernelTakesUnaccepted;
  const image = {
    loadKernel: (services: BootServices) => loadKernel(services, files.kernelBytes, scenario),
    initrdBytes: files.initrdBytes,
  };
  const started = startFirmware(firmware, machine, image, hasProtocol, firmwareSink(guest), highMemory);
  if (started.outcome !== "started") throw new GuestEnded("oom", started.reason);
  clock.endPhase("firmware");

  const { boot, initrd } = started;
  // Found before the stub puts its table beside them.
  const acpi = boot.getMemoryMap().descriptors.find(({ type }) => type === EfiMemoryType.ACPI_RECLAIM);
  if (acpi === undefined) throw new Error("guest: the firmware left no ACPI tables");
  const mapBytes = roundUp(
    (boot.getMemoryMap().descriptors.length + MAP_SLACK_SLOTS) * EFI_DESCRIPTOR_BYTES,
    PAGE_SIZE,
  );
  const efiMap = boot.allocatePages(EfiMemoryType.LOADER_DATA, mapBytes, Number.POSITIVE_INFINITY);
  if (efiMap === undefined)
    throw new GuestEnded("oom", "the memory that the firmware accepted has no room for its map");
  const stub = handOver(guest, firmware, boot);
  if (stub.outcome === "stopped") throw new GuestEnded("terminated", stub.reason);
  if (stub.outcome !== "exited") throw new GuestEnded("oom", stub.reason);
  // Flags are not there yet, and say later what the firmware's map says.
  const table = policy.flagsPages === true ? stub.table?.copy() : stub.table;
  const kernel = unpackKernel(boot, table, started.kernel, scenario, meter);
  clock.endPhase("exit boot services");
  return { stub, kernel, efiMap, initrd, acpi, acpiMemory: started.acpiMemory };
}

/**
 * The VMM puts the memory into the guest that its firmware would accept (SNP_LAUNCH_UPDATE of zero pages,
 * TDH.MEM.PAGE.ADD), 4 KiB after 4 KiB, and the firmware finds it accepted.
 */
function launchAccepted(firmware: Firmware, machine: FirmwareMachine, meter: AcceptMeter): Firmware {
  const unaccepted = firmware.preAccept(
    { ...machine, vcpus: 1 },
    { firmwareAccept: (start, end) => meter.launchEmptyPages(start, end) },
  );
  return { ...firmware, preAccept: () => unaccepted };
}

/** The stub or a boot loader ends boot services, or a firmware without them starts the kernel. */
function handOver(
  { policy, meter, rules, scenario }: Guest,
  { report }: Firmware,
  boot: BootServices,
): StubOutcome {
  const { unacceptedMemory, bootLoader } = scenario.guest;
  const support = policy.kernelTakesUnaccepted ? unacceptedMemory : "drops";
  if (report === "zero-page") {
    return handOverInZeroPage(boot, support, {
      acceptMemory: (start, end) => meter.firmwareAccept(start, end),
    });
  }
  const arch = { acceptMemory: (start: number, end: number) => meter.stubAccept(start, end) };
  const { acceptedBy } = meter;
  const beforeBytes = acceptedBy.firmware;
  const outcome = exitBoot(
    boot,
    support,
    arch,
    TABLE_MEMORY[rules.tableMemory],
    bootLoader,
    policy.flagsPages,
  );
  acceptedBy.exitBootServices = acceptedBy.firmware - beforeBytes;
  acceptedBy.firmware = beforeBytes;
  return outcome;
}

/**
 * Charges each CPU with what it accepts. The boot CPU sets the others up before their first share,
 * wakes them when it has one for them, and waits at barriers.
 */
function firmwareSink({ clock, meter, scenario }: Guest): FirmwareAccept {
  let setUp = false;
  let awake = false;
  return {
    firmwareAccept(start, end, cpu) {
      if (cpu > 0 && !awake) {
        if (!setUp) {
          clock.ledger.charge(CostEvent.firmwareMpSetup, 1);
          clock.ledger.charge(CostEvent.firmwareApSetup, scenario.vcpus - 1);
        }
        clock.settle(0);
        for (let other = 1; other < scenario.vcpus; other++) clock.wake(other);
        setUp = true;
        awake = true;
      }
      clock.settle(clock.running);
      clock.begin(cpu);
      meter.firmwareAccept(start, end);
      clock.settle(cpu);
    },
    firmwareBarrier() {
      clock.joinAll();
      awake = false;
    },
  };
}
