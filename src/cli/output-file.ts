/** A file that is there whole or not at all. */

import {
  closeSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { systemErrorText, UsageError } from "./usage-error.js";

/** As many as Linux follows in one path (include/linux/namei.h: MAXSYMLINKS). */
const MAX_SYMLINKS = 40;

/**
 * Written beside its place and renamed, so that no reader, and no interruption, meets half of it. A
 * symbolic link stays one: what it points to is replaced. A device, a FIFO or a socket stays what it
 * is, too: its bytes go into it as they come.
 */
export class OutputFile {
  readonly #path: string;
  /** Undefined where the bytes go straight into their place. */
  readonly #rename: { readonly from: string; readonly to: string } | undefined;
  readonly #descriptor: number;
  #isOpen = true;

  /** @throws UsageError where the file cannot be made */
  constructor(path: string) {
    this.#path = path;
    const target = this.#try(() => replacedFile(path));
    this.#rename = target === undefined ? undefined : { from: `${target}.${process.pid}.tmp`, to: target };
    this.#descriptor = this.#try(() => openSync(this.#rename?.from ?? path, "w"));
  }

  /** @throws UsageError */
  write(bytes: Uint8Array): void {
    this.#try(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    });
  }

  /** Puts the file in its place. @throws UsageError, and leaves nothing behind then */
  finish(): void {
    this.#isOpen = false;
    const rename = this.#rename;
    try {
      this.#try(() => {
        closeSync(this.#descriptor);
        if (rename !== undefined) renameSync(rename.from, rename.to);
      });
    } catch (error) {
      if (rename !== undefined) rmSync(rename.from, { force: true });
      throw error;
    }
  }

  /** Leaves nothing behind, unless the file is finished or no file. */
  discard(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#descriptor);
    if (this.#rename !== undefined) rmSync(this.#rename.from, { force: true });
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
 * Writes a whole file as `OutputFile` does.
 *
 * @throws UsageError, and leaves nothing behind then
 */
export function writeWhole(path: string, text: string): void {
  const file = new OutputFile(path);
  try {
    file.write(Buffer.from(text));
    file.finish();
  } finally {
    file.discard();
  }
}

/**
 * The regular file, there or not yet, that a new one replaces; undefined for what is no such file
 * (of which a directory cannot be opened). What exists is asked first: /dev/stdout leads to a pipe through links that have no path behind them.
 */
function replacedFile(path: string): string | undefined {
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing === undefined) return linkedPath(path);
  return existing.isFile() ? realpathSync(path) : undefined;
}

/** Where links that lead to nothing yet lead. */
function linkedPath(path: string): string {
  let target = path;
  for (let links = 0; links < MAX_SYMLINKS; links++) {
    if (lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return target;
    target = resolve(dirname(target), readlinkSync(target));
  }
  return target;
}
