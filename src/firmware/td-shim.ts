/**
 * td-shim, a small firmware for TDX that is not UEFI (github.com/confidential-containers/td-shim,
 * td-shim/src/bin/td-shim/memory.rs: accept_memory_resources, td/tdx_mailbox.rs:
 * accept_memory_resource_range).
 */

import type { AddressRange } from "../units.js";
import type { Firmware, FirmwareAccept, FirmwareMachine } from "./firmware.js";
import { above, below, subtractRanges } from "./ranges.js";
import { bspAccept, mpAccept } from "./tdvf.js";

/** CPUs that take part: there is room for the stacks of 15 others (MAX_WORKING_AP_COUNT). */
const CPUS_MAX = 16;
/** The page with the VMM's description of the machine, and its neighbours, which the VMM adds (TD HOB). */
const ADDED: AddressRange = { start: 0x800000, end: 0x820000 };

/**
 * Accepts the first part of RAM, the rest stays for the kernel. The limit of the machine is an
 * amount of memory here and not an address; what the VMM added does not count. With the feature
 * `lazy-accept` it is 256 MiB (TD_PAYLOAD_PARTIAL_ACCEPT_MEMORY_SIZE), without it everything.
 */
function preAccept(machine: FirmwareMachine, sink: FirmwareAccept): AddressRange[] {
  const cpus = Math.min(machine.vcpus, CPUS_MAX);
  const left: AddressRange[] = [];
  let toAccept = machine.preAcceptLimit;
  for (const range of subtractRanges(machine.ram, [ADDED])) {
    const limit = range.start + toAccept;
    for (const part of below([range], limit)) {
      if (cpus === 1) bspAccept(part.start, part.end, sink);
      else mpAccept(part, cpus, sink, { headLast: true });
      toAccept -= part.end - part.start;
    }
    left.push(...above([range], limit));
  }
  return left;
}

/**
 * It starts the kernel by itself, without boot services that could end: RAM is RAM in the e820
 * table, accepted or not, and a bitmap that the zero page points to tells which (the form of the
 * kernel series v10, May 2023).
 */
export const tdShim: Firmware = {
  name: "td-shim",
  summary: "no UEFI: accepts so much memory, and leaves a bitmap in the zero page for the rest",
  limitIs: "amount",
  launchRanges: () => [ADDED],
  acceptanceProtocol: false,
  report: "zero-page",
  preAccept,
};
