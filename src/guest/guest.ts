import { AcceptMeter } from "../accept/accept-meter.js";
import { KernelAccept, LockupDetector } from "../accept/kernel-accept.js";
import { type Basis, priceList, withOverrides } from "../coco/parameters.js";
import type { CocoPlatform, HostSupply } from "../coco/platform.js";
import { PLATFORMS } from "../coco/platforms.js";
import { parametersOf } from "../coco/price-set.js";
import { type Edk2Build, edk2Build } from "../firmware/edk2.js";
import type { Firmware } from "../firmware/firmware.js";
import { FIRMWARES } from "../firmware/firmwares.js";
import {
  type HotplugRoom,
  type HotplugWindow,
  hotplugWindow,
  windowBytes,
} from "../firmware/hotplug-window.js";
import { highRamStart, type RamRequest, takesMoreMemory, vmmRam } from "../firmware/vmm-ram.js";
import { GuestMemory } from "../host/guest-memory.js";
import { hostRules } from "../host/host-kernel.js";
import { kernelRules } from "../linux/kernel-rules.js";
import type { KernelRules } from "../linux/rules.js";
import { BEHAVIOURS, type Behaviour } from "../policy/behaviour.js";
import { policyNamed } from "../policy/policies.js";
import type { Policy } from "../policy/policy.js";
import { CostEvent } from "../sim/cost-events.js";
import { CostLedger } from "../sim/cost-ledger.js";
import { GuestClock } from "../sim/guest-clock.js";
import { chanceAt } from "../sim/prng.js";
import { VirtualCpus } from "../sim/virtual-cpus.js";
import { type AddressRange, PAGE_SIZE } from "../units.js";
import { ramOfMap } from "../x86/memory-map.js";
import type { GuestOptions } from "./options.js";

/** How recorded guest work becomes time of this guest. */
export interface WorkScale {
  /** Nanoseconds for each nanosecond recorded, above 0. */
  readonly value: number;
  readonly basis: Basis;
}

export interface Guest {
  /** The image that starts it; that of a firmware which is not edk2's says nothing. */
  readonly build: Edk2Build;
  readonly firmware: Firmware;
  /** Where the machine has its RAM. */
  readonly ram: readonly AddressRange[];
  /** How much memory can be plugged in; undefined where nobody has said. */
  readonly room: HotplugRoom | undefined;
  /** Where; undefined also where that is none. */
  readonly hotplugWindow: HotplugWindow | undefined;
  readonly options: GuestOptions;
  readonly policy: Policy;
  /** The policy's behaviour with the parameters of this run. */
  readonly behaviour: Behaviour;
  readonly rules: KernelRules;
  readonly clock: GuestClock;
  readonly platform: CocoPlatform;
  /** Whether the host's TDX module tracks pages of 4 KiB as they come into use. */
  readonly dynamicPamt: boolean;
  readonly meter: AcceptMeter;
  /** Serialises accept_memory() calls of several CPUs. */
  readonly kernelAccept: KernelAccept;
  readonly lockups: LockupDetector;
  readonly host: GuestMemory;
}

/** The firmware that starts a guest. */
export function firmwareOf({ platform, firmware: { preset } }: GuestOptions): Firmware {
  return FIRMWARES[preset === "auto" ? PLATFORMS[platform.kind].defaultFirmware : preset];
}

/** Where its machine has RAM: as its map says, or as its VMM lays it out. */
export function ramOf(options: GuestOptions): AddressRange[] {
  const { memoryMap, vmm } = options;
  return memoryMap.length > 0 ? ramOfMap(memoryMap) : vmmRam(vmm.kind, ramRequest(options));
}

function ramRequest(options: GuestOptions): RamRequest {
  const { memoryBytes, platform, vmm } = options;
  const room = hotplugRoom(options);
  return {
    memoryBytes,
    isAmd: PLATFORMS[platform.kind].isAmd,
    lowMemoryBytes: vmm.lowMemoryBytes,
    windowBytes: room === undefined ? 0 : windowBytes(room),
  };
}

/** What was said of how much can be plugged in, to a VMM that keeps to it. */
function hotplugRoom({ memoryBytes, memoryMap, vmm }: GuestOptions): HotplugRoom | undefined {
  const { kind, maxMemoryBytes, slots } = vmm;
  if (maxMemoryBytes === undefined || memoryMap.length > 0 || !takesMoreMemory(kind)) return undefined;
  return { memoryBytes, maxMemoryBytes, slots };
}

/** @param work how recorded guest work is priced */
export function createGuest(options: GuestOptions, work: WorkScale): Guest {
  const { kind, parameters } = options.platform;
  const policy = policyNamed(options.policy);
  const behaviour = policy.behaviour(options.strategy, BEHAVIOURS);
  const rules = kernelRules(options.kernel);
  const type = PLATFORMS[kind];
  const firmware = firmwareOf(options);
  const build = edk2Build(
    firmware.version ?? options.firmware.version,
    options.firmware.flavour ?? type.defaultFlavour,
  );
  const timing = withOverrides(parametersOf(kind, options.prices), parameters);
  const prices = priceList(timing);
  prices.ns[CostEvent.guestWork] = work.value;
  prices.assumed[CostEvent.guestWork] = work.basis === "assumed" ? 1 : 0;
  const ledger = new CostLedger(prices);
  // A policy that relies on #VE must leave SEPT_VE_DISABLE clear.
  const { septVeDisable = behaviour.touch === undefined } = options.guest;
  const supply: HostSupply = {
    get freePages() {
      return host.freePages;
    },
    shortage: (pfn, launching) => host.shortage(pfn, launching),
  };
  const ofHost = hostRules(options.host.kernel);
  const { dynamicPamt = ofHost.dynamicPamt } = options.host;
  const platform = type.create(ledger, {
    ...options.host,
    ...options.guest,
    clearsInOrder: ofHost.clearsInOrder,
    dynamicPamt,
    septVeDisable,
    firmwareEvicts: build.rules.evicts,
    chance: (position) => chanceAt(options.seed, position),
    supply,
  });
  const clock = new GuestClock(new VirtualCpus(options.vcpus), ledger);
  const meter = new AcceptMeter(platform, clock, timing);
  const lockups = new LockupDetector(options.vcpus);
  const host = guestMemory(platform, options);
  const ram = ramOf(options);
  const room = hotplugRoom(options);
  const highStart = highRamStart(options.vmm.kind, ramRequest(options));
  return {
    build,
    firmware,
    ram,
    room,
    hotplugWindow: room === undefined ? undefined : hotplugWindow(ram, highStart, room),
    options,
    policy,
    behaviour,
    rules,
    clock,
    platform,
    dynamicPamt,
    meter,
    kernelAccept: new KernelAccept(meter, clock, lockups, rules.acceptMemory),
    lockups,
    host,
  };
}

/**
 * What a confidential guest shares lies in memory of the VMM's own, not in the guest_memfd whose page size a
 * scenario chooses (6.12 Documentation/virt/kvm/api.rst: KVM_SET_USER_MEMORY_REGION2). Assumption: in pages of
 * 4 KiB, as a mapping of shmem has them by default. All of a plain guest's memory is such a mapping.
 */
function guestMemory(platform: CocoPlatform, { host, memoryBytes }: GuestOptions): GuestMemory {
  return platform.type.isConfidential
    ? new GuestMemory(platform, memoryBytes, PAGE_SIZE)
    : new GuestMemory(platform, memoryBytes, host.pageSizeBytes, host.contiguity);
}
