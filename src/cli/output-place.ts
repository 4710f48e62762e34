/** Where results may go, asked before the work that makes them. */

import { accessSync, constants, mkdirSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve, sep } from "node:path";
import { systemErrorText, UsageError } from "./usage-error.js";

/** Where Linux shows itself as files: something new there is a device, a control group, or nothing. */
const KERNEL_PLACES = ["/proc", "/sys", "/dev"];
/** Memory for everybody's files (Linux: Documentation/filesystems/tmpfs.rst). */
const MEMORY_PLACE = "/dev/shm";

/**
 * Makes a directory and its parents, and sees to it that files can be made in it.
 *
 * @throws UsageError that names it
 */
export function makeDirectory(directory: string): void {
  if (directory === "") throw new UsageError("expected a directory for the results, found an empty name");
  refuseKernelPlace(directory);
  try {
    makeWithParents(resolve(directory));
    if (!statSync(directory).isDirectory()) throw new Error("not a directory");
  } catch (error) {
    throw new UsageError(`${directory}: cannot make this directory: ${systemErrorText(error)}`);
  }
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new UsageError(`${directory}: cannot write in this directory: ${systemErrorText(error)}`);
  }
}

/** `mkdirSync` with `recursive` would try for ever in /proc (Node 20.20). */
function makeWithParents(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    const parent = dirname(directory);
    if (code !== "ENOENT" || parent === directory) throw error;
    makeWithParents(parent);
    makeOne(directory);
  }
}

/** Another process may make it at the same time. */
function makeOne(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/**
 * Refuses a path of a file or a directory, there or not yet, in /proc, /sys or /dev.
 *
 * @throws UsageError
 */
export function refuseKernelPlace(path: string): void {
  const place = existingPlace(path);
  const isIn = (directory: string): boolean => place === directory || place.startsWith(directory + sep);
  const kernel = KERNEL_PLACES.find(isIn);
  if (kernel === undefined || isIn(MEMORY_PLACE)) return;
  throw new UsageError(`${path}: cannot write: ${kernel} is the kernel's, no place for results`);
}

/** The innermost of a path and the directories around it that is there, without links. */
function existingPlace(path: string): string {
  for (let place = resolve(path); ; place = dirname(place)) {
    try {
      return realpathSync(place);
    } catch {
      if (place === dirname(place)) return place;
    }
  }
}
