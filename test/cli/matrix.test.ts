// Takes 2 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { onlyLine, unaccepted } from "./program.js";

const test = suite("cli: matrix");

test("JSON has every cell with what the matrix is about", async () => {
  const { code, stdout, stderr } = await unaccepted(["matrix", "--memory", "3GiB", "--json"]);
  assert.is(code, 0, stderr);
  const { schemaVersion, cells } = JSON.parse(stdout);
  assert.is(schemaVersion, 2);
  const names = new Set<string>();
  for (const cell of cells) {
    names.add([cell.platform, cell.firmware, cell.version, cell.kernel, cell.vmm].join(" "));
    assert.is(cell.memoryBytes, cell.vmm === "odd-size" ? 2815 * 2 ** 20 : 3 * 2 ** 30);
    for (const key of ["visibleBytes", "lostBytes", "bootTimeNs"]) assert.type(cell[key], "number", key);
    assert.equal(Object.keys(cell.acceptedBy), [
      "launch",
      "firmware",
      "exitBootServices",
      "prm",
      "stub",
      "kernel",
    ]);
    assert.type(cell.outcome, "string");
    assert.is(cell.reason === undefined, cell.outcome === "ready");
  }
  assert.is(names.size, cells.length);
});

test("a size or a format that is none, and a flag given twice", async () => {
  const size = await unaccepted(["matrix", "--memory", "4GB"]);
  assert.is(size.code, 2);
  assert.match(onlyLine(size.stderr), /--memory 4GB.*did you mean/);
  const format = await unaccepted(["matrix", "--format", "csv"]);
  assert.is(format.code, 2);
  assert.is(onlyLine(format.stderr), "unaccepted: --format csv: expected one of table, json, md");
  const twice = await unaccepted(["matrix", "--memory", "4GiB", "--memory", "8GiB"]);
  assert.is(twice.code, 2);
  assert.is(onlyLine(twice.stderr), "unaccepted: --memory was given twice");
});

test("--sizes makes a guest of each size, firmware and kernel, and takes no --memory", async () => {
  const { code, stdout } = await unaccepted([
    "matrix",
    "--sizes",
    "2816MiB,66817MiB",
    "--kernel",
    "6.12.0,7.3",
    "--edk2",
    "2026.08",
    "--platform",
    "tdx",
    "--json",
  ]);
  assert.is(code, 0);
  const { schemaVersion, cells } = JSON.parse(stdout);
  assert.is(schemaVersion, 2);
  assert.equal(
    cells.map((cell: Record<string, unknown>) => [cell.memoryBytes, cell.kernel, cell.outcome]),
    [
      [2816 * 2 ** 20, "6.12.0", "ready"],
      [2816 * 2 ** 20, "7.3", "ready"],
      [66_817 * 2 ** 20, "6.12.0", "terminated"],
      [66_817 * 2 ** 20, "7.3", "ready"],
    ],
  );
  const both = await unaccepted(["matrix", "--sizes", "4GiB", "--memory", "4GiB"]);
  assert.is(onlyLine(both.stderr), "unaccepted: --memory and --sizes: expected one of them");
  const alone = await unaccepted(["matrix", "--edk2", "2026.08"]);
  assert.is(onlyLine(alone.stderr), "unaccepted: --edk2 goes with --sizes only");
  const wrong = await unaccepted(["matrix", "--sizes", "4GiB,4GB"]);
  assert.match(onlyLine(wrong.stderr), /^unaccepted: --sizes 4GiB,4GB: memory\[1\]: .*did you mean 4GiB/);
  assert.equal([both.code, alone.code, wrong.code], [2, 2, 2]);
});

test.run();
