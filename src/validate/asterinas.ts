/** What the authors of Asterinas published, whose kernel accepts all memory at its start. */

import type { Setup, Target } from "./claim.js";
import { target } from "./claim.js";
import { bootSeconds, guest, kernelNs, tdx } from "./setups.js";

/** A TDCALL and the guest's own clearing of the page: the defaults of tdcallNs and userTouch4kNs. */
const ACCEPT_AND_CLEAR_NS = 800 + 3_500;

/** A guest that accepts and clears all pending memory at its start, page by page, on one CPU. */
export const ACCEPT_AND_CLEAR: Target = target(
  "VT3",
  "Accepting and clearing 8 GiB in pages of 4 KiB on one CPU",
  {},
  [
    {
      what: "accept and clear all pending pages",
      conditions:
        "TDX, 8 GiB, pages of 4 KiB [firmware accepts 512 MiB, as in Intel's TDVF build; clearing as a touch]",
      source: "github.com/asterinas/asterinas pull request 1691 (2024-12-09): about 30 seconds",
      published: 30,
      unit: "s",
      tolerance: { within: 0.25 },
      basis: "calibration",
      note:
        "acceptZero4kNs was derived from this number among others. If the firmware had accepted all below 4 GiB, " +
        "the row would fail: too little would be left.",
      runs: [
        tdx("8GiB", 1, "512MiB", {
          platform: { kind: "tdx", tdcallNs: `${ACCEPT_AND_CLEAR_NS}ns` },
          policy: "eager",
        }),
        guest("none", "8GiB", 1),
      ],
      simulate: (accepting, plain) => (kernelNs(accepting) - kernelNs(plain)) / 1e9,
    },
  ],
);

const MACHINE = "tdx-asterinas";

function asterinas(vcpus: number): Setup {
  return tdx("8GiB", vcpus, "512MiB", {
    prices: MACHINE,
    policy: "eager",
    strategy: { acceptingCpus: vcpus },
  });
}

/** The same with all CPUs at it: a third curve beside those of Intel's engineers. */
export const BOOT_BY_CPUS: Target = target(
  "VT15",
  "Boot of a TDX guest whose CPUs accept all its memory together",
  {
    conditions: "TDX, 8 GiB, pages of 4 KiB [firmware accepts 512 MiB, as in Intel's TDVF build]",
    source: "github.com/asterinas/asterinas pull request 3640 (2026-07-22), boot times",
    unit: "s",
    tolerance: { within: 0.3 },
    basis: "prediction",
    simulate: bootSeconds,
  },
  [
    {
      what: "boot, 1 vCPU",
      published: 25,
      basis: "calibration",
      note: `eptViolation4kNs of ${MACHINE} comes from this row.`,
      runs: [asterinas(1)],
    },
    { what: "boot, 4 vCPUs", published: 12, runs: [asterinas(4)] },
    { what: "boot, 8 vCPUs", published: 9, runs: [asterinas(8)] },
  ],
);
