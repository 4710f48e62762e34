/** `unaccepted report RESULT... -o FILE.html`: results as one page to read and to send. */

import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { DEFAULT_PRICES } from "../../coco/price-set.js";
import { PICTURES_EACH, reportPage } from "../../report/page/page.js";
import type { Surroundings } from "../../report/page/part.js";
import { parseDocument, type ResultDocument } from "../../report/pictures/documents.js";
import { ResultsError } from "../../results/results-error.js";
import { formatBytes } from "../../units.js";
import type { RunCommand } from "../arguments.js";
import { bundledRecordingNames, bundledScenarioNames, bundledWorkloadNames } from "../bundled.js";
import { readInputText } from "../input-file.js";
import { print, throwIfInterrupted } from "../io.js";
import { writeWhole } from "../output-file.js";
import { priceSetsFor } from "../price-sets.js";
import { progressOf } from "../runs.js";
import { systemErrorText, UsageError } from "../usage-error.js";
import { packageVersion } from "../version.js";

/** Where a directory of results has its page. */
const PAGE = "report.html";
/** All rows of a sweep, beside which its directory has nothing to show. */
const SWEEP_ROWS = "runs.jsonl";

export const run: RunCommand = async (argv, { io }) => {
  const isQuiet = argv.has("quiet");
  const output = argv.one("output") ?? pageOf(argv.files);
  const remark = (text: string): void => {
    if (!isQuiet) print(io.stderr, `${text}\n`);
  };
  const documents = named(argv.files.flatMap((path) => resultsAt(path, remark)));
  const progress = isQuiet
    ? undefined
    : progressOf({ what: "pictures", total: documents.length * PICTURES_EACH }, io);
  try {
    const page = await reportPage(documents, surroundings(), async () => {
      progress?.add(1);
      await throwIfInterrupted(io.interrupted);
    });
    progress?.stop();
    writeWhole(output, page);
    remark(`wrote ${output} (${formatBytes(Buffer.byteLength(page))})`);
  } finally {
    progress?.stop();
  }
  return 0;
};

/** @throws UsageError where nobody says where the page goes */
function pageOf(paths: readonly string[]): string {
  const [only] = paths;
  if (paths.length === 1 && isDirectory(only!)) return join(only!, PAGE);
  throw new UsageError("expected -o, the HTML file to write; a single directory needs none");
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * The result in a file, or those in a directory that `--out` filled.
 *
 * @throws UsageError for what cannot be read, ResultsError for what is no result
 */
function resultsAt(path: string, remark: (text: string) => void): ResultDocument[] {
  if (!isDirectory(path)) return [parseDocument(readInputText(path), path)];
  const names = namesIn(path);
  if (names.includes(SWEEP_ROWS)) {
    const file = join(path, SWEEP_ROWS);
    return [parseDocument(readInputText(file), file)];
  }
  const files = names.filter((name) => name.endsWith(".json")).map((name) => join(path, name));
  const found = files.flatMap((file) => {
    try {
      return [parseDocument(readInputText(file), file)];
    } catch (error) {
      if (!(error instanceof ResultsError)) throw error;
      remark(`left out: ${error.message}`);
      return [];
    }
  });
  if (found.length > 0) return found;
  throw new UsageError(
    `${path}: expected results in it, as --out writes them (NAME.json, ${SWEEP_ROWS}), found none`,
  );
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    throw new UsageError(`${directory}: ${systemErrorText(error)}`);
  }
}

/** Where the page is read nobody has these directories: names of files do, unless two have the same. */
function named(documents: readonly ResultDocument[]): ResultDocument[] {
  const names = documents.map(({ file }) => basename(file));
  const areOwn = new Set(names).size === names.length;
  return areOwn ? documents.map((document, at) => ({ ...document, file: names[at]! })) : [...documents];
}

function surroundings(): Surroundings {
  const sets = priceSetsFor("");
  return {
    version: packageVersion(),
    scenarios: bundledScenarioNames(),
    workloads: bundledWorkloadNames(),
    recordings: bundledRecordingNames(),
    pricesNamed: (name) =>
      name !== DEFAULT_PRICES && sets.names.includes(name) ? sets.find(name) : undefined,
  };
}
