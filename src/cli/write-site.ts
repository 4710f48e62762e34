/** Writes a site as a directory, which is there whole or not at all. */

import { randomBytes } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { Site } from "./explorer-site.js";
import { makeDirectory } from "./output-file.js";
import { systemErrorText, UsageError } from "./usage-error.js";

/** Names all files of a directory that was written here, so that the next one takes nothing else away. */
const LIST = "files.txt";
const FIRST_LINE =
  "Files that unaccepted explore --build wrote, and will take away when it writes here again:";

/**
 * @param directory that is not there, empty, or as an earlier call left it
 * @returns the number of files
 * @throws UsageError for any other directory, and where it cannot be written; the one before stays then
 */
export function writeSite(directory: string, site: Site): number {
  const paths = [...site.keys()].sort();
  const list = `${[FIRST_LINE, ...paths].join("\n")}\n`;
  makeDirectory(directory);
  refuseOthers(directory);
  const target = realpathSync(resolve(directory));
  const next = `${target}.${randomBytes(8).toString("hex")}.tmp`;
  const last = `${next}.last`;
  try {
    for (const path of paths) put(join(next, path), site.get(path)!());
    put(join(next, LIST), list);
    renameSync(target, last);
    replace(target, { next, last });
  } catch (error) {
    throw new UsageError(`${directory}: cannot write: ${systemErrorText(error)}`);
  } finally {
    for (const one of [next, last]) rmSync(one, { recursive: true, force: true });
  }
  return paths.length + 1;
}

/** @throws what the system says, with the directory as it was before */
function replace(target: string, { next, last }: { readonly next: string; readonly last: string }): void {
  try {
    renameSync(next, target);
  } catch (error) {
    renameSync(last, target);
    throw error;
  }
}

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** @throws UsageError for a directory with a file that was not written here */
function refuseOthers(directory: string): void {
  const own = new Set([LIST, ...listedIn(directory)]);
  const other = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => relative(directory, join(parentPath, name)).replaceAll(sep, "/"))
    .find((path) => !own.has(path));
  if (other === undefined) return;
  throw new UsageError(
    `${directory}: has ${other}, which is not of an earlier build; expected an empty directory`,
  );
}

function listedIn(directory: string): string[] {
  let text: string;
  try {
    text = readFileSync(join(directory, LIST), "utf8");
  } catch {
    return [];
  }
  const [first, ...paths] = text.trimEnd().split("\n");
  return first === FIRST_LINE ? paths : [];
}
