/** A guest that accepts and clears all pending memory at its start, page by page, on one CPU. */

import type { RunResult } from "../results/row.js";
import type { Setup, Target } from "./claim.js";

/** A TDCALL and the guest's own clearing of the page: the defaults of tdcallNs and userTouch4kNs. */
const ACCEPT_AND_CLEAR_NS = 800 + 3_500;

const GUEST: Setup = {
  platform: { kind: "tdx", tdcallNs: `${ACCEPT_AND_CLEAR_NS}ns` },
  policy: "eager",
  memory: "8GiB",
  vcpus: 1,
  firmware: { preAcceptLimit: "512MiB" },
};
const PLAIN: Setup = { platform: "none", memory: "8GiB", vcpus: 1 };

/** What the kernel takes from its entry on. */
function kernelNs({ phases }: RunResult): number {
  const firmware = phases.findIndex(({ name }) => name === "firmware");
  return phases.slice(firmware + 1).reduce((sum, { ns }) => sum + ns, 0);
}

export const ACCEPT_AND_CLEAR: Target = {
  id: "VT3",
  title: "Accepting and clearing 8 GiB in pages of 4 KiB on one CPU",
  claims: [
    {
      id: "VT3.a",
      what: "accept and clear all pending pages",
      conditions:
        "TDX, 8 GiB, pages of 4 KiB [firmware accepts 512 MiB, as in Intel's TDVF build; clearing as a touch]",
      source: "github.com/asterinas/asterinas pull request 1691 (2024-12-09): about 30 seconds",
      published: 30,
      unit: "s",
      tolerance: { within: 0.25 },
      basis: "calibration",
      note:
        "acceptZero4kNs was derived from this number among others. If the firmware had accepted all below 4 GiB, " +
        "the row would fail: too little would be left.",
      runs: [GUEST, PLAIN],
      simulate: ([accepting, plain]) => (kernelNs(accepting!) - kernelNs(plain!)) / 1e9,
    },
  ],
};
