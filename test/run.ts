/**
 * Runs the tests: `node --import tsx test/run.ts [filter...]`. A filter is a part of a test
 * file's path. Exits 1 on any failure, on a filter that matches nothing and on zero tests.
 *
 * Properties are tried with the same examples each time; PROPERTY_SEED=n tries others.
 */
import { dirname } from "node:path";
import * as fc from "fast-check";
import { type FileReport, findTestFiles, formatFile, formatTotal, runFile } from "./harness/driver.js";

fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 1) });

const root = dirname(import.meta.dirname);
const { files, unmatched } = findTestFiles(root, process.argv.slice(2));
const reports: FileReport[] = [];

let running = "";
process.on("exit", () => {
  if (running === "") return;
  const problems = ["  the process ended early: a test called process.exit() or waits for ever"];
  const report: FileReport = { file: running, passed: 0, failed: 1, skipped: 0, timeMs: 0, problems };
  console.log(`${formatFile(report)}\n${formatTotal([...reports, report])}`);
  process.exitCode = 1;
});

for (const filter of unmatched) console.error(`no test file matches "${filter}"`);
for (const file of files) {
  running = file;
  const report = await runFile(root, file);
  reports.push(report);
  console.log(formatFile(report));
}
running = "";

const tests = reports.reduce((sum, report) => sum + report.passed + report.failed, 0);
if (tests === 0) console.error("no test ran");
console.log(formatTotal(reports));
process.exitCode = unmatched.length > 0 || tests === 0 || reports.some((report) => report.failed > 0) ? 1 : 0;
