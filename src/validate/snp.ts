/** Exits and firmware of SEV-SNP guests. */

import type { RunResult } from "../results/row.js";
import { MiB } from "../units.js";
import type { Claim, Setup, Target } from "./claim.js";

/** A lazy guest as it boots, and the same drained after that: what lies between is blocks of 4 MiB. */
function beforeAndAfter(prefault: boolean): readonly Setup[] {
  const setup: Setup = { platform: "snp", memory: "8GiB", vcpus: 1, host: { prefault } };
  return [setup, { ...setup, drain: { workers: 1 } }];
}

const BLOCK_BYTES: number = 4 * MiB;

/** Requests for each call, and faults for each 4 MiB: of one block the boot may have accepted a part. */
function exitsOfBlock([before, after]: readonly RunResult[]): number {
  const more = (name: string): number => (after!.costs[name] ?? 0) - (before!.costs[name] ?? 0);
  const calls = after!.acceptCalls - before!.acceptCalls;
  const blocks = (after!.acceptedBytes - before!.acceptedBytes) / BLOCK_BYTES;
  return more("vmgexitPsc") / calls + (more("npf4k") + more("npf2m")) / blocks;
}

const BLOCK: Pick<Claim, "source" | "unit" | "tolerance" | "basis"> = {
  source: "QEMU commit 4cdc489eb9 (2025): 1024 further exits for a block of 4 MiB, which prefaulting saves",
  unit: "exits",
  tolerance: "exact",
  basis: "prediction",
};

export const SNP_BLOCK_EXITS: Target = {
  id: "VT8",
  title: "Exits of an SNP guest that accepts a block of 4 MiB",
  claims: [
    {
      id: "VT8.a",
      ...BLOCK,
      what: "host backs memory when it is touched",
      conditions: "SNP, host pages of 4 KiB, lazy acceptance in blocks of 4 MiB",
      published: 1 + 1024,
      runs: beforeAndAfter(false),
      simulate: exitsOfBlock,
    },
    {
      id: "VT8.b",
      ...BLOCK,
      what: "host prefaults",
      conditions: "SNP, host pages of 4 KiB, lazy acceptance in blocks of 4 MiB",
      published: 1,
      runs: beforeAndAfter(true),
      simulate: exitsOfBlock,
    },
  ],
};

function firmwareNs({ phases }: RunResult): number {
  return phases.find(({ name }) => name === "firmware")?.ns ?? 0;
}

const SNP_GUEST: Setup = { platform: "snp", memory: "8GiB", vcpus: 1, host: { prefault: true } };

/** Exits of a plain virtual machine on the same machine, in the same source: hypercall. */
const PLAIN_HYPERCALL_NS = 1_255;

export const SNP_AGAINST_PLAIN: Target = {
  id: "VT9",
  title: "SNP guests and plain virtual machines",
  claims: [
    {
      id: "VT9.a",
      what: "time of OVMF, SNP / plain",
      conditions:
        "OVMF accepts below 4 GiB [8 GiB, 1 vCPU, as the repository's small guest; the host backs pages as they " +
        "change state, as KVM's series of the time did: snp_check_and_build_npt]",
      source: "TUM CVM_eval benchmarks/boottime/README.md (3.498 s) and tasks/plot_boottime.py (1.144 s)",
      published: 3.498 / 1.144,
      unit: "",
      tolerance: { within: 0.2 },
      basis: "calibration",
      note:
        "Backing on a change of state is what that series did, but not published for this guest; without it SNP " +
        "takes longer, and the row fails. The plain machine's time is a parameter.",
      runs: [SNP_GUEST, { platform: "none", memory: "8GiB", vcpus: 1 }],
      simulate: ([snp, plain]) => firmwareNs(snp!) / firmwareNs(plain!),
    },
    {
      id: "VT9.b",
      what: "time of an exit, SNP / plain",
      conditions: "hypercall; the plain machine's 1255 ns are taken as published",
      source: "TUM CVM_eval benchmarks/vmexit/plot.py",
      published: 3553 / PLAIN_HYPERCALL_NS,
      unit: "",
      tolerance: { from: 2.8 * 0.8, to: 3.1 * 1.2 },
      basis: "calibration",
      note: "vmgexitNs is this measurement. Simulated as what a boot gets shorter by when its exits cost nothing.",
      runs: [SNP_GUEST, { ...SNP_GUEST, platform: { kind: "snp", vmgexitNs: 0 } }],
      simulate: ([priced, free]) =>
        (priced!.bootTimeNs - free!.bootTimeNs) / priced!.costs.vmgexitPsc! / PLAIN_HYPERCALL_NS,
    },
  ],
};
