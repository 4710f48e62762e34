/** Large TDX guests of Kata Containers, with firmware that accepts all memory and that does not. */

import type { RunResult } from "../results/row.js";
import type { Setup, Target } from "./claim.js";

const SOURCE = "github.com/kata-containers/kata-containers issue 13535 (2026-08-01)";
const COMMENT = "github.com/kata-containers/kata-containers issue 13535, comment (2026-09-15)";

/** The build of TDVF that leaves memory to the kernel (IntelTdxX64) accepts this much by default. */
const PARTIAL = "512MiB";

function setup(memory: string, vcpus: number, preAcceptLimit: string): Setup {
  return { platform: "tdx", memory, vcpus, firmware: { preAcceptLimit } };
}

function firmwareSeconds({ phases }: RunResult): number {
  return (phases.find(({ name }) => name === "firmware")?.ns ?? 0) / 1e9;
}

function bootSeconds({ bootTimeNs }: RunResult): number {
  return bootTimeNs / 1e9;
}

export const FIRMWARE_BOUNDS: Target = {
  id: "VT5",
  title: "A TDX guest of 64 GiB, eager and lazy firmware",
  claims: [
    {
      id: "VT5.a",
      what: "no sign of the firmware's end",
      conditions: "TDX, 64 GiB, firmware accepts everything [1 vCPU, Kata's default; host pages of 4 KiB]",
      source: SOURCE,
      published: 90,
      unit: "s",
      tolerance: "above",
      basis: "prediction",
      runs: [setup("64GiB", 1, "all")],
      simulate: ([result]) => firmwareSeconds(result!),
    },
    {
      id: "VT5.b",
      what: "boot",
      conditions: "TDX, 64 GiB, firmware accepts 512 MiB [1 vCPU; host pages of 4 KiB]",
      source: SOURCE,
      published: 15,
      unit: "s",
      tolerance: "below",
      basis: "prediction",
      runs: [setup("64GiB", 1, PARTIAL)],
      simulate: ([result]) => bootSeconds(result!),
    },
  ],
};

const LAZY = "TDX, lazy firmware [512 MiB accepted; host pages of 4 KiB; 1 vCPU]";

export const LAZY_BOUNDS: Target = {
  id: "VT6",
  title: "Lazy boots of TDX guests from 256 MiB to 800 GiB",
  claims: [
    {
      id: "VT6.a",
      what: "boot, 256 MiB, smallest",
      conditions: LAZY,
      source: COMMENT,
      published: [6, 35],
      unit: "s",
      tolerance: { from: 6, to: 35 },
      basis: "prediction",
      note: "Published is the start of a container, with runtime and agent; simulated is the boot up to init.",
      runs: [setup("256MiB", 1, PARTIAL)],
      simulate: ([result]) => bootSeconds(result!),
    },
    {
      id: "VT6.b",
      what: "boot, 128 GiB, largest without GPU",
      conditions: LAZY,
      source: COMMENT,
      published: [6, 35],
      unit: "s",
      tolerance: { from: 6, to: 35 },
      basis: "prediction",
      runs: [setup("128GiB", 1, PARTIAL)],
      simulate: ([result]) => bootSeconds(result!),
    },
    {
      id: "VT6.c",
      what: "agent up, 800 GiB with a GPU",
      conditions: "TDX, lazy firmware, GPU passed through [16 vCPUs; 512 MiB accepted; host pages of 4 KiB]",
      source: COMMENT,
      published: [241, 270],
      unit: "s",
      tolerance: { within: 0.3 },
      basis: "prediction",
      note:
        "Setting up a passed-through GPU (attestation, driver, shared memory for its DMA) is not simulated; " +
        "that part of the published time is not published by itself.",
      runs: [setup("800GiB", 16, PARTIAL)],
      simulate: ([result]) => bootSeconds(result!),
    },
  ],
};
