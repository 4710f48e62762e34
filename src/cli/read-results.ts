/** Results of commands, from their files, or from the directory that a sweep wrote. */

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseDocument, type ResultDocument } from "../report/pictures/documents.js";
import { readInputText } from "./input-file.js";
import { UsageError } from "./usage-error.js";

/** What `sweep --out` and `merge --out` write all their rows to. */
const SWEEP_ROWS = "runs.jsonl";

/** @throws UsageError for what cannot be read, ResultsError for what is no result or damaged */
export function readResults(paths: readonly string[]): ResultDocument[] {
  return paths.map((path) => {
    const file = fileOf(path);
    return parseDocument(readInputText(file), file);
  });
}

function fileOf(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return path;
  const file = join(path, SWEEP_ROWS);
  if (existsSync(file)) return file;
  throw new UsageError(
    `${path}: expected a file of results, or a directory with ${SWEEP_ROWS}, as sweep writes it`,
  );
}
