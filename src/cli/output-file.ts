/** Output files, which are there whole or not at all, in directories that are checked before the work. */

import { randomBytes } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { systemErrorText, UsageError } from "./usage-error.js";

/** As many as Linux follows in one path (include/linux/namei.h: MAXSYMLINKS). */
const MAX_SYMLINKS = 40;
/** Of the name of a file, in that of its temporary one, which has to fit into 255 bytes with its ending. */
const NAME_CHARACTERS = 64;

/** Names of temporary files. Random: on two machines, or in two containers, processes have the same ids. */
export const TEMPORARY_NAME: RegExp = /^(.+)\.[0-9a-f]+\.tmp$/;

/** Another process has cleaned a temporary file away; its contents can be written again. */
export class TemporaryFileGone extends UsageError {}

/**
 * Written next to its place, synced, and renamed, so that no reader, no interruption and no full disk
 * leaves half of it. A symbolic link stays one: its target is replaced. A device, a FIFO or a socket is
 * kept, too: the bytes go straight into it.
 */
export class OutputFile {
  readonly #path: string;
  /** Undefined where the bytes go straight into their place. */
  readonly #rename: { readonly from: string; readonly to: string } | undefined;
  readonly #descriptor: number;
  #isOpen = true;
  /** Whether a temporary file is to be taken away. */
  #isTemporary: boolean;

  /** @throws UsageError where the file cannot be made */
  constructor(path: string) {
    this.#path = path;
    if (path === "") throw new UsageError("expected the path of a file to write, found an empty one");
    const target = this.#try(() => replacedFile(path));
    if (target !== undefined) refuseKernelPlace(target);
    this.#rename = target === undefined ? undefined : { from: temporaryPath(target), to: target };
    this.#descriptor = this.#try(() =>
      this.#rename === undefined ? openSync(path, "w") : openSync(this.#rename.from, "wx"),
    );
    this.#isTemporary = this.#rename !== undefined;
  }

  /** @throws UsageError */
  write(bytes: Uint8Array): void {
    this.#try(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    });
  }

  /** Brings the bytes to the disk; nothing can be written any more. @throws UsageError */
  seal(): void {
    this.#try(() => {
      if (this.#rename !== undefined) fsyncSync(this.#descriptor);
      this.#isOpen = false;
      closeSync(this.#descriptor);
    });
  }

  /** Puts a sealed file in its place. @throws TemporaryFileGone, UsageError */
  place(): void {
    const rename = this.#rename;
    if (rename === undefined) return;
    try {
      renameSync(rename.from, rename.to);
    } catch (error) {
      const isGone = lstatSync(rename.from, { throwIfNoEntry: false }) === undefined;
      const Wrong = isGone ? TemporaryFileGone : UsageError;
      throw new Wrong(`${this.#path}: cannot write: ${systemErrorText(error)}`);
    }
    this.#isTemporary = false;
  }

  /** The same if that is empty. @returns false if it was not @throws TemporaryFileGone, UsageError */
  placeFirst(): boolean {
    try {
      linkSync(this.#rename!.from, this.#rename!.to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      // Some file systems have no hard links.
      this.place();
    }
    return true;
  }

  /** Brings to the disk that the file is in its place. @throws UsageError */
  settle(): void {
    const rename = this.#rename;
    if (rename !== undefined) this.#try(() => syncDirectory(dirname(rename.to)));
  }

  /** Leaves nothing behind, unless the file is in its place or no file. */
  discard(): void {
    if (this.#isOpen) closeSync(this.#descriptor);
    this.#isOpen = false;
    if (this.#isTemporary) rmSync(this.#rename!.from, { force: true });
    this.#isTemporary = false;
  }

  #try<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw new UsageError(`${this.#path}: cannot write: ${systemErrorText(error)}`);
    }
  }
}

/**
 * Puts files in their places when all of them are on the disk, so that a full disk replaces none.
 *
 * @throws TemporaryFileGone, UsageError, and leaves nothing behind then
 */
export function finishTogether(files: readonly OutputFile[]): void {
  try {
    for (const file of files) file.seal();
    for (const file of files) file.place();
    for (const file of files) file.settle();
  } finally {
    for (const file of files) file.discard();
  }
}

/** Writes a file piece by piece; it is in its place when `use` has ended, unless that throws. @throws UsageError */
export async function writeFile<Result>(
  path: string,
  use: (file: OutputFile) => Promise<Result>,
): Promise<Result> {
  const file = new OutputFile(path);
  try {
    const result = await use(file);
    finishTogether([file]);
    return result;
  } finally {
    file.discard();
  }
}

/**
 * Sees before long work whether a file can be made there, and leaves nothing. A pipe or device is not opened: whoever
 * reads it would take that for the end.
 *
 * @throws UsageError
 */
export function checkWritable(path: string): void {
  const existing = existsSync(path) ? statSync(path) : undefined;
  if (existing === undefined || existing.isFile() || existing.isDirectory()) new OutputFile(path).discard();
}

/** @throws TemporaryFileGone, UsageError, and leaves nothing behind then */
export function writeWhole(path: string, text: string | Uint8Array): void {
  writeTogether([{ path, text }]);
}

/** Writes all of them, or none. @throws as `writeWhole` does */
export function writeTogether(
  contents: readonly { readonly path: string; readonly text: string | Uint8Array }[],
): void {
  const files: OutputFile[] = [];
  try {
    for (const { path, text } of contents) {
      const file = new OutputFile(path);
      files.push(file);
      file.write(typeof text === "string" ? Buffer.from(text) : text);
    }
    finishTogether(files);
  } finally {
    for (const file of files) file.discard();
  }
}

function temporaryPath(target: string): string {
  const name = basename(target).slice(0, NAME_CHARACTERS);
  return join(dirname(target), `${name}.${randomBytes(8).toString("hex")}.tmp`);
}

/** A rename() is on the disk when the directory is. Not every file system can sync one. */
function syncDirectory(directory: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(directory, "r");
    fsyncSync(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EIO") throw error;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * The regular file, there or not yet, that a new one replaces; undefined for any other file (of which a
 * directory cannot be opened). Existing files are asked first: /dev/stdout leads to a pipe through links
 * that have no path behind them.
 */
function replacedFile(path: string): string | undefined {
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing !== undefined) return existing.isFile() ? realpathSync(path) : undefined;
  if (path.endsWith("/")) throw new Error("no such directory");
  // Where links that lead to nothing yet lead.
  let target = path;
  for (let links = 0; links < MAX_SYMLINKS; links++) {
    if (lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return target;
    target = resolve(dirname(target), readlinkSync(target));
  }
  return target;
}

/** Where Linux shows itself as files: something new there is a device, a control group, or nothing. */
const KERNEL_PLACES = ["/proc", "/sys", "/dev"];
/** Memory for everybody's files (Linux: Documentation/filesystems/tmpfs.rst). */
const MEMORY_PLACE = "/dev/shm";

/** Makes a directory and its parents, and sees to it that files can be made in it. @throws UsageError */
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

/**
 * `mkdirSync` with `recursive` would try for ever in /proc (Node 20.20). Another process may make the
 * same directories at the same time.
 */
function makeWithParents(directory: string, parentIsThere = false): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    const parent = dirname(directory);
    if (code !== "ENOENT" || parentIsThere || parent === directory) throw error;
    makeWithParents(parent);
    makeWithParents(directory, true);
  }
}

/** Refuses a path of a file or a directory, there or not yet, in /proc, /sys or /dev. @throws UsageError */
function refuseKernelPlace(path: string): void {
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
