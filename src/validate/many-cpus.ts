/** A boot that takes minutes because many CPUs come up before watermarks exist. */

import type { RunResult } from "../results/row.js";
import { GiB } from "../units.js";
import type { Claim, Setup, Target } from "./claim.js";

/** `early_page_ext` turns deferred initialisation of struct pages off (6.12 mm/mm_init.c: defer_init). */
function setup(vcpus: number): Setup {
  return { platform: "tdx", memory: "32GiB", vcpus, guest: { commandLine: "early_page_ext" } };
}

const SHARED = {
  source: "github.com/Dstack-TEE/dstack pull request 1220 (2026-09-15)",
  conditions: "TDX, 32 GiB, host pages of 4 KiB [struct pages not deferred]",
} as const satisfies Pick<Claim, "source" | "conditions">;

function bringUpNs({ phases }: RunResult): number {
  return phases.find(({ name }) => name === "early kernel")?.ns ?? 0;
}

function bootSeconds({ bootTimeNs }: RunResult): number {
  return bootTimeNs / 1e9;
}

const STORM_NOTE =
  "The requests of one CPU's bring-up were recorded on Debian's cloud kernel, and each of them may accept 4 MiB; " +
  "a kernel with less to set up for a CPU accepts less. What Dstack's asks for is not published.";

const PRICE_NOTE = "The price of idle CPUs, idleCpuDelayNs, was derived from the 153 us of this very report.";

export const MANY_CPUS: Target = {
  id: "VT4",
  title: "Bring-up of many vCPUs of a lazily accepting TDX guest",
  claims: [
    {
      id: "VT4.a",
      ...SHARED,
      what: "accepted for 247 CPUs on their way up",
      published: 13,
      unit: "GiB",
      tolerance: { within: 0.3 },
      basis: "prediction",
      note: STORM_NOTE,
      runs: [setup(248), setup(1)],
      simulate: ([many, one]) => (many!.acceptedBytes - one!.acceptedBytes) / GiB,
    },
    {
      id: "VT4.b",
      ...SHARED,
      what: "time of that, 248 vCPUs",
      published: 521,
      unit: "s",
      tolerance: { within: 0.3 },
      basis: "calibration",
      note: `Published as 13 GiB and 153 us for a page of 4 KiB. ${PRICE_NOTE}`,
      runs: [setup(248)],
      simulate: ([many]) => bringUpNs(many!) / 1e9,
    },
    {
      id: "VT4.c",
      ...SHARED,
      what: "boot to init, 248 vCPUs",
      published: [575, 680],
      unit: "s",
      tolerance: { within: 0.3 },
      basis: "calibration",
      note:
        `As VT4.a and VT4.b. ${PRICE_NOTE} The second cause in the report, a slow conversion to shared memory, is in ` +
        "here only as far as it is simulated.",
      runs: [setup(248)],
      simulate: ([many]) => bootSeconds(many!),
    },
    {
      id: "VT4.d",
      ...SHARED,
      what: "boot to init, 64 vCPUs",
      published: 50,
      unit: "s",
      tolerance: { within: 0.3 },
      basis: "calibration",
      note: `${PRICE_NOTE} It was measured beside 247 idle CPUs; beside 63 it is a share of that.`,
      runs: [setup(64)],
      simulate: ([some]) => bootSeconds(some!),
    },
    {
      id: "VT4.e",
      ...SHARED,
      what: "exponent of growth, 64 to 248 vCPUs",
      published: Math.log(627 / 50) / Math.log(248 / 64),
      unit: "",
      tolerance: { from: 1.5, to: 2.2 },
      basis: "calibration",
      note: `Of VT4.c and VT4.d. ${PRICE_NOTE}`,
      runs: [setup(64), setup(248)],
      simulate: ([some, many]) =>
        Math.log(bootSeconds(many!) / bootSeconds(some!)) / Math.log(many!.vcpus / some!.vcpus),
    },
  ],
};
