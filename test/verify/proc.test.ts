import { suite } from "uvu";
import * as assert from "uvu/assert";
import { modelFields, type ProcZone } from "../../src/verify/proc.js";
import { type ProcFileName, procFields } from "../../src/verify/proc-fields.js";

const test = suite("verify: what the model has of files in /proc");

type Values = [key: string, value: string][];

function modelled(file: ProcFileName, zones: readonly ProcZone[]): Values {
  return Array.from(modelFields(file, zones), ([key, { value }]) => [key, value]);
}

/** The same of a file as a kernel prints it. */
function printed(file: ProcFileName, text: string): Values {
  return Array.from(procFields(file, text), ([key, { value }]) => [key, value]);
}

/** Zone DMA of a guest with 4 GiB and two CPUs, as Linux 6.12.107 showed it. */
const DMA: ProcZone = {
  nodeId: 0,
  name: "DMA",
  startPfn: 1,
  endPfn: 4096,
  presentPages: 3998,
  managedPages: 3840,
  freePages: 3840,
  unacceptedPages: 0,
  boost: 0,
  watermark: [65, 81, 97, 113],
  lowmemReserve: [0, 1906, 3883, 3883],
  freeBlocks: [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 3],
  pcp: [{ cpu: 0, count: 0, high: 0, batch: 1 }],
  statThreshold: 4,
};

test("buddyinfo", () => {
  assert.equal(
    modelled("buddyinfo", [DMA]),
    printed(
      "buddyinfo",
      "Node 0, zone      DMA      0      0      0      0      0      0      0      0      1      1      3 \n",
    ),
  );
});

test("zoneinfo", () => {
  const lines = [
    "Node 0, zone      DMA",
    "  pages free     3840",
    "        boost    0",
    "        min      65",
    "        low      81",
    "        high     97",
    "        promo    113",
    "        spanned  4095",
    "        present  3998",
    "        managed  3840",
    "        protection: (0, 1906, 3883, 3883)",
    "      nr_free_pages 3840",
    "      nr_unaccepted 0",
    "  pagesets",
    "    cpu: 0",
    "              count: 0",
    "              high:  0",
    "              batch: 1",
    "  vm stats threshold: 4",
    "  start_pfn:           1",
    "",
  ];
  assert.equal(modelled("zoneinfo", [DMA]), printed("zoneinfo", lines.join("\n")));
});

test("zoneinfo shows watermarks with the boost on them", () => {
  const values = new Map(modelled("zoneinfo", [{ ...DMA, boost: 512 }]));
  assert.equal(
    ["boost", "min", "low", "high", "promo"].map((name) => values.get(`node 0 zone DMA ${name}`)),
    ["512", "577", "593", "609", "625"],
  );
});

test("meminfo counts in KiB, unaccepted memory as free", () => {
  const normal: ProcZone = { ...DMA, managedPages: 994994, freePages: 989512, unacceptedPages: 441344 };
  assert.equal(
    modelled("meminfo", [DMA, normal]),
    printed(
      "meminfo",
      "MemTotal:        3995336 kB\nMemFree:         3973408 kB\nUnaccepted:      1765376 kB\n",
    ),
  );
});

test("vmstat counts pages", () => {
  assert.equal(
    modelled("vmstat", [DMA, { ...DMA, name: "DMA32", unacceptedPages: 1024 }]),
    printed("vmstat", "nr_free_pages 7680\nnr_unaccepted 1024\n"),
  );
});

test.run();
