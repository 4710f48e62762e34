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

test.run();
