/** What SEVeriFast published of small SNP guests (ASPLOS'24), read off its figures. */

import type { RunResult } from "../results/row.js";
import { type Setup, type Target, target } from "./claim.js";
import { guest, kernelNs, phaseNs } from "./setups.js";

const MACHINE = "snp-severifast-milan";
const REPOSITORY = "github.com/SEVeriFast/severifast figs/paper";

/** QEMU with the image of AmdSev, which is 1 MiB there, and a kernel that it loads itself. */
function small(more: Partial<Setup> = {}): Setup {
  return guest("snp", "256MiB", 1, {
    prices: MACHINE,
    ...more,
    firmware: { flavour: "amdsev", imageSize: "1MiB", ...more.firmware },
    host: { pageSize: "2MiB", ...more.host },
  });
}

const CONDITIONS = "SNP, 256 MiB, 1 vCPU, QEMU, image of 1 MiB [host pages of 2 MiB]";

export const SMALL_FIRMWARE: Target = target(
  "VT20",
  "OVMF of an SNP guest of 256 MiB",
  { unit: "ms", basis: "calibration", conditions: CONDITIONS },
  [
    {
      what: "OVMF, all phases",
      source: `${REPOSITORY}/ovmf-baseline.pdf`,
      published: 3156,
      tolerance: { within: 0.1 },
      note: "The prices of the phases come from this row.",
      runs: [small()],
      simulate: (result) => phaseNs(result, "firmware") / 1e6,
    },
    {
      what: "validating 256 MiB",
      source: `${REPOSITORY}/severifast-vs-stock-fc.pdf: a verifier that does this and more takes 20.4 ms`,
      published: 20.4,
      tolerance: { from: 20.4 / 3, to: 20.4 },
      note: `npf2mNs of ${MACHINE} comes from this bound. Simulated is OVMF's time less what it takes without acceptance.`,
      runs: [small()],
      simulate: (result) => (phaseNs(result, "firmware") - firmwareNs(result)) / 1e6,
    },
  ],
);

function firmwareNs({ eventPrices }: RunResult): number {
  return ["Sec", "Pei", "Dxe", "Bds"].reduce((sum, phase) => sum + eventPrices[`firmware${phase}`]!, 0);
}

export const MEASURED_LAUNCH: Target = target(
  "VT21",
  "The PSP encrypts and measures an SNP guest",
  { unit: "ms", tolerance: { within: 0.15 } },
  [
    {
      what: "1 MiB",
      conditions: "SNP_LAUNCH_UPDATE page by page [two images of different size]",
      source: `${REPOSITORY}/pre-encrypt.pdf`,
      published: 256.65,
      basis: "calibration",
      note: "launchPage4kNs comes from this row.",
      runs: [small({ firmware: { imageSize: "2MiB" } }), small()],
      simulate: (large, one) => phaseNs(large, "launch") / 1e6 - phaseNs(one, "launch") / 1e6,
    },
    {
      what: "each further guest at once",
      conditions: "QEMU, SNP, image of 1 MiB, 1 to 50 guests at once [pages of all take turns]",
      source: `${REPOSITORY}/concurrent-boot.pdf, slope of the mean boot time`,
      published: 556,
      tolerance: { within: 0.3 },
      basis: "prediction",
      note:
        "The image, its metadata and the CPU are 304 pages of 1 ms; the published slope is that of 554. What else the PSP " +
        "did for each guest is not said.",
      runs: [small({ host: { launchingGuests: 50 } }), small()],
      simulate: (many, one) => (many.bootTimeNs - one.bootTimeNs) / 49 / 1e6,
    },
  ],
);

export const SMALL_KERNEL: Target = target(
  "VT22",
  "A Linux kernel in a small guest, SNP less plain",
  {
    conditions: "Firecracker, 256 MiB, 1 vCPU, memory validated before [host pages of 2 MiB]",
    source: `${REPOSITORY}/severifast-vs-stock-fc.pdf: 69.1 and 16.8 ms, 84.2 and 35.3, 191.8 and 126.7 with three kernels`,
    unit: "ms",
    basis: "calibration",
  },
  [
    {
      what: "Linux up to init, SNP less plain",
      published: [48.9, 65.1],
      tolerance: { within: 0.3 },
      note: "kernelEncryptedNs comes from this row; what sharing the bounce buffer takes is charged besides.",
      runs: [small(), guest("none", "256MiB", 1)],
      simulate: (snp, plain) => (kernelNs(snp) - kernelNs(plain)) / 1e6,
    },
  ],
);

export const SMALL_KERNEL_ALONE: Target = target("VT23", "A Linux kernel in a small SNP guest", {}, [
  {
    what: "Linux up to init",
    conditions: CONDITIONS,
    source: `${REPOSITORY}/ovmf-baseline.pdf`,
    published: 562,
    unit: "ms",
    tolerance: { within: 0.3 },
    basis: "prediction",
    note:
      "Simulated is the recorded boot, of a distribution's kernel with its drivers; the published kernel has few, and " +
      "guest.timeScale would have to be fitted to it.",
    runs: [small()],
    simulate: (result) => kernelNs(result) / 1e6,
  },
]);
