/**
 * Runs the tests: `node --import tsx test/run.ts [--quick] [filter...]`. A filter is a part of a test
 * file's path. `--quick` leaves out the files that say in their first line how long they take. Exits 1 on
 * any failure, on a filter that matches nothing and on zero tests.
 *
 * Several files run side by side on all cores. Properties are tried with the same examples each
 * time; PROPERTY_SEED=n tries others.
 */
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import * as fc from "fast-check";
import {
  type FileReport,
  findTestFiles,
  formatFile,
  formatReasons,
  formatTotal,
  quickFiles,
  runFile,
} from "./harness/driver.js";
import { endedEarly, runOnAllCores } from "./harness/pool.js";

const root = dirname(import.meta.dirname);
const isQuick = process.argv.includes("--quick");
const { files: found, unmatched } = findTestFiles(
  root,
  process.argv.slice(2).filter((word) => word !== "--quick"),
);
const files = isQuick ? quickFiles(root, found) : found;
const reports: FileReport[] = [];

function tell(report: FileReport): void {
  reports.push(report);
  console.log(formatFile(report));
}

for (const filter of unmatched) console.error(`no test file matches "${filter}"`);
const jobs = Math.min(availableParallelism(), files.length);
if (jobs > 1) {
  await runOnAllCores(root, files, jobs, tell);
} else {
  fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 1) });
  for (const file of files) {
    const onExit = (): void => {
      tell(endedEarly(file));
      console.log(formatTotal(reports));
      process.exitCode = 1;
    };
    process.once("exit", onExit);
    tell(await runFile(root, file));
    process.off("exit", onExit);
  }
}

const tests = reports.reduce((sum, report) => sum + report.passed + report.failed, 0);
if (tests === 0) console.error("no test ran");
for (const line of formatReasons(reports)) console.log(line);
console.log(formatTotal(reports));
process.exitCode = unmatched.length > 0 || tests === 0 || reports.some((report) => report.failed > 0) ? 1 : 0;
