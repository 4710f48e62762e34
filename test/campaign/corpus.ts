/**
 * The frozen corpus: some 600 short runs of every policy, platform, kernel, firmware, host and
 * after-boot feature, each row kept as a hash, so that a reshape that means to change nothing shows
 * that it has not.
 *
 * `npm run -s corpus` compares and exits 1 when a row changed; `-- --write` freezes what is;
 * `-- --rows DIR` also keeps the rows, one file for each scenario file, to be compared by eye.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { runScenario } from "../../src/study/run-scenario.js";
import { unaccepted } from "../cli/program.js";

const CORPUS = resolve(import.meta.dirname, "../golden/corpus");
const FROZEN = join(CORPUS, "rows.sha256");

const { values } = parseArgs({
  options: { write: { type: "boolean", default: false }, rows: { type: "string" } },
});

const lines: string[] = [];
for (const file of scenarioFiles()) {
  const { code, stdout, stderr } = await unaccepted(
    ["compare", relative(process.cwd(), join(CORPUS, file)), "--format", "jsonl", "--yes", "--quiet"],
    { runScenario },
  );
  if (code === 2 || stdout === "") throw new Error(`${file}: ${stderr}`);
  const rows = stdout.trimEnd().split("\n");
  for (const [index, row] of rows.entries()) {
    const hash = createHash("sha256").update(row).digest("hex").slice(0, 16);
    lines.push(`${hash} ${file} row ${index + 1}`);
  }
  if (values.rows !== undefined) {
    mkdirSync(values.rows, { recursive: true });
    writeFileSync(join(values.rows, file.replaceAll("/", "-").replace(/yaml$/, "jsonl")), stdout);
  }
}

if (values.write) {
  writeFileSync(FROZEN, `${lines.join("\n")}\n`);
  console.log(`${lines.length} rows frozen`);
} else {
  const frozen = new Set(readFileSync(FROZEN, "utf8").trimEnd().split("\n"));
  const now = new Set(lines);
  const gone = [...frozen].filter((line) => !now.has(line));
  const come = lines.filter((line) => !frozen.has(line));
  for (const line of come) console.log(`changed: ${line.slice(17)}`);
  console.log(
    `${lines.length} rows, ${come.length} changed, ${frozen.size - lines.length} fewer than frozen`,
  );
  if (come.length + gone.length > 0) process.exitCode = 1;
}

function scenarioFiles(): string[] {
  const all = readdirSync(CORPUS, { recursive: true, encoding: "utf8" });
  return all.filter((path) => path.endsWith(".yaml")).toSorted();
}
