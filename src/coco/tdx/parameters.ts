import { assumed, COMMON_PARAMETERS, derived, HOST_CLEAR_4K, type ParameterSet } from "../parameters.js";

const UNPUBLISHED = "assumption: nobody has published this number";
const LIKE_PLAIN =
  "assumption: as in a plain virtual machine (TUM CVM_eval tasks/plot_boottime.py); all phases of a guest " +
  "without accepting take 2 to 10 s together";

const LATE_SWIOTLB =
  "github.com/Dstack-TEE/dstack 0010-x86-tdx-convert-swiotlb-to-shared-after-smp-bringup.patch (2026-09-14), 248 vCPUs on " +
  "Granite Rapids, pages of 4 KiB";

/** Prices of accepting memory on Intel TDX, and of the rest of its boot. */
export const TDX_PARAMETERS: ParameterSet = {
  ...COMMON_PARAMETERS,
  tdcallNs: assumed(
    "an accept, without fault and clearing",
    [800, 300, 1_500],
    `${UNPUBLISHED}; a TDCALL that does not leave the guest`,
  ),
  tdcallFailNs: assumed("an accept that fails", [800, 300, 1500], `${UNPUBLISHED}; as one that succeeds`, [
    "tdcallMismatch",
    "tdcallAlreadyAccepted",
  ]),
  eptViolation4kNs: derived(
    "the exit at which the host adds 4 KiB",
    [7_600, 600, 11_600],
    "github.com/Dstack-TEE/dstack pull request 1220 (2026-09-15): an EPT violation with its AUG takes 8 us, early in " +
      "the boot, on a host that maps 4 KiB; less hostClear4kNs. Low end: Kirill Shutemov, linux-mm (2024-10-25), where a " +
      "whole accept of 4 KiB takes 2.5 us and leaves 1 us for the exit",
  ),
  eptViolation2mNs: assumed(
    "the exit at which the host adds 2 MiB",
    [10_000, 2_000, 20_000],
    `${UNPUBLISHED}; about one of 4 KiB`,
  ),
  eptViolation1gNs: assumed(
    "the exit at which the host adds 1 GiB",
    [10_000, 2_000, 20_000],
    `${UNPUBLISHED}; as that of 2 MiB`,
  ),
  hostClear4kNs: HOST_CLEAR_4K,
  hostClear2mNs: assumed(
    "the host clears 2 MiB (1 GiB: 512 times)",
    [200_000, 110_000, 380_000],
    "assumption: 10.5 GB/s (5.5 to 19)",
  ),
  hostClear2mSequentialNs: assumed(
    "the host clears 2 MiB in the order of addresses (host.kernel from 7.0 on)",
    [200_000, 89_000, 380_000],
    "assumption: as before 7.0, since on Icelake pages of 2 MiB gained nothing (Linux 94962b2628e6, 2026-01); low end " +
      "what Zen 4 gained",
  ),
  acceptZero4kNs: assumed(
    "the module clears 4 KiB",
    [1_700, 300, 3_000],
    "assumption: what is left of the 10.5 us that a 4 KiB accept with its fault takes if github.com/intel/lkvs " +
      "BM/tdx-guest/tdx_mem_test.sh (2024-05-24) and asterinas pull request 1691 (2024-12-09) are to come out; low end " +
      "where 90 GiB take one CPU a minute (Kirill Shutemov, linux-mm, 2024-10-25)",
  ),
  acceptZero2mNs: assumed(
    "the module clears 2 MiB",
    [230_000, 150_000, 400_000],
    `${UNPUBLISHED}; the module clearing 2 MiB at 5 to 13 GB/s`,
  ),
  acceptZero1gNs: assumed(
    "the module clears 1 GiB",
    [100_000_000, 75_000_000, 200_000_000],
    `${UNPUBLISHED}; scaled from that of 2 MiB`,
  ),
  septAddNs: assumed("a page added to the secure EPT", [3_000, 2_000, 6_000], UNPUBLISHED),
  idleCpuDelayNs: derived(
    "each of 247 idle CPUs with their tick on, at each exit; beside fewer in proportion to their number",
    [587, 0, 1_174],
    "github.com/Dstack-TEE/dstack pull request 1220 (2026-09-15): an EPT violation takes 8 us at first and 153 us with " +
      "247 idle CPUs that take ticks. That all of it grows with the square of their number follows from its " +
      "docs/tdx-guest-scaling.md, where 200 us with 32 vCPUs and 4 ms with 248 are 20 to 25 exits, 8 to 10 us and 160 to " +
      "200 us; the two are different machines",
  ),
  sharedAccept4kNs: derived(
    "what an accept of 4 KiB takes of what all CPUs share",
    [1_447, 763, 1_907],
    "github.com/intel/lkvs BM/tdx-guest/tdx_mem_test.sh (2024-05-24): 32 CPUs drain 32 GiB, of which firmware and " +
      "boot had accepted 3 GiB, in 11 s; range 2 to 5 GiB/s",
  ),
  sharedAccept2mNs: assumed(
    "what an accept of 2 MiB takes of what all CPUs share",
    [78_125, 32_552, 195_313],
    "assumption: 25 GiB/s (10 to 60), a fraction of the memory bandwidth of a server",
  ),
  sharedAccept1gNs: assumed(
    "what an accept of 1 GiB takes of what all CPUs share",
    [40e6, 16_667e3, 100e6],
    "assumption: 25 GiB/s (10 to 60)",
  ),
  mapGpaNs: assumed(
    "a request to make memory shared, or to go on with one",
    [3_500, 2_000, 5_000],
    "assumption: as an exit of an SNP guest takes",
    ["mapGpa", "mapGpaRetry"],
  ),
  pageReleaseNs: assumed(
    "a release of a page, or a try at a size that does not fit (guest.releasesBeforeSharing)",
    [800, 300, 1_500],
    `${UNPUBLISHED}; as an accept without fault and clearing`,
    ["pageRelease", "pageReleaseMismatch"],
  ),
  septRemoveNs: assumed(
    "the host takes a page away, or breaks up a large one",
    [3_000, 1_000, 22_889],
    `${UNPUBLISHED}; three calls of the module, without the guest's other CPUs; high end all that a page takes late ` +
      "in haltedCpuDelayNs; to break one up takes as many",
    ["septRemove", "septDemote"],
  ),
  runningCpuDelayNs: derived(
    "each other CPU inside the guest, at each page taken away",
    [1_038, 970, 1_111],
    `${LATE_SWIOTLB}: 1 GiB in about 68 s before CPUs come up, 259.4 us for each of 262144 pages; less septRemoveNs ` +
      "256.4 us for 247 CPUs that spin in the firmware's loop; that CPUs at work count as much is an assumption",
  ),
  tickingCpuDelayNs: derived(
    "each idle CPU with its tick on, at each page taken away",
    [3_077, 3_077, 6_154],
    `${LATE_SWIOTLB}: over 200 s right after smp_init, 763 us for each page; less septRemoveNs 760 us for 247 CPUs ` +
      "at 1000 ticks a second; published is the low end, and twice as much as the high one an assumption",
  ),
  haltedCpuDelayNs: derived(
    "each idle CPU without a tick, at each page taken away",
    [80.5, 0, 100],
    `${LATE_SWIOTLB}: about 6 s at fs_initcall_sync, 22.9 us for each page; less septRemoveNs 19.9 us for 247 CPUs`,
  ),
  pamtAddNs: assumed("a pair of pages for the module (dynamic PAMT)", [2_000, 1_000, 6_000], UNPUBLISHED),
  firmwareMpSetupNs: assumed(
    "TDVF sets its other CPUs up to accept, all together",
    [5e6, 1e6, 20e6],
    UNPUBLISHED,
  ),
  firmwareApSetupNs: assumed(
    "TDVF sets up each of its other CPUs to accept",
    [100_000, 20_000, 500_000],
    UNPUBLISHED,
  ),
  launchNs: assumed("the VMM, up to the guest's first instruction", [140e6, 70e6, 350e6], LIKE_PLAIN),
  firmwareFixedNs: assumed("the firmware without accepting", [1_200e6, 600e6, 3_000e6], LIKE_PLAIN),
  launchPage4kNs: assumed(
    "the VMM puts 4 KiB into the guest for its firmware (preAcceptBy: vmm)",
    [6_000, 3_000, 20_000],
    "assumption: TDH.MEM.PAGE.ADD without TDH.MR.EXTEND; a fault of 8 us without its exit, and the page encrypted",
  ),
};
