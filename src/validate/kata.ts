/** What users of Kata Containers published of TDX guests. */

import { type Target, target } from "./claim.js";
import { bootSeconds, phaseNs, tdx } from "./setups.js";

export const FIRMWARE_BOUNDS: Target = target(
  "VT5",
  "A TDX guest of 64 GiB, eager and lazy firmware",
  {
    source: "github.com/kata-containers/kata-containers issue 13535 (2026-08-01)",
    unit: "s",
    basis: "prediction",
  },
  [
    {
      what: "no sign of the firmware's end",
      conditions: "TDX, 64 GiB, firmware accepts everything [1 vCPU, Kata's default; host pages of 4 KiB]",
      published: 90,
      tolerance: "above",
      runs: [tdx("64GiB", 1, "all")],
      simulate: (result) => phaseNs(result, "firmware") / 1e9,
    },
    {
      what: "boot",
      conditions: "TDX, 64 GiB, firmware accepts 512 MiB [1 vCPU; host pages of 4 KiB]",
      published: 15,
      tolerance: "below",
      runs: [tdx("64GiB", 1, "512MiB")],
      simulate: bootSeconds,
    },
  ],
);

export const LAZY_BOUNDS: Target = target(
  "VT6",
  "Lazy boots of TDX guests from 256 MiB to 800 GiB",
  {
    conditions: "TDX, lazy firmware [512 MiB accepted; host pages of 4 KiB; 1 vCPU]",
    source: "github.com/kata-containers/kata-containers issue 13535, comment (2026-09-15)",
    published: [6, 35],
    unit: "s",
    tolerance: { from: 6, to: 35 },
    basis: "prediction",
    simulate: bootSeconds,
  },
  [
    {
      what: "boot, 256 MiB, smallest",
      note: "Published is the start of a container, with runtime and agent; simulated is the boot up to init.",
      runs: [tdx("256MiB", 1, "512MiB")],
    },
    { what: "boot, 128 GiB, largest without GPU", runs: [tdx("128GiB", 1, "512MiB")] },
    {
      what: "agent up, 800 GiB with a GPU",
      conditions: "TDX, lazy firmware, GPU passed through [16 vCPUs; 512 MiB accepted; host pages of 4 KiB]",
      published: [241, 270],
      tolerance: { within: 0.3 },
      note:
        "Setting up a passed-through GPU (attestation, driver, shared memory for its DMA) is not simulated; " +
        "that part of the published time is not published by itself.",
      runs: [tdx("800GiB", 16, "512MiB")],
    },
  ],
);
