import { readdirSync, readFileSync, statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { takeReason } from "./skipped.js";

/**
 * Runs uvu test files and counts. uvu's own runner has no reporter and exits 0 when a
 * `before` hook throws, when `.run()` was forgotten, and when no file matches; here each of
 * these is a failure. (uvu 0.5.6 dist/index.mjs: setup, runner, exec.)
 */

/** What one test file came to. A fault of the file itself counts as one failed test. */
export interface FileReport {
  readonly file: string;
  passed: number;
  failed: number;
  skipped: number;
  /** Why tests were skipped, where the file says. */
  reason?: string | undefined;
  timeMs: number;
  /** Ready to print: each failing test with its diff, each fault of the file. */
  readonly problems: string[];
}

/** A queued suite: errors as printable text (true: none), passed, skipped, all that should have run. */
type SuiteRun = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>;

const uvu = globalThis as unknown as { UVU_DEFER: number; UVU_INDEX: number; UVU_QUEUE: SuiteRun[][] };

/**
 * Finds the test files under `root`/test. A filter is a part of a path relative to `root`, or
 * the whole path of a file, which then need not be called `*.test.ts`.
 *
 * @returns paths relative to `root` in sorted order, and the filters that match none
 */
export function findTestFiles(
  root: string,
  filters: readonly string[],
): { files: string[]; unmatched: string[] } {
  const all = readdirSync(resolve(root, "test"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => `test/${path.replaceAll("\\", "/")}`)
    .sort();
  if (filters.length === 0) return { files: all, unmatched: [] };
  const found = new Set<string>();
  const unmatched: string[] = [];
  for (const filter of filters) {
    const isFile = statSync(resolve(root, filter), { throwIfNoEntry: false })?.isFile() ?? false;
    const matches = isFile
      ? [relative(root, resolve(root, filter))]
      : all.filter((path) => path.includes(filter));
    if (matches.length === 0) unmatched.push(filter);
    for (const path of matches) found.add(path);
  }
  return { files: [...found].sort(), unmatched };
}

/** A test file that takes more than a quarter of a second says so in its first line: `// Takes 12 s.` */
const TAKES = /^\/\/ Takes (\d+) s\.\n/;

/** How long a test file says that it takes, in seconds; 0 where it says nothing. */
function secondsOf(root: string, file: string): number {
  return Number(TAKES.exec(readFileSync(resolve(root, file), "utf8"))?.[1] ?? 0);
}

/** The files that take no time. */
export function quickFiles(root: string, files: readonly string[]): string[] {
  return files.filter((file) => secondsOf(root, file) === 0);
}

/** The longest first, so that no core is left with one of them when the others are done; else in their order. */
export function longestFirst(root: string, files: readonly string[]): string[] {
  const seconds = new Map(files.map((file) => [file, secondsOf(root, file)]));
  return files.toSorted((one, other) => seconds.get(other)! - seconds.get(one)!);
}

/**
 * Names of suites with tests that no `.run()` follows. A check of the text, because uvu tells
 * nobody that a suite was created: only `.run()` leaves a trace, in the queue.
 */
export function unrunSuites(source: string): string[] {
  const names = [...source.matchAll(/^\s*const (\w+) = suite\b/gm)].map((match) => match[1]!);
  const lastIndex = (pattern: string): number =>
    [...source.matchAll(new RegExp(pattern, "gm"))].at(-1)?.index ?? -1;
  return [...new Set(names)].filter((name) => {
    const lastTest = lastIndex(`^\\s*${name}(?:\\.only)?\\(`);
    return lastTest >= lastIndex(`^\\s*${name}\\.run\\(\\)`);
  });
}

/** Imports a test file and runs the suites that it queued, one after another. */
export async function runFile(root: string, file: string): Promise<FileReport> {
  const report: FileReport = { file, passed: 0, failed: 0, skipped: 0, timeMs: 0, problems: [] };
  const fault = (text: string): void => {
    report.failed++;
    report.problems.push(`  ${text}\n`);
  };
  const startMs = performance.now();
  const queue: SuiteRun[] = [];
  uvu.UVU_DEFER = 1; // read when uvu is first imported: it must not start the queue by itself
  uvu.UVU_QUEUE = [queue];
  uvu.UVU_INDEX = 0;
  try {
    await import(pathToFileURL(resolve(root, file)).href);
    for (const run of queue) await runSuite(run, report, fault);
    const unrun = unrunSuites(readFileSync(resolve(root, file), "utf8"));
    for (const name of unrun) fault(`${name}.run() is missing after the last test of suite \`${name}\``);
    if (unrun.length === 0 && report.passed + report.failed + report.skipped === 0)
      fault("the file queued no tests");
  } catch (error) {
    fault(`the file cannot be imported: ${describe(error)}`);
  }
  report.timeMs = performance.now() - startMs;
  report.reason = takeReason();
  return report;
}

async function runSuite(run: SuiteRun, report: FileReport, fault: (text: string) => void): Promise<void> {
  const marks = watchMarks();
  try {
    const [errors, passed, skipped, total] = await run();
    report.passed += passed;
    report.skipped += skipped;
    report.failed += marks.failed;
    if (errors !== true) report.problems.push(errors);
    const lost = total - passed - marks.failed;
    if (lost > 0) {
      fault(
        `suite "${marks.suite}": ${lost} of ${total} tests did not end, because a hook threw or a test threw ` +
          `a value that is no Error (uvu does not tell which)`,
      );
      report.failed += lost - 1;
    }
  } catch (error) {
    // Only an after hook gets here, and uvu's counts and texts are lost with it.
    report.passed += marks.passed;
    report.failed += marks.failed;
    fault(`suite "${marks.suite}": the after hook threw: ${describe(error)}`);
  } finally {
    marks.stop();
  }
}

/** What uvu said about the suite that runs now. */
interface Marks {
  suite: string;
  passed: number;
  failed: number;
  stop(): void;
}

/** Takes uvu's progress marks off stdout and counts them; all other output passes. */
function watchMarks(): Marks {
  // oxlint-disable-next-line typescript/unbound-method -- put back as it was
  const write = process.stdout.write;
  const stop = (): void => {
    process.stdout.write = write;
  };
  const marks: Marks = { suite: "", passed: 0, failed: 0, stop };
  process.stdout.write = function (this: typeof process.stdout, chunk: unknown, ...rest: unknown[]): boolean {
    const text = typeof chunk === "string" ? stripVTControlCharacters(chunk) : "";
    if (text === "• ") marks.passed++;
    else if (text === "✘ ") marks.failed++;
    else if (/^ .+ {2}$/.test(text) && marks.suite === "") marks.suite = text.trim();
    else if (!/^ {2}\(\d+ \/ \d+\)\n$/.test(text)) return Reflect.apply(write, this, [chunk, ...rest]);
    return true;
  } as typeof write;
  return marks;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** One line for a file, then its problems. */
export function formatFile(report: FileReport): string {
  const counts = [`${report.passed} passed`];
  if (report.failed > 0) counts.push(`${report.failed} failed`);
  if (report.skipped > 0) counts.push(`${report.skipped} skipped`);
  const line = `${report.failed > 0 ? "FAIL" : "ok  "} ${report.file}  ${counts.join(", ")}  ${report.timeMs.toFixed(0)} ms`;
  return [line, ...report.problems].join("\n");
}

/** A line for each reason of which files said that they skip tests. */
export function formatReasons(reports: readonly FileReport[]): string[] {
  const skipped = new Map<string, number>();
  for (const { reason, skipped: own } of reports) {
    if (reason !== undefined) skipped.set(reason, (skipped.get(reason) ?? 0) + own);
  }
  return Array.from(skipped, ([reason, count]) => `${count} skipped, because ${reason}`);
}

/** The last line of a run: `N passed, N failed`, and `, N skipped` when there are any. */
export function formatTotal(reports: readonly FileReport[]): string {
  const sum = (key: "passed" | "failed" | "skipped"): number =>
    reports.reduce((all, report) => all + report[key], 0);
  const skipped = sum("skipped");
  return `${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
