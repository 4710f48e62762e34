import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatMatrix, formatMatrixJson, formatMatrixMarkdown } from "../../src/report/matrix.js";
import type { MatrixCell } from "../../src/study/matrix.js";
import { GiB, MiB } from "../../src/units.js";
import { paintWith, wide } from "./paint.js";

const test = suite("report: matrix");

const NOBODY = { launch: 0, firmware: 0, exitBootServices: 0, prm: 0, stub: 0, kernel: 0 };
const CELLS: readonly MatrixCell[] = [
  {
    platform: "tdx",
    firmware: "tdvf",
    version: "2026.08",
    kernel: "drops",
    vmm: "as-is",
    memoryBytes: 4 * GiB,
    visibleBytes: 2 * GiB,
    lostBytes: 2 * GiB,
    acceptedBy: { ...NOBODY, launch: 1 * MiB, firmware: 2 * GiB },
    bootTimeNs: 8_670_000_000,
    outcome: "ready",
  },
  {
    platform: "tdx",
    firmware: "tdvf",
    version: "2026.08",
    kernel: "asks",
    vmm: "loader-other-version",
    memoryBytes: 4 * GiB,
    visibleBytes: 0,
    lostBytes: 0,
    acceptedBy: { ...NOBODY, firmware: 2 * GiB },
    bootTimeNs: 6_850_000_000,
    outcome: "terminated",
    reason: "the version | of the table",
  },
  {
    platform: "snp",
    firmware: "ovmf-snp",
    kernel: "knows",
    vmm: "as-is",
    memoryBytes: 4 * GiB,
    visibleBytes: 4 * GiB - 5 * MiB,
    lostBytes: 0,
    acceptedBy: {
      ...NOBODY,
      firmware: 2 * GiB,
      exitBootServices: 2 * GiB,
      prm: 3 * MiB,
      stub: 5 * MiB,
      kernel: 7 * MiB,
    },
    bootTimeNs: 14_000_000_000,
    outcome: "ready",
  },
];

test("the table has a part for each firmware, and each reason once below it", () => {
  const lines = formatMatrix([...CELLS.slice(0, 2), CELLS[1]!, CELLS[2]!], wide).split("\n");
  assert.equal(
    lines.filter((line) => / on (tdx|snp), /.test(line)),
    ["tdvf 2026.08 on tdx, 4 GiB", "ovmf-snp on snp, 4 GiB"],
  );
  assert.ok(lines.some((line) => /^as-is +drops +2 GiB +2 GiB +0 B +firmware 2 GiB +8\.67 s$/.test(line)));
  assert.ok(
    lines.some((line) => /^loader-other-version +asks +0 B +- +- +firmware 2 GiB +terminated$/.test(line)),
  );
  assert.is(
    lines.filter((line) => line.includes("terminated (first with tdvf 2026.08): the version")).length,
    1,
  );
});

test("everybody who accepted is named with what, but not what the VMM put in", () => {
  const table = formatMatrix(
    CELLS,
    paintWith((_role, text) => text, 130),
  );
  assert.match(table, /firmware 2 GiB, exit 2 GiB, stub 5 MiB, kernel 7 MiB, prm 3 MiB/);
  assert.not.match(table, /launch/);
});

test("what the firmware keeps is neither visible nor lost, and nothing of a guest that never came up", () => {
  const kept = formatMatrixMarkdown(CELLS)
    .split("\n")
    .slice(4, 7)
    .map((line) => line.split(" | ")[6]);
  assert.equal(kept, ["0 B", "-", "5 MiB"]);
});

test("a firmware of 2022 says so by its name, and no tag beside", () => {
  const old: MatrixCell = { ...CELLS[0]!, firmware: "tdvf-2022", version: "2022.08" };
  assert.match(formatMatrixMarkdown([old]), /\| tdvf-2022 \|/);
});

test("Markdown is one table; a bar in a reason below it does no harm", () => {
  const lines = formatMatrixMarkdown(CELLS).split("\n");
  assert.is(
    lines[0],
    "Of 3 combinations of firmware, choice and kernel, 1 get ready with all memory, 1 lose up to 2 GiB, and 1 do not get ready. " +
      "Kernels that never lose memory: asks, knows.",
  );
  assert.is(
    lines[2],
    "| platform | firmware | choice | kernel | visible | lost | kept | accepted by | boot |",
  );
  assert.is(
    lines[4],
    "| tdx | tdvf 2026.08 | as-is | drops | 2 GiB | 2 GiB | 0 B | firmware 2 GiB | 8.67 s |",
  );
  assert.is(lines.indexOf("", 2), 4 + CELLS.length);
});

test("JSON has the cells as they are", () => {
  assert.equal(JSON.parse(formatMatrixJson(CELLS)), { schemaVersion: 2, cells: CELLS });
});

test.run();
