import { pricedEvents } from "../coco/parameters.js";
import { exitBoot, type StubOutcome } from "../efistub/exit-boot-services.js";
import { handOverInZeroPage } from "../efistub/zero-page-hand-over.js";
import type { BootServices } from "../firmware/boot-services.js";
import { EfiMemoryType } from "../firmware/efi-memory-map.js";
import type { Firmware, FirmwareAccept, FirmwareMachine } from "../firmware/firmware.js";
import { notPluggedIn, reportedWindow } from "../firmware/hotplug-window.js";
import { subtractRanges } from "../firmware/ranges.js";
import { type StartedFirmware, startFirmware } from "../firmware/start.js";
import { startRmp } from "../host/rmp/start.js";
import { bindingRefusal } from "../host/tdx-module/hotplug.js";
import { startTdxModule } from "../host/tdx-module/start.js";
import type { KernelRules } from "../linux/rules.js";
import { CostEvent } from "../sim/cost-events.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { type AddressRange, PAGE_SIZE, PHYSICAL_ADDRESS_END } from "../units.js";
import { loadKernel, unpackKernel } from "../x86/place-kernel.js";
import { acceptAsMapSays, handOverAsMapSays } from "./explicit-map.js";
import type { Guest } from "./guest.js";
import type { Booted, Given, PoweredOff } from "./state.js";

const TABLE_MEMORY: Readonly<Record<KernelRules["tableMemory"], EfiMemoryType>> = {
  "loader-data": EfiMemoryType.LOADER_DATA,
  "acpi-reclaim": EfiMemoryType.ACPI_RECLAIM,
};

/** @throws GuestEnded when the host's TDX module does not start: then no TDX guest runs there */
export function startTdxHost({ guest }: PoweredOff): Pick<Booted, "tdxModule"> {
  const { host } = guest.options;
  if (!guest.platform.type.needsTdxModule || host.tdxModule === undefined) return { tdxModule: undefined };
  const module = startTdxModule(host.tdxModule, guest.dynamicPamt);
  if (module.outcome === "failed")
    throw new GuestEnded("terminated", `the host has no TDX: ${module.reason}`);
  return { tdxModule: module };
}

/** @throws GuestEnded when the host's reverse map table does not do: then no SNP guest runs there */
export function startSnpHost({ guest }: PoweredOff): Pick<Booted, "rmp"> {
  const { host } = guest.options;
  if (!guest.platform.type.needsRmp || host.rmp === undefined) return { rmp: undefined };
  const rmp = startRmp(host.rmp);
  if (rmp.outcome === "failed") throw new GuestEnded("terminated", `the host has no SNP: ${rmp.reason}`);
  return { rmp };
}

/** @throws GuestEnded when the host does not create this guest */
export function limitToHost({ guest, tdxModule: module, rmp }: Given<"tdxModule" | "rmp">): void {
  const { options, platform, host } = guest;
  if (rmp !== undefined) {
    const { freeBytes, tableBytes } = rmp;
    host.limitTo({
      privateBytes: freeBytes,
      otherBytes: 0,
      otherRefusal: "",
      metadataBytes: tableBytes,
      where: "",
    });
  }
  const { memoryBytes, tdxModule: plan } = options.host;
  if (memoryBytes !== undefined && platform.type.isConfidential) {
    const metadataBytes = platform.trackingBytes(memoryBytes);
    const privateBytes = Math.max(memoryBytes - metadataBytes, 0);
    host.limitTo({ privateBytes, otherBytes: 0, otherRefusal: "", metadataBytes, where: "" });
  }
  if (plan === undefined || module === undefined) return;
  const refusal = bindingRefusal(plan, module.capableNodes);
  if (refusal !== undefined) throw new GuestEnded("terminated", refusal);
  host.limitTo({
    privateBytes: module.guestShare.freeBytes,
    otherBytes: module.guestShare.foreignBytes,
    otherRefusal: "was plugged in and is no TDX memory, which the TDX module refuses",
    metadataBytes: module.pamtBytes + module.refcountBytes,
    where: plan.guestNode === "any" ? "" : ` on node ${plan.guestNode}`,
  });
}

/** A platform has a price for the firmware as a whole, or for its phases. */
const FIRMWARE_EVENTS: readonly CostEvent[] = [
  CostEvent.firmwareFixed,
  CostEvent.firmwareSec,
  CostEvent.firmwarePei,
  CostEvent.firmwareDxe,
  CostEvent.firmwareBds,
];

/** Charges once each of some events that there are on the guest's platform. */
export function chargePriced({ clock, platform }: Guest, events: readonly CostEvent[]): void {
  for (const event of pricedEvents(platform.type.parameters, events)) clock.ledger.charge(event, 1);
}

/** @throws HostMemoryError when the host has less memory than a device pins */
export function assignDevice({ guest }: PoweredOff): void {
  const { assignedDevice, dmaEntryLimit } = guest.options.host;
  if (assignedDevice === "none") return;
  const mostMappings = assignedDevice === "type1" ? dmaEntryLimit : Number.POSITIVE_INFINITY;
  guest.host.assignDevice(mostMappings, guest.ram.length);
}

interface Launched {
  readonly firmware: Firmware;
  readonly firmwareMachine: FirmwareMachine;
}

interface Started {
  /** Absent where the scenario gives the map: then nobody asks the firmware for memory. */
  readonly started: StartedFirmware | undefined;
}

/** The VMM loads the firmware into the guest, and accepts memory in the firmware's place where it does that. */
export function launch({ guest }: PoweredOff): Launched {
  const { clock, meter, behaviour, options, build, firmware: model } = guest;
  const { preAcceptLimitBytes, preAcceptBy, acceptAll, acceptOnDemand } = options.firmware;
  if (options.firmware.metadata === false && guest.platform.type.isConfidential) {
    throw new GuestEnded(
      "terminated",
      "the image has no metadata from which the VMM could start such a guest",
    );
  }
  if (guest.hotplugWindow !== undefined && guest.hotplugWindow.reservedEnd > PHYSICAL_ADDRESS_END) {
    const end = `0x${guest.hotplugWindow.reservedEnd.toString(16)}`;
    throw new GuestEnded(
      "terminated",
      `addresses for memory to be plugged in end at ${end}, and addresses have 52 bits`,
    );
  }
  clock.ledger.charge(CostEvent.launch, 1);
  clock.ledger.charge(CostEvent.vcpuStart, options.vcpus);
  for (const { start, end } of model.launchRanges(build)) meter.launchPages(start, end);
  if (model.measuredPages !== undefined) {
    // The image, what its metadata names, and the state of each CPU (KVM: snp_launch_update_vmsa).
    const pages = options.firmware.imageSizeBytes / PAGE_SIZE + model.measuredPages(build) + options.vcpus;
    clock.ledger.charge(CostEvent.launchPage4k, pages);
    chargeQueue(guest, pages);
  }
  const firmwareMachine = {
    build,
    ram: guest.ram,
    isAmd: guest.platform.type.isAmd,
    vmm: options.vmm.kind,
    ...(options.firmware.s3 === undefined ? {} : { s3: options.firmware.s3 }),
    vcpus: options.vcpus,
    preAcceptLimit:
      acceptAll || behaviour.firmwareAcceptsAll === true ? Number.POSITIVE_INFINITY : preAcceptLimitBytes,
    acceptOnDemand,
  };
  const firmware = preAcceptBy === "vmm" ? launchAccepted(guest, firmwareMachine) : model;
  return { firmware, firmwareMachine };
}

/** @throws GuestEnded when accepted memory does not suffice */
export function runFirmware({ guest, files, firmware, firmwareMachine }: PoweredOff & Launched): Started {
  const { behaviour, options } = guest;
  chargePriced(guest, FIRMWARE_EVENTS);
  const devices = firmware.sharedDevices?.(guest.ram);
  if (devices !== undefined) guest.platform.shareDevices(devices.start, devices.end);
  if (options.memoryMap.length > 0) {
    acceptAsMapSays(guest, firmware, firmwareMachine, firmwareSink(guest));
    return { started: undefined };
  }
  // A kernel that does not take unaccepted memory needs a firmware that accepts it in its place.
  const hasProtocol = firmware.acceptanceProtocol || behaviour.firmwareAcceptsAtExit === true;
  const image = {
    loadKernel: (services: BootServices) => loadKernel(services, files.kernelBytes, options),
    ...files,
  };
  const highMemory = behaviour.highMemory ?? options.firmware.highMemory;
  const started = startFirmware(
    firmware,
    firmwareMachine,
    image,
    hasProtocol,
    firmwareSink(guest),
    highMemory,
    mappedWindow(guest),
  );
  if (started.outcome === "stopped") throw new GuestEnded("terminated", started.reason);
  if (started.outcome !== "started") throw new GuestEnded("oom", started.reason);
  requireAccepted(guest, started.boot);
  return { started };
}

function mappedWindow({ hotplugWindow: window, options, ram }: Guest): AddressRange | undefined {
  if (window === undefined || options.firmware.hotplugWindow === "none") return undefined;
  return reportedWindow(ram, window);
}

/** @throws GuestEnded where the firmware uses memory that it takes for accepted, and nobody has accepted */
function requireAccepted({ platform, ram }: Guest, boot: BootServices): void {
  for (const { type, start, end } of boot.getMemoryMap().descriptors) {
    if (type === EfiMemoryType.CONVENTIONAL || type === EfiMemoryType.UNACCEPTED) continue;
    if (ram.every((one) => end <= one.start || one.end <= start)) continue;
    const unusable = platform.firstUnusable(start, end);
    if (unusable === end || platform.access(unusable, unusable + PAGE_SIZE) === "ok") continue;
    const where = `0x${unusable.toString(16)}`;
    throw new GuestEnded("terminated", `the firmware uses memory at ${where} that it has not accepted`);
  }
}

/** @throws GuestEnded when accepted memory is too little, or the decompressor does not know what it finds */
export function leaveFirmware({
  guest,
  files,
  firmware,
  started,
}: PoweredOff & Launched & Started): Pick<Booted, "handOver"> {
  if (started === undefined) {
    const handOver = handOverAsMapSays(guest, firmware, files, ({ start, end }) => {
      guest.meter.atExit(() => guest.meter.firmwareAccept(start, end));
    });
    return { handOver };
  }
  const { boot, initrd, acpiTables: acpi, memoryAttributes } = started;
  const stub = exitBootServices(guest, firmware, boot);
  if (stub.outcome === "stopped") throw new GuestEnded("terminated", stub.reason);
  if (stub.outcome !== "exited") throw new GuestEnded("oom", stub.reason);
  // Flags are not there yet, and say later what the firmware's map says.
  const table = guest.behaviour.flagsPages === true ? stub.table?.copy() : stub.table;
  const kernel = unpackKernel(boot, table, started.kernel, guest.options, guest.meter);
  return {
    handOver: { stub, kernel, initrd, acpi, memoryAttributes, acpiMemory: started.acpiMemory },
  };
}

/**
 * The VMM puts the memory into the guest that its firmware would accept (SNP_LAUNCH_UPDATE of zero pages,
 * TDH.MEM.PAGE.ADD), 4 KiB after 4 KiB, and the firmware finds it accepted.
 */
function launchAccepted(guest: Guest, machine: FirmwareMachine): Firmware {
  const { firmware, meter } = guest;
  const firmwareAccept = (start: number, end: number): void => {
    meter.launchEmptyPages(start, end);
    chargeQueue(guest, (end - start) / PAGE_SIZE);
  };
  const unaccepted = firmware.preAccept({ ...machine, vcpus: 1 }, { firmwareAccept });
  return { ...firmware, preAccept: () => unaccepted };
}

/**
 * The PSP takes one page at a time, of whichever guest (drivers/crypto/ccp/sev-dev.c: sev_cmd_mutex). Assumption: those
 * that start together take turns, as each page is a command of its own, so that each waits for all others.
 */
function chargeQueue({ clock, platform, options }: Guest, pages: number): void {
  const others = options.host.launchingGuests - 1;
  if (others === 0) return;
  for (const event of pricedEvents(platform.type.parameters, [CostEvent.launchPageWait4k])) {
    clock.ledger.charge(event, pages * others);
  }
}

/** The stub or a boot loader ends boot services, or a firmware without them starts the kernel. */
function exitBootServices(
  { behaviour, meter, rules, options, ram }: Guest,
  { report }: Firmware,
  boot: BootServices,
): StubOutcome {
  const { unacceptedMemory, bootLoader } = options.guest;
  const support = behaviour.firmwareAcceptsAtExit === true ? "drops" : unacceptedMemory;
  if (report === "zero-page") {
    return handOverInZeroPage(boot, support, {
      acceptMemory: (start, end) => meter.firmwareAccept(start, end),
    });
  }
  const arch = {
    acceptMemory(start: number, end: number): void {
      const missing = subtractRanges([{ start, end }], ram)[0];
      if (missing !== undefined)
        throw new GuestEnded("terminated", notPluggedIn("the stub accepts", missing));
      meter.stubAccept(start, end);
    },
  };
  const { flagsPages } = behaviour;
  return meter.atExit(() =>
    exitBoot(boot, support, arch, TABLE_MEMORY[rules.tableMemory], bootLoader, {
      flagsPages,
      knowsHotplugWindow: options.guest.knowsHotplugWindow,
    }),
  );
}

/**
 * Charges each CPU with what it accepts. The boot CPU sets the others up before their first share,
 * wakes them when it has one for them, and waits at barriers.
 */
function firmwareSink({ clock, meter, options }: Guest): FirmwareAccept {
  let setUp = false;
  let awake = false;
  return {
    firmwareAccept(start, end, cpu) {
      if (cpu > 0 && !awake) {
        if (!setUp) {
          clock.ledger.charge(CostEvent.firmwareMpSetup, 1);
          clock.ledger.charge(CostEvent.firmwareApSetup, options.vcpus - 1);
        }
        clock.settle(0);
        for (let other = 1; other < options.vcpus; other++) clock.wake(other);
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
