import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatSizes, formatSizesJson, formatSizesMarkdown } from "../../src/report/size-matrix.js";
import type { SizeCell } from "../../src/study/size-matrix.js";
import { GiB, MiB } from "../../src/units.js";
import { wide } from "./paint.js";

const test = suite("report: guests of many sizes");

const READY: SizeCell = {
  platform: "tdx",
  prices: "default",
  version: "2026.08",
  kernel: "7.3",
  memoryBytes: 66_817 * MiB,
  vcpus: 2,
  lostBytes: 0,
  acceptedBy: { launch: 0, firmware: 2 * GiB, exitBootServices: 0, prm: 0, stub: 0, kernel: 0 },
  bootTimeNs: 11_400_000_000,
  outcome: "ready",
  table: { address: 0x7b301018, tableBytes: 4073, keptBytes: 8192, missedBytes: 0 },
};
const OLD: SizeCell = {
  ...READY,
  kernel: "6.12.0",
  outcome: "terminated",
  reason: "page fault",
  table: { address: 0x7b301018, tableBytes: 4073, keptBytes: 4096, missedBytes: 1 },
};
const { table: _none, ...WITHOUT } = READY;

function lead(...cells: SizeCell[]): string {
  return formatSizesMarkdown(cells).split("\n")[0]!;
}

test("the conclusion names what fails, with versions only where not all of them do", () => {
  assert.is(lead(READY), "Of 1 guests 1 get ready with all their memory.");
  assert.is(
    lead(READY, OLD),
    "Of 2 guests 1 get ready with all their memory. 1 do not get ready: 66,817 MiB with Linux 6.12.0.",
  );
  assert.is(
    lead(OLD, { ...OLD, kernel: "6.18.13" }),
    "Of 2 guests 0 get ready with all their memory. 2 do not get ready: 66,817 MiB.",
  );
  assert.match(lead(READY, { ...OLD, platform: "snp" }), "66,817 MiB on snp");
  assert.match(
    lead(READY, { ...READY, version: "2022.11", lostBytes: GiB }),
    "1 lose some: 66,817 MiB with edk2 2022.11.",
  );
});

test("a row has where the table lies, what is kept and missed; a guest without one has none of it", () => {
  const lines = formatSizes([OLD, { ...WITHOUT, memoryBytes: 4 * GiB }], wide).split("\n");
  assert.ok(lines.includes("tdx, 2 vCPUs"));
  assert.ok(
    lines.some((line) =>
      /^66,817 MiB +2026\.08 +6\.12\.0 +terminated +- +0x7b301018 +4,073 +4,096 +1 B$/.test(line),
    ),
  );
  assert.ok(lines.some((line) => /^ +4 GiB +2026\.08 +7\.3 +11\.4 s +- +- +- +- +-$/.test(line)));
  assert.ok(lines.includes("66,817 MiB (terminated): page fault."));
});

test("JSON has the cells as they are", () => {
  assert.equal(JSON.parse(formatSizesJson([OLD])).cells, [OLD]);
});

test("prices of machines are told where some are not the platform's own", () => {
  const priced = { ...READY, prices: "tdx-gcp" };
  assert.match(formatSizes([READY, priced], wide), /^tdx, [^,\n]+, prices tdx-gcp$/m);
  assert.match(formatSizesMarkdown([READY, priced]), /^\| platform \| prices \|/m);
  assert.not.match(formatSizesMarkdown([READY]), "prices");
});

test.run();
