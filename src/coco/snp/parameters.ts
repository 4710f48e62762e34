import { assumed, COMMON_PARAMETERS, derived, measured, type ParameterSet } from "../parameters.js";

const UNPUBLISHED = "assumption: nobody has published this number";
const SNP_BOOT =
  'TUM CVM_eval benchmarks/boottime/README.md (repository of "Confidential VMs Explained", SIGMETRICS\'25): ' +
  "trace of one SNP guest";
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
    [7_000, 5_000, 12_000],
    `${UNPUBLISHED}; the measured exit of 3.55 us and as much again to allocate, zero, assign and map`,
  ),
  npf2mNs: assumed(
    "a nested page fault at which the host backs 2 MiB",
    [230_000, 130_000, 450_000],
    `${UNPUBLISHED}; mostly zeroing 2 MiB at 10 GB/s`,
  ),
  prefault4kNs: assumed(
    "the host backs 4 KiB ahead of the guest",
    [3_500, 2_000, 6_000],
    "assumption: a nested page fault without its exit",
  ),
  prefault2mNs: assumed(
    "the host backs 2 MiB ahead of the guest",
    [226_500, 126_500, 446_500],
    "assumption: a nested page fault without its exit",
  ),
  pvalidate4kNs: assumed("a PVALIDATE of 4 KiB", [400, 100, 1_000], UNPUBLISHED),
  pvalidate2mNs: assumed("a PVALIDATE of 2 MiB", [4_000, 1_000, 20_000], UNPUBLISHED),
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
    [78_125, 32_552, 195_313],
    "assumption: 25 GiB/s (10 to 60), a fraction of the memory bandwidth of a server",
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
