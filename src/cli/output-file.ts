/** A file that is there whole or not at all. */

import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { systemErrorText, UsageError } from "./usage-error.js";

/** Written beside its place and renamed, so that no reader, and no interruption, meets half of it. */
export class OutputFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #descriptor: number;
  #isOpen = true;

  /** @throws UsageError where the file cannot be made */
  constructor(path: string) {
    this.#path = path;
    this.#temporary = `${path}.${process.pid}.tmp`;
    this.#descriptor = this.#try(() => openSync(this.#temporary, "w"));
  }

  /** @throws UsageError */
  write(bytes: Uint8Array): void {
    this.#try(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    });
  }

  /** Puts the file in its place. @throws UsageError */
  finish(): void {
    this.#isOpen = false;
    this.#try(() => {
      closeSync(this.#descriptor);
      renameSync(this.#temporary, this.#path);
    });
  }

  /** Leaves nothing behind, unless the file is finished. */
  discard(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#descriptor);
    rmSync(this.#temporary, { force: true });
  }

  #try<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw new UsageError(`${this.#path}: cannot write: ${systemErrorText(error)}`);
    }
  }
}
