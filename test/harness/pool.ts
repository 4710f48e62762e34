import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { type FileReport, longestFirst } from "./driver.js";

/** What is said of a file whose process ended before it did. */
export function endedEarly(file: string): FileReport {
  const problems = ["  the process ended early: a test called process.exit() or waits for ever"];
  return { file, passed: 0, failed: 1, skipped: 0, timeMs: 0, problems };
}

/**
 * Runs test files side by side, each process one file at a time.
 *
 * @param onReport told in the order of the files
 */
export async function runOnAllCores(
  root: string,
  files: readonly string[],
  jobs: number,
  onReport: (report: FileReport) => void,
): Promise<void> {
  const reports = new Map<string, FileReport>();
  const queue = longestFirst(root, files);
  let told = 0;
  const keep = (file: string, report: FileReport): void => {
    reports.set(file, report);
    for (let ready = reports.get(files[told]!); ready !== undefined; ready = reports.get(files[told]!)) {
      onReport(ready);
      told++;
    }
  };
  const work = async (): Promise<void> => {
    let child: ChildProcess | undefined;
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      child ??= fork(join(import.meta.dirname, "worker.ts"), { execArgv: ["--import", "tsx"] });
      const report = await reportOf(child, root, file);
      keep(file, report ?? endedEarly(file));
      if (report === undefined) child = undefined;
    }
    child?.disconnect();
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

/** @returns undefined if the process ends before the file does */
function reportOf(child: ChildProcess, root: string, file: string): Promise<FileReport | undefined> {
  return new Promise((done) => {
    const end = (report: FileReport | undefined): void => {
      child.off("message", end);
      child.off("exit", exited);
      done(report);
    };
    const exited = (): void => end(undefined);
    child.on("message", end);
    child.on("exit", exited);
    child.send({ root, file });
  });
}
