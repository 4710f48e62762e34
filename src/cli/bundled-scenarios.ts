/** The scenarios and studies in the package's `workloads`, by name. */

import { existsSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { nearestName } from "../nearest-name.js";
import { PACKAGE } from "./bundled-traces.js";
import { UsageError } from "./usage-error.js";

const SCENARIOS = "workloads/";
const STUDIES = "workloads/studies/";
const EXTENSION = ".yaml";

/**
 * Path of a scenario file that somebody named.
 *
 * @param text a path, or the name of a bundled scenario such as `boot`; a file that is there goes before
 * @throws UsageError for what is neither, where a bundled name is near
 */
export function scenarioPath(text: string): string {
  return pathOrBundled(text, SCENARIOS);
}

/** The same for a study, such as `short`. @throws UsageError */
export function studyPath(text: string): string {
  return pathOrBundled(text, STUDIES);
}

function pathOrBundled(text: string, folder: string): string {
  if (!/^[\w-]+$/.test(text) || statSync(text, { throwIfNoEntry: false })?.isFile() === true) return text;
  const bundled = new URL(`${folder}${text}${EXTENSION}`, PACKAGE);
  if (existsSync(bundled)) return fileURLToPath(bundled);
  const nearest = existsSync(text) ? undefined : nearestName(text, namesIn(folder));
  if (nearest === undefined) return text;
  throw new UsageError(`${text}: no such file or directory, did you mean ${nearest}?`);
}

function namesIn(folder: string): string[] {
  return readdirSync(new URL(folder, PACKAGE))
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => file.slice(0, -EXTENSION.length))
    .sort();
}
