/** Plain virtual machines: what a VMM takes to start one. */

import { type Setup, type Target, target } from "./claim.js";
import { guest, phaseNs } from "./setups.js";

const MACHINE = "none-c7i-cloud-hypervisor";

function started(vcpus: number): Setup {
  return guest("none", "1GiB", vcpus, { prices: MACHINE });
}

export const VCPU_START: Target = target(
  "VT29",
  "A VMM starts the CPUs of a plain virtual machine",
  {
    conditions: "cloud-hypervisor, c7i.metal, 1 GiB; up to the first entry into the guest",
    source: "github.com/cloud-hypervisor/cloud-hypervisor pull request 8847 (2026-09-08), 100 pairs of runs",
    unit: "ms",
    tolerance: { within: 0.1 },
    basis: "calibration",
  },
  [
    {
      what: "4 vCPUs",
      published: 10.7,
      note: `launchNs and vcpuStartNs of ${MACHINE} come from these two rows.`,
      runs: [started(4)],
      simulate: (result) => phaseNs(result, "launch") / 1e6,
    },
    {
      what: "128 vCPUs",
      published: 36.2,
      runs: [started(128)],
      simulate: (result) => phaseNs(result, "launch") / 1e6,
    },
  ],
);
