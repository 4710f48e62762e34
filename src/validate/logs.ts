/** What logs of guests and hosts tell, that users have put into public threads. */

import type { RunResult } from "../results/row.js";
import { GiB, KiB } from "../units.js";
import { type Setup, type Target, target } from "./claim.js";
import { guest, phaseNs } from "./setups.js";

const TDX_LINUX: Setup = guest("tdx", "4GiB", 4, { kernel: "6.6" });
const TDX_TOOLS: Setup = guest("tdx", "8GiB", 4, { kernel: "6.6" });

/** From the first line of the kernel to its initcalls, less what other CPUs and deferred initialisation take there. */
function beforeInitcalls({ phases }: RunResult): number {
  const from = phases.findIndex(({ name }) => name === "memblock");
  const to = phases.findIndex(({ name }) => name === "deferred init");
  return phases.slice(from, to).reduce((sum, { ns }) => sum + ns, 0);
}

/** Stamps of the kernel's log on machines that nobody fitted a price to. */
export const EARLY_LOGS: Target = target(
  "VT26",
  "Early boot of TDX guests by the stamps of their logs",
  {
    conditions: "TDX, 4 GiB, 4 vCPUs, Linux 6.6-rc2 [host pages of 4 KiB]",
    source: "github.com/intel/tdx-linux issue 1, dmesg",
    unit: "ms",
    tolerance: { within: 0.3 },
    basis: "prediction",
  },
  [
    {
      what: "memory map accepted, 4 GiB",
      published: 188,
      note: "From the line of NODE_DATA to that of the zone ranges.",
      runs: [TDX_LINUX],
      simulate: (result) => phaseNs(result, "memblock") / 1e6,
    },
    {
      what: "block of 4 MiB accepted",
      source: "github.com/intel/tdx-linux issues 1 (12.1 ms) and 5 (13.2 ms), dmesg",
      published: [12.1, 13.2],
      note: "From the line before the dentry cache's hash table of 4 MiB to its own.",
      runs: [TDX_LINUX],
      simulate: ({ eventPrices: price }) =>
        (1024 * (price.tdcall! + price.acceptZero4k! + price.eptViolation4k! + price.hostClear4k!)) / 1e6,
    },
    {
      what: "kernel's start to initcalls",
      published: 755,
      runs: [TDX_LINUX],
      simulate: (result) => beforeInitcalls(result) / 1e6,
    },
    {
      what: "memory map accepted, 8 GiB",
      conditions: "TDX, 8 GiB, 4 vCPUs [host pages of 4 KiB; Linux 6.6]",
      source: "github.com/intel/tdx-tools issue 524, dmesg: at most",
      published: 436,
      tolerance: { from: 436 / 3, to: 436 },
      runs: [TDX_TOOLS],
      simulate: (result) => phaseNs(result, "memblock") / 1e6,
    },
  ],
);

/** The memory of a host as its kernel printed it, without the ranges that firmware keeps. */
const HOST_385: Setup = guest("tdx", "4GiB", 1, {
  host: {
    tdxModule: {
      memory: [
        { start: 0x100000, end: 0x77800000 },
        { start: 0x100000000, end: 0x1003e000000 },
        { start: 0x10080000000, end: 0x20040000000, node: 1 },
      ],
      convertible: [
        { start: 0x100000, end: 0x77800000 },
        { start: 0x100000000, end: 0x1003e000000 },
        { start: 0x10080000000, end: 0x20040000000 },
      ],
    },
  },
});

const ALL_BELOW_4_GIB: Setup = guest("tdx", "2GiB", 1, { kernel: "6.6" });

export const EXACT_LOGS: Target = target(
  "VT27",
  "Exact numbers of logs",
  { tolerance: "exact", basis: "prediction" },
  [
    {
      what: "PAMT of a host with 2 TiB",
      conditions: "TDX host, two nodes, its memory as printed",
      source: "github.com/canonical/tdx issue 385, dmesg: 8396820 KB allocated for PAMT",
      published: 8_396_820,
      unit: "KiB",
      runs: [HOST_385],
      simulate: ({ tdxModule }) => (tdxModule?.pamtBytes ?? Number.NaN) / KiB,
    },
    {
      what: "bitmap of a guest of 67,000 MiB",
      conditions: "TDX",
      source: "github.com/canonical/tdx issue 421 (2026-02-12): 32,476 bits in the registers of a panic",
      published: 4060,
      unit: "bytes",
      // A kernel with the fix for tables that cross a page; those without die of this size.
      runs: [guest("tdx", "67000MiB", 1, { kernel: "7.3" })],
      simulate: ({ hostUse }) => hostUse.bitmapBytes,
    },
    {
      what: "accepted by the kernel of a guest of 2 GiB",
      conditions: "TDX, 2 GiB, Linux 6.6.35",
      source: "github.com/flashbots/yocto-manifests issue 25, dmesg: no unaccepted memory",
      published: 0,
      unit: "bytes",
      runs: [ALL_BELOW_4_GIB],
      simulate: ({ memory }) => memory.acceptedBy.kernel,
    },
  ],
);

const GCP = "tdx-gcp";

/** 3 GiB of the guest lie below 4 GiB there. */
const GCP_GUEST: Setup = guest("tdx", "16GiB", 4, {
  kernel: "6.8",
  prices: GCP,
  vmm: "cloud-hypervisor",
});

export const CLOUD_LOGS: Target = target(
  "VT28",
  "A TDX guest of a cloud by its log",
  { source: "github.com/canonical/tdx issue 312, dmesg", basis: "prediction" },
  [
    {
      what: "sharing 1 GiB, at most",
      conditions: "TDX on Google Cloud, 16 GiB, 4 vCPUs, Linux 6.8 [host pages of 4 KiB]",
      published: 476,
      unit: "ms",
      tolerance: { from: 476 / 3, to: 476 },
      basis: "calibration",
      note: `septRemoveNs of ${GCP} comes from this bound.`,
      runs: [GCP_GUEST, { ...GCP_GUEST, guest: { commandLine: "swiotlb=512" } }],
      simulate: (all, none) => (kernelShareNs(all) - kernelShareNs(none)) / 1e6,
    },
    {
      what: "accepted by the firmware",
      conditions: "TDX on Google Cloud, 16 GiB, 4 vCPUs; all below 4 GiB",
      published: 3,
      unit: "GiB",
      tolerance: { within: 0.01 },
      runs: [GCP_GUEST],
      simulate: ({ memory }) => (memory.acceptedBy.firmware + memory.acceptedBy.launch) / GiB,
    },
  ],
);

function kernelShareNs(result: RunResult): number {
  return phaseNs(result, "early kernel");
}
