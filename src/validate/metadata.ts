/** Counts and sizes that follow from a machine alone, and struct pages. */

import { rmpBytes } from "../coco/snp/rmp.js";
import { dynamicPamtBytes, pamtBytes } from "../coco/tdx/pamt.js";
import { allocateUnacceptedBitmap } from "../efistub/unaccepted-memory.js";
import { EfiMemoryType } from "../firmware/efi-memory-map.js";
import type { RunResult } from "../results/row.js";
import { GiB, KiB, MiB, TiB } from "../units.js";
import { type Setup, type Target, target } from "./claim.js";
import { guest, phaseNs } from "./setups.js";

/** The RMP of a host in MiB: 16 KiB of processor bookkeeping, then entries for addresses, so the hole below 4 GiB counts too. */
function rmpMiB(hostBytes: number): () => number {
  return () => Math.round((rmpBytes(hostBytes + 1.5 * GiB) + 16 * KiB) / MiB);
}

const RMP_CONDITIONS = "SNP host [hole of 1.5 GiB below 4 GiB]; whole MiB";

/** Sizes of tables, which follow from the size of memory alone. */
export const METADATA: Target = target(
  "VT10",
  "Sizes of what tracks memory",
  { tolerance: "exact", basis: "prediction", runs: [] },
  [
    {
      what: "RMP of a host with 2 TiB",
      conditions: RMP_CONDITIONS,
      source: "github.com/AMDESE/AMDSEV issue 97, dmesg",
      published: 8198,
      unit: "MiB",
      basis: "calibration",
      note: "The size of the hole comes from this number.",
      simulate: rmpMiB(2 * TiB),
    },
    {
      what: "RMP of a host with 128 GiB",
      conditions: RMP_CONDITIONS,
      source: "github.com/AMDESE/AMDSEV issue 271, dmesg",
      published: 518,
      unit: "MiB",
      simulate: rmpMiB(128 * GiB),
    },
    {
      what: "PAMT of a host, share of its memory",
      conditions: "TDX, static; one decimal",
      source: "Kirill Shutemov and Rick Edgecombe, dynamic PAMT series for Linux (2025)",
      published: 0.4,
      unit: "%",
      simulate: () => Math.round((1000 * pamtBytes(TiB)) / TiB) / 10,
    },
    {
      what: "bitmap of 64 GiB of unaccepted memory",
      conditions: "a bit for 2 MiB",
      source: "Linux 6.5 include/linux/efi.h: struct efi_unaccepted_memory; commit 745e3ed85f71",
      published: 4,
      unit: "KiB",
      simulate: () => {
        const memory = { type: EfiMemoryType.UNACCEPTED, start: 4 * GiB, end: 68 * GiB };
        return allocateUnacceptedBitmap([memory])!.bitmapBytes / KiB;
      },
    },
  ],
);

export const STRUCT_PAGES: Target = target("VT11", "Initialising struct pages in parallel", {}, [
  {
    what: "1 TiB by 4 threads",
    conditions: "plain machine, one thread for each of 4 nodes [here 4 CPUs on one node]",
    source: "Mel Gorman, lkml 1504.3/03018 (2015): 1116 to 1148 ms",
    published: 1.14,
    unit: "s",
    tolerance: { within: 0.3 },
    basis: "calibration",
    note: "initStructPageNs was derived from this number and two others.",
    runs: [guest("none", "1TiB", 4)],
    simulate: (result) => phaseNs(result, "deferred init") / 1e9,
  },
]);

/** In GiB with two decimals, as the cover letter has it. */
function hundredths(bytes: number): number {
  return Math.round((100 * bytes) / GiB) / 100;
}

/** The same with entries for pages of 4 KiB that come later. */
export const DYNAMIC_PAMT: Target = target(
  "VT24",
  "What the TDX module takes of a host before any guest",
  {
    source: "Rick Edgecombe, dynamic PAMT series for Linux, version 6 (2026-05-25), cover letter",
    unit: "GiB",
    basis: "prediction",
    runs: [],
  },
  [
    {
      what: "static PAMT, host of 256 GiB",
      conditions: "TDX host; published as 0.4 % of its memory",
      published: 1.02,
      tolerance: { within: 0.03 },
      simulate: () => hundredths(pamtBytes(256 * GiB)),
    },
    {
      what: "static PAMT, host of 2 TiB",
      conditions: "TDX host; published as 0.4 % of its memory",
      published: 8.19,
      tolerance: { within: 0.03 },
      simulate: () => hundredths(pamtBytes(2 * TiB)),
    },
    {
      what: "dynamic PAMT, host of 256 GiB",
      conditions: "TDX host, without the kernel's counts; two decimals",
      published: 0.01,
      tolerance: "exact",
      simulate: () => hundredths(dynamicPamtBytes(256 * GiB)),
    },
    {
      what: "dynamic PAMT, host of 2 TiB",
      conditions: "TDX host, without the kernel's counts; two decimals",
      published: 0.08,
      tolerance: "exact",
      simulate: () => hundredths(dynamicPamtBytes(2 * TiB)),
    },
  ],
);

/** A size below which all RAM lies below 4 GiB, so that the firmware accepts all of it. */
function lowGuest(memory: string): Setup {
  return guest("tdx", memory, 2, { host: { pageSize: "2MiB" }, firmware: { version: "2025.11" } });
}

/** TDVF accepts in units of 2 MiB, and what is left of a size by 4 KiB; sections of the image leave some, too, the same in all sizes. */
export const ODD_SIZES: Target = target(
  "VT25",
  "Pages of 4 KiB that TDVF accepts of guests with odd sizes",
  {
    source:
      "github.com/tianocore/edk2 pull request 11525 (2025): the rest of a size that is no multiple of 2 MiB",
    conditions: "TDX, edk2 of 2025.11 [host pages of 2 MiB]",
    unit: "pages",
    tolerance: "exact",
    basis: "prediction",
    simulate: (one: RunResult, other: RunResult) => one.costs.acceptZero4k! - other.costs.acceptZero4k!,
  },
  [
    {
      what: "2813 MiB, more than 2812 MiB",
      published: 256,
      runs: [lowGuest("2813MiB"), lowGuest("2812MiB")],
    },
    { what: "2814 MiB, more than 2812 MiB", published: 0, runs: [lowGuest("2814MiB"), lowGuest("2812MiB")] },
    {
      what: "2815 MiB, more than 2814 MiB",
      published: 256,
      runs: [lowGuest("2815MiB"), lowGuest("2814MiB")],
    },
  ],
);

function onHost(kernel: string): Setup {
  return guest("snp", "8GiB", 1, { policy: "eager", host: { kernel, pageSize: "2MiB" } });
}

/** Nanoseconds that 2 MiB take at 11.76 and at 23.58 GB/s. */
const [CLEARED_BEFORE_NS, CLEARED_SINCE_NS] = [(2 * MiB) / 11.76, (2 * MiB) / 23.58] as const;

/** A host that clears the parts of a large page in the order of their addresses. */
export const HOST_CLEARING: Target = target(
  "VT30",
  "Hosts before and from Linux 7.0 on back the memory of a guest",
  {
    source:
      "Ankur Arora, folio_zero_user series (Linux 9890ecab6ad9 and 94962b2628e6, 2026-01): pages of 2 MiB at 11.76 and " +
      "23.58 GB/s on Genoa; pages of 4 KiB as before, for which host.kernel changes nothing here either",
    basis: "calibration",
  },
  [
    {
      what: "less for each page of 2 MiB",
      conditions: "SNP, 8 GiB, host pages of 2 MiB, hosts 6.17 and 7.0",
      published: (CLEARED_BEFORE_NS - CLEARED_SINCE_NS) / 1e3,
      unit: "us",
      tolerance: { within: 0.1 },
      note: "hostClear2mNs and hostClear2mSequentialNs come from this row.",
      runs: [onHost("6.17"), onHost("7.0")],
      simulate: (before, since) => (before.bootTimeNs - since.bootTimeNs) / before.costs.npf2m! / 1e3,
    },
  ],
);
