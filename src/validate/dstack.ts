/** What the authors of Dstack published of one machine: boots of a guest with many CPUs, and two patches against it. */

import type { RunResult } from "../results/row.js";
import { idleCpuDelays } from "../sim/virtual-cpus.js";
import { GiB } from "../units.js";
import { type Setup, type Target, target } from "./claim.js";
import { bootSeconds, guest, phaseNs } from "./setups.js";

const MACHINE = "tdx-7.0-gnr";

/** Its kernel (os/yocto/layers/meta-dstack/recipes-kernel/linux: patches for linux-6.18.y). */
const KERNEL = "6.18";

/** `early_page_ext` turns deferred initialisation of struct pages off (6.12 mm/mm_init.c: defer_init). */
function dstack(vcpus: number, patches: Setup["guest"] = {}): Setup {
  return guest("tdx", "32GiB", vcpus, {
    kernel: KERNEL,
    prices: MACHINE,
    guest: { commandLine: "early_page_ext", ...patches },
  });
}

const PRICE_NOTE = `The price of idle CPUs, idleCpuDelayNs of ${MACHINE}, comes from VT4.b to VT4.e.`;

/** A boot that takes minutes because many CPUs come up before watermarks exist. */
export const MANY_CPUS: Target = target(
  "VT4",
  "Bring-up of many vCPUs of a lazily accepting TDX guest",
  {
    source: "github.com/Dstack-TEE/dstack pull request 1220 (2026-09-15)",
    conditions: "TDX, 32 GiB, host pages of 4 KiB [struct pages not deferred]",
    unit: "s",
    tolerance: { within: 0.3 },
    basis: "calibration",
  },
  [
    {
      what: "accepted for 247 CPUs on their way up",
      published: 13,
      unit: "GiB",
      basis: "prediction",
      note:
        "The requests of one CPU's bring-up were recorded on Debian's cloud kernel, and each of them may accept 4 MiB; " +
        "a kernel with less to set up for a CPU accepts less. What Dstack's asks for is not published.",
      runs: [dstack(248), dstack(1)],
      simulate: (many, one) => (many.acceptedBytes - one.acceptedBytes) / GiB,
    },
    {
      what: "time of that, 248 vCPUs",
      published: 521,
      note: `Published as 13 GiB and 153 us for a page of 4 KiB. ${PRICE_NOTE}`,
      runs: [dstack(248)],
      simulate: (many) => phaseNs(many, "early kernel") / 1e9,
    },
    {
      what: "boot to init, 248 vCPUs",
      published: [575, 680],
      note:
        `As VT4.a and VT4.b. ${PRICE_NOTE} The second cause in the report, the slow conversion to shared memory, is 68 s ` +
        "of it (VT14.a).",
      runs: [dstack(248)],
      simulate: bootSeconds,
    },
    {
      what: "boot to init, 64 vCPUs",
      published: 50,
      note: `${PRICE_NOTE} It was measured beside 247 idle CPUs; beside 63 an exit is held up (63/247)^2 as long.`,
      runs: [dstack(64)],
      simulate: bootSeconds,
    },
    {
      what: "exponent of growth, 64 to 248 vCPUs",
      published: Math.log(627 / 50) / Math.log(248 / 64),
      unit: "",
      tolerance: { from: 1.5, to: 2.2 },
      note: `Of VT4.c and VT4.d. ${PRICE_NOTE}`,
      runs: [dstack(64), dstack(248)],
      simulate: (some, many) =>
        Math.log(bootSeconds(many) / bootSeconds(some)) / Math.log(many.vcpus / some.vcpus),
    },
  ],
);

const RESERVE = { reserveBeforeWatermarks: "8MiB" } as const;
const BOTH = { ...RESERVE, swiotlb: "late" } as const;

function earlyNs(result: RunResult): number {
  return phaseNs(result, "early kernel");
}

/** The counterfactuals of VT4. */
export const PATCHED: Target = target(
  "VT14",
  "The same guest with a reserve before watermarks, and with its bounce buffer shared late",
  {
    source:
      "github.com/Dstack-TEE/dstack 0009-mm-page-alloc-keep-accepted-reserve-before-watermarks.patch and " +
      "0010-x86-tdx-convert-swiotlb-to-shared-after-smp-bringup.patch (2026-09-14)",
    conditions:
      "TDX, 248 vCPUs, 32 GiB, host pages of 4 KiB, bounce buffer of 1 GiB [struct pages not deferred]",
    unit: "s",
    tolerance: { within: 0.3 },
    basis: "prediction",
  },
  [
    {
      what: "sharing 1 GiB before other CPUs come up",
      published: 68,
      basis: "calibration",
      note: "runningCpuDelayNs comes from this row, haltedCpuDelayNs from the next one.",
      runs: [dstack(248, RESERVE), dstack(248, BOTH)],
      simulate: (early, late) => (earlyNs(early) - earlyNs(late)) / 1e9,
    },
    {
      what: "sharing it once they are halted",
      published: 6,
      basis: "calibration",
      runs: [dstack(248, BOTH), dstack(248, RESERVE)],
      simulate: (late, early) => (phaseNs(late, "initcalls") - phaseNs(early, "initcalls")) / 1e9,
    },
    {
      what: "boot to init, both patches",
      published: [39, 51],
      basis: "calibration",
      note: `What the guest takes besides, for each of its CPUs, is vcpuStartNs of ${MACHINE}; where it goes is not published.`,
      runs: [dstack(248, BOTH)],
      simulate: bootSeconds,
    },
    {
      what: "boot to init, the reserve alone",
      published: 114,
      runs: [dstack(248, RESERVE)],
      simulate: bootSeconds,
    },
    {
      what: "all CPUs up, with the reserve",
      published: 2,
      note:
        "Simulated is all of the kernel before its initcalls, less that with one CPU; how much of it the published 2 s " +
        "cover is not said.",
      runs: [dstack(248, BOTH), dstack(1, BOTH)],
      simulate: (many, one) => (earlyNs(many) - earlyNs(one)) / 1e9,
    },
  ],
);

/** A way out of the guest and back, by the poll windows that suit: 20 to 25 times as long. */
export const EXIT_BY_CPUS: Target = target(
  "VT16",
  "An exit of a TDX guest while its other CPUs come and go",
  {
    source:
      "github.com/Dstack-TEE/dstack docs/tdx-guest-scaling.md: poll windows of 200 us with 32 vCPUs (Emerald Rapids) and " +
      "4 ms with 248 (Granite Rapids), 20 to 25 times an exit",
    conditions: "TDX [an exit is as long as a fault; all other CPUs idle with their tick on]",
    unit: "us",
    tolerance: { within: 0.3 },
    basis: "prediction",
  },
  [
    {
      what: "exit beside 247 other CPUs",
      published: [160, 200],
      runs: [dstack(248)],
      simulate: (many) => exitNs(many, 247) / 1e3,
    },
    {
      what: "exit beside 31 other CPUs",
      published: [8, 10],
      basis: "calibration",
      note:
        "That exits are held up by the square of how many CPUs idle was chosen for this row; or the older machine is " +
        "quicker. No file of prices is of it.",
      runs: [guest("tdx", "32GiB", 32)],
      simulate: (some) => exitNs(some, 31) / 1e3,
    },
  ],
);

function exitNs({ eventPrices }: RunResult, idle: number): number {
  return (
    eventPrices.eptViolation4k! + eventPrices.hostClear4k! + idleCpuDelays(idle) * eventPrices.idleCpuDelay!
  );
}
