// Takes 2 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { compareProc, modelFields, type ProcComparison, type ProcZone } from "../../src/verify/proc.js";
import { type ProcFileName, procFields, wholeProcFile } from "../../src/verify/proc-fields.js";
import type { RecordingFiles } from "../../src/verify/recording-files.js";
import { readSnapshot } from "../../src/verify/snapshot.js";
import { allocatorOf } from "../../src/verify/snapshot-state.js";
import type { Divergence } from "../../src/verify/tally.js";
import { edited, recordedFiles } from "./recorded.js";

const test = suite("verify: what the model has of files in /proc");

type Values = [key: string, value: string][];

function modelled(file: ProcFileName, zones: readonly ProcZone[]): Values {
  return Array.from(modelFields(file, zones), ([key, { value }]) => [key, value]);
}

/** The same of a file as a kernel prints it. */
function printed(file: ProcFileName, text: string): Values {
  return Array.from(procFields(file, text), ([key, { value }]) => [key, value]);
}

/** Zone DMA of a guest with 4 GiB, as Linux 7.3.4 shows it. */
const DMA: ProcZone = {
  nodeId: 0,
  name: "DMA",
  startPfn: 1,
  endPfn: 4096,
  presentPages: 3998,
  managedPages: 3840,
  freePages: 3840,
  freePagesInBlocks: 3584,
  freeCmaPages: 0,
  reservedHighatomicPages: 512,
  freeHighatomicPages: 256,
  unacceptedPages: 0,
  boost: 0,
  watermark: [65, 81, 97, 113],
  lowmemReserve: [0, 1906, 3883, 3883],
  freeBlocks: [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 3],
  pcp: [{ cpu: 0, count: 0, high: 0, batch: 1, highMin: 81, highMax: 480 }],
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
    "      nr_free_pages_blocks 3584",
    "      nr_free_cma  0",
    "      nr_unaccepted 0",
    "  pagesets",
    "    cpu: 0",
    "              count:    0",
    "              high:     0",
    "              batch:    1",
    "              high_min: 81",
    "              high_max: 480",
    "  vm stats threshold: 4",
    "  start_pfn:           1",
    "  reserved_highatomic: 512",
    "  free_highatomic:     256",
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
    printed("vmstat", "nr_free_pages 7680\nnr_free_pages_blocks 7168\nnr_free_cma 0\nnr_unaccepted 1024\n"),
  );
});

/** Files of Linux 7.3.4 beside a model in the state of their snapshot. */
const RECORDED: RecordingFiles = recordedFiles("linux-7.3.4-lazy-1c4g-high-eager");
const AFTER = "post-mmap32";

function compared(files: RecordingFiles): ProcComparison & { readonly firstDivergence?: Divergence } {
  const text = new TextDecoder().decode(RECORDED.read("wl-mmap32.snapB"));
  const { zones } = readSnapshot(text);
  const allocator = allocatorOf(zones, kernelRules("7.3.4").pageAlloc, { acceptMemory: () => {} });
  return compareProc(allocator, files, AFTER, zones);
}

test("every field of a recorded 7.3 that follows from its lists is compared, and each that differs is found", () => {
  const whole = compared(RECORDED);
  assert.is(whole.equal, whole.compared);
  for (const [file, line, name] of [
    ["zoneinfo", /nr_free_pages_blocks 3584/, "zone DMA nr_free_pages_blocks"],
    ["zoneinfo", /nr_free_cma +0/, "zone DMA nr_free_cma"],
    ["zoneinfo", /high_min: +80/, "zone DMA cpu 0 high_min"],
    ["zoneinfo", /high_max: +480/, "zone DMA cpu 0 high_max"],
    ["zoneinfo", /reserved_highatomic: +0/, "zone DMA reserved_highatomic"],
    ["vmstat", /nr_free_pages_blocks \d+/, "vmstat: nr_free_pages_blocks"],
  ] as const) {
    const changed = edited(RECORDED, `${AFTER}.${file}`, (text) =>
      text.replace(line, (found) => found.replace(/\d+$/, (digits) => `${Number(digits) + 100_352}`)),
    );
    const { compared: all, equal, firstDivergence } = compared(changed);
    assert.is(all - equal, 1, name);
    assert.match(firstDivergence!.context, name);
  }
});

test("a kernel that prints no line of a kind is not asked for it; one that left some out is", () => {
  const without = (pattern: RegExp): number => {
    const files = ["zoneinfo", "vmstat"].reduce(
      (all, file) => edited(all, `${AFTER}.${file}`, (text) => text.replace(pattern, "")),
      RECORDED,
    );
    const { compared: all, equal } = compared(files);
    return all - equal;
  };
  assert.is(without(/^ *nr_free_pages_blocks.*\n/gm), 0);
  assert.is(without(/^ *high_m(in|ax).*\n/gm), 0);
  assert.is(without(/^nr_free_pages_blocks.*\n/gm), 1);
});

test("pages in whole pageblocks are a multiple of one", () => {
  const text = new TextDecoder().decode(RECORDED.read(`${AFTER}.zoneinfo`));
  assert.throws(
    () => wholeProcFile("zoneinfo", text.replace("nr_free_pages_blocks 3584", "nr_free_pages_blocks 3585")),
    "expected whole pageblocks of 512 pages, found 3585",
  );
});

test.run();
