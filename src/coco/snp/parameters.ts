import {
  assumed,
  COMMON_PARAMETERS,
  derived,
  HOST_CLEAR_4K,
  measured,
  type ParameterSet,
} from "../parameters.js";

const UNPUBLISHED = "assumption: nobody has published this number";
const SNP_BOOT =
  'TUM CVM_eval benchmarks/boottime/README.md (repository of "Confidential VMs Explained", SIGMETRICS\'25): ' +
  "trace of one SNP guest";
const CLEAR_2M =
  '"mm: folio_zero_user: clear pages sequentially" (Linux 9890ecab6ad9, 2026-01), faults of one thread on Genoa, as a ' +
  "third party sums it up; that pages for guests are cleared as those of such faults is an assumption";
const OVMF_PHASES =
  "github.com/SEVeriFast/severifast figs/paper/ovmf-baseline.pdf (ASPLOS'24): QEMU, AmdSev image, direct boot, 256 MiB, " +
  "1 vCPU; low end an assumption: the 3.5 s of one guest of TUM CVM_eval have the acceptance of 2 GiB in them";

/** Prices of accepting memory on AMD SEV-SNP, and of the rest of its boot. */
export const SNP_PARAMETERS: ParameterSet = {
  ...COMMON_PARAMETERS,
  vmgexitNs: measured(
    "an exit that asks for page state changes",
    [3_550, 3_500, 3_900],
    "TUM CVM_eval benchmarks/vmexit/plot.py: exits of an SNP guest take 3553 ns (hypercall) to 3885 ns (port)",
    ["vmgexitPsc"],
  ),
  userExitNs: assumed(
    "the way of such an exit on to the VMM and back",
    [8_000, 3_000, 15_000],
    `${UNPUBLISHED}; added to the exit to the host kernel`,
  ),
  attributeSetNs: assumed("one KVM_SET_MEMORY_ATTRIBUTES", [3_000, 2_000, 20_000], UNPUBLISHED),
  attributeSetPageNs: assumed("each 4 KiB page in a KVM_SET_MEMORY_ATTRIBUTES", [10, 0, 20], UNPUBLISHED),
  npf4kNs: assumed(
    "a nested page fault at which the host backs 4 KiB",
    [6_600, 4_600, 11_600],
    `${UNPUBLISHED}; the measured exit of 3.55 us and as much again to allocate, assign and map, less hostClear4kNs`,
  ),
  npf2mNs: assumed(
    "a nested page fault at which the host backs 2 MiB",
    [20_000, 5_000, 60_000],
    `${UNPUBLISHED}; the exit, and a page of 2 MiB allocated, assigned and mapped`,
  ),
  hostClear4kNs: HOST_CLEAR_4K,
  hostClear2mNs: measured(
    "the host clears 2 MiB",
    [178_000, 110_000, 400_000],
    `${CLEAR_2M}: 11.76 GB/s before Linux 7.0; ends an assumption for other processors`,
  ),
  hostClear2mSequentialNs: measured(
    "the host clears 2 MiB in the order of addresses (host.kernel from 7.0 on)",
    [89_000, 80_000, 200_000],
    `${CLEAR_2M}: 23.58 GB/s from Linux 7.0 on; high end an assumption for processors that gain nothing`,
  ),
  prefault4kNs: assumed(
    "the host backs 4 KiB ahead of the guest",
    [3_100, 1_600, 5_600],
    "assumption: a nested page fault without its exit",
  ),
  prefault2mNs: assumed(
    "the host backs 2 MiB ahead of the guest",
    [16_500, 1_500, 56_500],
    "assumption: a nested page fault without its exit",
  ),
  pvalidate4kNs: assumed(
    "a PVALIDATE of 4 KiB",
    [300, 100, 3_400],
    `${UNPUBLISHED}; below 310 ns if the boot verifier that validates 256 MiB in at most 20.4 ms does so in 4 KiB ` +
      "(SEVeriFast, severifast-vs-stock-fc.pdf). High end: microsoft/OHCL-Linux-Kernel pull request 50 (2025-03-17), 57 s for " +
      "64 GiB with RMPADJUST and a mapping for each",
  ),
  pvalidate2mNs: assumed(
    "a PVALIDATE of 2 MiB",
    [4_000, 1_000, 160_000],
    `${UNPUBLISHED}; high end that boot verifier, if it validates in 2 MiB`,
  ),
  pvalidateMismatchNs: assumed(
    "a PVALIDATE of 2 MiB that meets 4 KiB entries",
    [500, 100, 1_000],
    `${UNPUBLISHED}; about one of 4 KiB`,
  ),
  directMapSplitNs: assumed("the host splits 2 MiB of its direct map", [4_000, 2_000, 15_000], UNPUBLISHED),
  evictTouch4kNs: assumed(
    "the guest reads a validated page (coherency erratum)",
    [100, 50, 300],
    `${UNPUBLISHED}; two reads from memory, on processors with the erratum only`,
  ),
  svsmCallNs: assumed(
    "a call of the SVSM",
    [7_100, 6_000, 15_000],
    "assumption: two exits, one to the SVSM and one back",
  ),
  rmpadjustNs: assumed(
    "an SVSM maps an entry that it validates and gives it to the guest (RMPADJUST)",
    [1_500, 500, 5_000],
    `${UNPUBLISHED}; the instruction as a PVALIDATE, and a mapping made and flushed`,
  ),
  svsmZero4kNs: assumed(
    "an SVSM clears 4 KiB that it validates",
    [400, 200, 800],
    `${UNPUBLISHED}; 10 GB/s (5 to 20); COCONUT-SVSM clears every page since June 2023 (core_pvalidate_one)`,
  ),
  svsmZero2mNs: assumed(
    "an SVSM clears 2 MiB",
    [210_000, 105_000, 420_000],
    `${UNPUBLISHED}; 10 GB/s (5 to 20)`,
  ),
  psmashNs: assumed(
    "the host splits an entry of 2 MiB of the reverse map table",
    [5_000, 2_000, 15_000],
    `${UNPUBLISHED}; the instruction and the nested page's zap`,
  ),
  rmpupdateSharedNs: assumed("the host makes a page its own again", [1_000, 500, 2_000], UNPUBLISHED),
  sharedAccept4kNs: assumed(
    "what an accept of 4 KiB takes of what all CPUs share",
    [1_447, 763, 1_907],
    "assumption: as on TDX, where 32 CPUs accept 2.6 GiB/s (2 to 5) on a host with pages of 4 KiB",
  ),
  sharedAccept2mNs: assumed(
    "what an accept of 2 MiB takes of what all CPUs share",
    [30_518, 7_629, 78_125],
    "assumption: 64 GiB/s, which 64 CPUs reach at least where the host has the memory ready: PVALIDATE clears nothing, and " +
      "64 GiB take less than 1 s (microsoft/OHCL-Linux-Kernel pull request 85, 2025-06-10); 256 GiB/s to 25 GiB/s, the " +
      "latter where the host clears pages meanwhile",
  ),
  launchNs: assumed(
    "the VMM, up to the guest's first instruction, without pages and CPUs",
    [140e6, 70e6, 350e6],
    "assumption: as in a plain virtual machine (TUM CVM_eval tasks/plot_boottime.py)",
  ),
  launchPage4kNs: derived(
    "the PSP encrypts and measures 4 KiB before the guest runs (the image, its metadata, vCPUs; preAcceptBy: vmm)",
    [1_003_000, 100_000, 2_840_000],
    "github.com/SEVeriFast/severifast figs/paper/pre-encrypt.pdf (ASPLOS'24): SNP_LAUNCH_UPDATE of 1 MiB takes " +
      `256.65 ms, pages with contents; high end from the 3.18 s up to sev_snp_launch_finish in ${SNP_BOOT}, were its ` +
      "image of 4 MiB; low end an assumption for pages of zeros, of which nobody has published it",
    ["launchPage4k", "launchPageWait4k"],
  ),
  firmwareSecNs: measured("OVMF's first phase (SEC), without accepting", [121e6, 60e6, 121e6], OVMF_PHASES),
  firmwarePeiNs: derived(
    "OVMF sets memory up (PEI), without accepting",
    [126e6, 60e6, 156e6],
    `${OVMF_PHASES}: 156 ms, with the acceptance of 256 MiB in it, which takes 30 ms in pages of 2 MiB by the prices ` +
      "here and at most 33 ms in the boot verifier of the same source (severifast-vs-stock-fc.pdf)",
  ),
  firmwareDxeNs: measured("OVMF's drivers (DXE)", [700e6, 350e6, 700e6], OVMF_PHASES),
  firmwareBdsNs: measured(
    "OVMF loads the kernel (BDS), without accepting",
    [2_167e6, 1_000e6, 2_167e6],
    `${OVMF_PHASES}, of which 150 ms hash kernel and initrd`,
  ),
  kernelEncryptedNs: derived(
    "what the kernel takes longer up to init, for its encryption",
    [52.3e6, 48.9e6, 65.1e6],
    "github.com/SEVeriFast/severifast figs/paper/severifast-vs-stock-fc.pdf (ASPLOS'24), Firecracker, 256 MiB, " +
      "1 vCPU, memory validated before: 69.1 ms with SNP and 16.8 without (Lupine), 84.2 and 35.3 (AWS), 191.8 and " +
      "126.7 (Ubuntu); sharing the bounce buffer, which is charged besides, is some of it",
  ),
};
