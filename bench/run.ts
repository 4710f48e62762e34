/**
 * All rows of all benchmarks, or those whose names have a word in them: `npm run -s bench -- [--json] [--write] [WORD...]`.
 * Files of this directory that export `measures` are found by themselves. Nothing here fails because
 * something is slow, except `--bounds`, which looks at nothing but the few ratios of `bounds.ts`.
 */

import { fork } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { readBaseline, writeBaseline } from "./harness/baseline.js";
import type { Row } from "./harness/row.js";
import { machineText, tableText } from "./harness/table.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean" }, write: { type: "boolean" }, bounds: { type: "boolean" } },
});

/** By name, so that a table has the same order each time. */
function benchFiles(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".ts"))
    .filter((name) => /^export (async )?function measures\(/m.test(readText(name)))
    .map((name) => basename(name, ".ts"))
    .sort();
}

function readText(name: string): string {
  return readFileSync(join(import.meta.dirname, name), "utf8");
}

/** Measures in a process of its own. @throws Error when that fails */
async function rowsOf(file: string): Promise<readonly Row[]> {
  const child = fork(join(import.meta.dirname, "harness/worker.ts"), [file, ...positionals]);
  return new Promise((done, failed) => {
    let rows: readonly Row[] | undefined;
    child.on("message", (message) => {
      rows = message as readonly Row[];
    });
    child.on("exit", (code) => {
      if (rows !== undefined && code === 0) done(rows);
      else failed(new Error(`bench: ${file} ended with ${code}`));
    });
  });
}

async function measureAndTell(): Promise<void> {
  const rows: Row[] = [];
  for (const file of benchFiles()) rows.push(...(await rowsOf(file)));
  if (rows.length === 0) {
    process.stderr.write(`bench: no row has ${positionals.join(" or ")} in its name\n`);
    process.exitCode = 2;
    return;
  }
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else process.stdout.write(`${tableText(rows, readBaseline())}\n${machineText()}\n`);
  if (values.write) writeBaseline(rows);
}

if (values.bounds) {
  const { boundsHold } = await import("./bounds.js");
  if (!(await boundsHold())) process.exitCode = 1;
} else await measureAndTell();
