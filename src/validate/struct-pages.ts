/** Deferred initialisation of struct pages. */

import type { Target } from "./claim.js";

export const STRUCT_PAGES: Target = {
  id: "VT11",
  title: "Initialising struct pages in parallel",
  claims: [
    {
      id: "VT11.a",
      what: "1 TiB by 4 threads",
      conditions: "plain machine, one thread for each of 4 nodes [here 4 CPUs on one node]",
      source: "Mel Gorman, lkml 1504.3/03018 (2015): 1116 to 1148 ms",
      published: 1.14,
      unit: "s",
      tolerance: { within: 0.3 },
      basis: "calibration",
      note: "initStructPageNs was derived from this number and two others.",
      runs: [{ platform: "none", memory: "1TiB", vcpus: 4 }],
      simulate: ([result]) => (result!.phases.find(({ name }) => name === "deferred init")?.ns ?? 0) / 1e9,
    },
  ],
};
