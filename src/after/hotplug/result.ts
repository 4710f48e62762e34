import type { Need, SettledOf } from "../../fields/field.js";
import { CONFIDENTIAL } from "../../guest/needs.js";

/**
 * How the guest takes memory that is plugged in: as accepted, which is what Linux 6.12 does, since all that
 * the bitmap does not cover counts as accepted; accepting each block as it goes online, as development
 * kernels of 2026 do (accept_hotplug_memory); the same in pieces of 2 MiB that start shared, as virtio-mem gives
 * them ("virtio-mem: support Confidential Computing (CoCo) environments", an RFC of 2026-04-01); or lazily, with a
 * longer bitmap, a what-if.
 */
export type HotplugAcceptance = HotplugPlan["acceptance"];

/** A memory device to plug in, in a scenario: whole memory sections of 128 MiB. */
export const HOTPLUG = {
  memory: {
    is: "size",
    expected: "a size in whole 128MiB",
    min: "128MiB",
    max: "1024TiB",
    multipleOf: "128MiB",
    examples: ["1GiB"],
    default: "1GiB",
    what: "size of the memory device",
  },
  acceptance: {
    is: "choice",
    of: ["assumed", "online", "sub-block", "lazy"],
    needs: [CONFIDENTIAL] as readonly Need[],
    default: "assumed",
    what: "whether the kernel takes it for accepted, accepts it as it goes online, a block at a time or in sub-blocks of 2MiB that start shared (virtio-mem), or on demand; not with kexec",
  },
} as const;
export type HotplugPlan = SettledOf<typeof HOTPLUG>;

/** Sizes in bytes. */
export interface HotplugResult {
  readonly acceptance: HotplugAcceptance;
  /** Refused by the host before the guest saw it, or by the guest's kernel, or in use. */
  readonly outcome: "online" | "refused" | "failed";
  readonly reason?: string;
  /** Unit in which memory goes online. */
  readonly blockBytes: number;
  readonly addedBytes: number;
  /** Struct pages of it, taken from the memory that the guest had. */
  readonly memmapBytes: number;
  /** Accepted block by block as it went online. */
  readonly acceptedOnlineBytes: number;
  /** Of what went online, not accepted at the end. */
  readonly unacceptedBytes: number;
  /** From the notice of the device until its last block was online; nanoseconds. */
  readonly timeNs: number;
}
