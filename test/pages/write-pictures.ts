/**
 * Draws every picture of README and `results` again: `npm run -s pictures`. With `-- --simulate` it compares the
 * strategies again before; the other results are written by `npm start` and as `results/tune/README.md` says.
 */

import { writeFileSync } from "node:fs";
import { THEMES } from "../../src/report/pictures/theme.js";
import { jsonLines } from "../../src/results/formats.js";
import { parseRows } from "../../src/results/read.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { unaccepted } from "../cli/program.js";
import { drawnPicture, PAGE_PICTURES, pathOf, STRATEGIES, shownOf } from "./pictures.js";

if (process.argv.includes("--simulate")) {
  const argv = ["compare", "workloads/strategies.yaml", "--format", "jsonl"];
  const { code, stdout, stderr } = await unaccepted(argv, { runScenario });
  if (code === 2 || stdout === "") throw new Error(`${argv.join(" ")}: ${stderr}`);
  const { rows } = parseRows(stdout, "compare");
  writeFileSync(STRATEGIES, jsonLines(rows.map(shownOf)));
}
for (const picture of PAGE_PICTURES) {
  for (const theme of THEMES) {
    const path = pathOf(picture, theme);
    writeFileSync(path, await drawnPicture(picture, theme));
    console.error(`wrote ${path}`);
  }
}
