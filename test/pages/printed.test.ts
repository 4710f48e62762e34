// Takes 45 s.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runScenario } from "../../src/study/run-scenario.js";
import { unaccepted } from "../cli/program.js";
import { PAGES, printedBlocks, shown, withOutputs } from "./printed.js";

const test = suite("pages: printed");

for (const block of PAGES.flatMap((page) => printedBlocks(page))) {
  // All targets are simulated for the test of validate, which looks at this table as well.
  if (block.argv[0] === "validate") continue;
  test(`${block.page} shows what is printed by: ${block.command}`, async () => {
    const { stdout } = await unaccepted(block.argv, { runScenario });
    assert.is(block.output, shown(block, stdout));
  });
}

test("pages show a dozen commands or more, and each that leads a page", () => {
  const commands = PAGES.flatMap((page) => printedBlocks(page)).map(({ argv }) => argv[0]!);
  assert.ok(commands.length >= 12);
  for (const name of ["run", "compare", "tune", "largest", "matrix", "trackers", "verify", "validate"]) {
    assert.ok(commands.includes(name), name);
  }
});

test("outputs are replaced where they stand, and nothing else is", () => {
  const text = readFileSync("results/README.md", "utf8");
  const blocks = printedBlocks("results/README.md", text);
  assert.is(
    withOutputs(
      text,
      blocks.map(({ output }) => output),
    ),
    text,
  );
  const other = withOutputs(
    text,
    blocks.map((_block, index) => `| ${index} |\n`),
  );
  assert.equal(
    printedBlocks("results/README.md", other).map(({ output }) => output),
    blocks.map((_block, index) => `| ${index} |\n`),
  );
});

test.run();
