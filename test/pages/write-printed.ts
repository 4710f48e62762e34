/** Runs every command that pages show and writes what it prints below it: `npm run -s printed`. */

import { readFileSync, writeFileSync } from "node:fs";
import { runScenario } from "../../src/study/run-scenario.js";
import { unaccepted } from "../cli/program.js";
import { PAGES, printedBlocks, shown, withOutputs } from "./printed.js";

for (const page of PAGES) {
  const text = readFileSync(page, "utf8");
  const outputs: string[] = [];
  for (const block of printedBlocks(page, text)) {
    const startMs = performance.now();
    const { code, stdout, stderr } = await unaccepted(block.argv, { runScenario });
    if (code === 2 || stdout === "") throw new Error(`${page}: ${block.command}: ${stderr}`);
    outputs.push(shown(block, stdout));
    console.error(`${page}: ${block.command}: ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  }
  writeFileSync(page, withOutputs(text, outputs));
}
