/** SNP guests: counts that QEMU's and KVM's authors tell, times of TUM's CVM_eval, and the paravisor of OpenHCL. */

import type { RunResult } from "../results/row.js";
import { MiB } from "../units.js";
import { type Setup, type Target, target } from "./claim.js";
import { guest, kernelNs, phaseNs } from "./setups.js";

/** A lazy guest as it boots, and the same drained after that: the difference is blocks of 4 MiB. */
function beforeAndAfter(prefault: boolean): readonly Setup[] {
  const setup = guest("snp", "8GiB", 1, { host: { prefault } });
  return [setup, { ...setup, drain: { workers: 1 } }];
}

/** Requests for each call, and faults for each 4 MiB: of one block the boot may have accepted a part. */
function exitsOfBlock(before: RunResult, after: RunResult): number {
  const more = (name: string): number => (after.costs[name] ?? 0) - (before.costs[name] ?? 0);
  const calls = after.acceptCalls - before.acceptCalls;
  const blocks = (after.acceptedBytes - before.acceptedBytes) / (4 * MiB);
  return more("vmgexitPsc") / calls + (more("npf4k") + more("npf2m")) / blocks;
}

export const SNP_BLOCK_EXITS: Target = target(
  "VT8",
  "Exits of an SNP guest that accepts a block of 4 MiB",
  {
    conditions: "SNP, host pages of 4 KiB, lazy acceptance in blocks of 4 MiB",
    source: "QEMU commit 4cdc489eb9 (2025): 1024 further exits for a block of 4 MiB, which prefaulting saves",
    unit: "exits",
    tolerance: "exact",
    basis: "prediction",
    simulate: exitsOfBlock,
  },
  [
    { what: "host backs memory when it is touched", published: 1 + 1024, runs: beforeAndAfter(false) },
    { what: "host prefaults", published: 1, runs: beforeAndAfter(true) },
  ],
);

const EVAL = { snp: "snp-cvm-eval", none: "none-cvm-eval" } as const;
const SNP_GUEST: Setup = guest("snp", "8GiB", 1, { prices: EVAL.snp, host: { prefault: true } });
const PLAIN_GUEST: Setup = guest("none", "8GiB", 1, { prices: EVAL.none });

/** Exits of a plain virtual machine on the same machine, in the same source: hypercall. */
const PLAIN_HYPERCALL_NS = 1_255;

export const SNP_AGAINST_PLAIN: Target = target(
  "VT9",
  "SNP guests and plain virtual machines",
  { unit: "", basis: "calibration" },
  [
    {
      what: "time of OVMF, SNP / plain",
      conditions:
        "OVMF accepts below 4 GiB [8 GiB, 1 vCPU, as the repository's small guest; the host backs pages as they " +
        "change state, as KVM's series of the time did: snp_check_and_build_npt]",
      source: "TUM CVM_eval benchmarks/boottime/README.md (3.498 s) and tasks/plot_boottime.py (1.144 s)",
      published: 3.498 / 1.144,
      tolerance: { within: 0.2 },
      note:
        "Backing on a change of state is what that series did, but not published for this guest; without it SNP " +
        "takes longer, and the row fails. The plain machine's time is a parameter.",
      runs: [SNP_GUEST, PLAIN_GUEST],
      simulate: (snp, plain) => phaseNs(snp, "firmware") / phaseNs(plain, "firmware"),
    },
    {
      what: "time of an exit, SNP / plain",
      conditions: "hypercall; the plain machine's 1255 ns are taken as published",
      source: "TUM CVM_eval benchmarks/vmexit/plot.py",
      published: 3553 / PLAIN_HYPERCALL_NS,
      tolerance: { from: 2.8 * 0.8, to: 3.1 * 1.2 },
      note: "vmgexitNs is this measurement. Simulated as what a boot gets shorter by when its exits cost nothing.",
      runs: [SNP_GUEST, { ...SNP_GUEST, platform: { kind: "snp", vmgexitNs: 0 } }],
      simulate: (priced, free) =>
        (priced.bootTimeNs - free.bootTimeNs) / priced.costs.vmgexitPsc! / PLAIN_HYPERCALL_NS,
    },
  ],
);

/** One trace of an SNP guest, and one of a plain virtual machine, phase by phase. */
export const BOOT_PHASES: Target = target(
  "VT17",
  "Phases of an SNP guest and of a plain virtual machine",
  {
    conditions: "one boot each [8 GiB, 1 vCPU, as the repository's small guest]",
    source: "TUM CVM_eval benchmarks/boottime/README.md (SNP) and tasks/plot_boottime.py (plain)",
    unit: "s",
    tolerance: { within: 0.3 },
    basis: "calibration",
  },
  [
    {
      what: "launch, SNP",
      published: 3.182,
      note: `launchPage4kNs and the firmware's phases of ${EVAL.snp}, and launchNs and firmwareFixedNs of ${EVAL.none}, come from VT17.a to VT17.d.`,
      runs: [SNP_GUEST],
      simulate: (snp) => phaseNs(snp, "launch") / 1e9,
    },
    {
      what: "OVMF, SNP",
      published: 3.498,
      runs: [SNP_GUEST],
      simulate: (snp) => phaseNs(snp, "firmware") / 1e9,
    },
    {
      what: "launch, plain",
      published: 0.14,
      runs: [PLAIN_GUEST],
      simulate: (plain) => phaseNs(plain, "launch") / 1e9,
    },
    {
      what: "OVMF, plain",
      published: 1.144,
      runs: [PLAIN_GUEST],
      simulate: (plain) => phaseNs(plain, "firmware") / 1e9,
    },
    {
      what: "Linux to init, SNP",
      published: 1.472,
      basis: "prediction",
      note:
        "The published SNP guest is faster here than the plain one, so that they had not the same kernel or the same " +
        "memory; sharing the bounce buffer and accepting memory alone make the simulated one 0.9 s slower.",
      runs: [SNP_GUEST],
      simulate: (snp) => kernelNs(snp) / 1e9,
    },
    {
      what: "Linux to init, plain",
      published: 1.724,
      basis: "prediction",
      runs: [PLAIN_GUEST],
      simulate: (plain) => kernelNs(plain) / 1e9,
    },
  ],
);

const PARAVISOR = "snp-openhcl";

/** What a paravisor does to each page before the guest sees it is what an SVSM does; it asks nobody, and clears nothing. */
function paravisor(pageSize: string, acceptingCpus: number): Setup {
  return guest("snp", "64GiB", acceptingCpus, {
    prices: PARAVISOR,
    policy: "eager",
    strategy: { acceptingCpus },
    host: { pageSize, prefault: true },
    guest: { svsm: true },
  });
}

function acceptSeconds(result: RunResult): number {
  return phaseNs(result, "deferred init") / 1e9;
}

/** 64 GiB and 64 CPUs: the old way is one CPU's, in pages of 4 KiB. */
export const PARAVISOR_EAGER: Target = target(
  "VT18",
  "A paravisor validates all memory of an SNP guest",
  {
    source:
      "github.com/microsoft/OHCL-Linux-Kernel pull requests 50 (2025-03-17) and 85 (2025-06-10), averages",
    unit: "s",
    basis: "calibration",
  },
  [
    {
      what: "64 GiB in pages of 4 KiB",
      conditions:
        "SNP, 64 GiB, 64 vCPUs [one CPU; memory is backed before; the guest kernel stands for the paravisor]",
      published: 57,
      tolerance: { within: 0.2 },
      note: `rmpadjustNs of ${PARAVISOR} comes from this row, sharedAccept2mNs from the next one's bound.`,
      runs: [paravisor("4KiB", 1)],
      simulate: acceptSeconds,
    },
    {
      what: "64 GiB in pages of 2 MiB by all CPUs",
      conditions:
        "SNP, 64 GiB, 64 vCPUs [memory is backed before; the guest kernel stands for the paravisor]",
      published: 1,
      tolerance: { from: 1 / 3, to: 1 },
      runs: [paravisor("2MiB", 64)],
      simulate: acceptSeconds,
    },
  ],
);

/** Entries of 2 MiB that the host has to split, where it gives all memory in such pages. */
export const SPLITS: Target = target("VT19", "Large pages of an SNP guest that have to be split", {}, [
  {
    what: "pages of 2 MiB split in a boot",
    conditions: "SNP, 16 GiB, guest_memfd in pages of 2 MiB [1 vCPU; up to init]",
    source: "Michael Roth, linux-fsdevel msg307044 (2025-07-11): 622 split",
    published: 622,
    unit: "",
    tolerance: { within: 0.3 },
    basis: "prediction",
    note: "Published is a guest that was up and did its work; simulated is its boot.",
    runs: [guest("snp", "16GiB", 1, { host: { pageSize: "2MiB" } })],
    simulate: (result) => result.costs.psmash ?? 0,
  },
]);
