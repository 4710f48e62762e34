import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory } from "../output.js";
import { writeWhole } from "../output-file.js";
import { UsageError } from "../usage-error.js";
import type { SweepStamp } from "./job.js";

const STAMP = "sweep.json";
const PARTS = "parts";

/**
 * A directory of results: a stamp that says of which sweep, and a file for each chunk that is done.
 * Files appear whole (written beside and renamed), so what is there is right however the program ended.
 */
export class Parts {
  readonly directory: string;

  /** @param directory need not exist */
  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Makes the directory a place for a sweep's results, or finds that it is one already.
   *
   * @throws UsageError when it has those of another sweep
   */
  open(stamp: SweepStamp): void {
    makeDirectory(join(this.directory, PARTS));
    const found = this.stamp();
    if (found === undefined) {
      writeWhole(join(this.directory, STAMP), `${JSON.stringify(stamp, undefined, 2)}\n`);
      return;
    }
    if (found.sha256 !== stamp.sha256) {
      throw new UsageError(
        `${this.directory}: has results of another study, scenario or version (${found.study}, ` +
          `${found.version}); take another directory for ${stamp.study}, ${stamp.version}`,
      );
    }
    for (const name of readdirSync(join(this.directory, PARTS))) {
      // What a killed program was about to write.
      if (name.endsWith(".tmp")) rmSync(join(this.directory, PARTS, name), { force: true });
    }
  }

  /** Of which sweep the results are; undefined where there are none. @throws UsageError */
  stamp(): SweepStamp | undefined {
    const path = join(this.directory, STAMP);
    if (!existsSync(path)) return undefined;
    try {
      return JSON.parse(readFileSync(path, "utf8")) as SweepStamp;
    } catch {
      throw new UsageError(`${path}: expected the JSON that sweep wrote there`);
    }
  }

  has(chunk: number): boolean {
    return existsSync(this.#path(chunk));
  }

  read(chunk: number): string {
    return readFileSync(this.#path(chunk), "utf8");
  }

  write(chunk: number, text: string): void {
    writeWhole(this.#path(chunk), text);
  }

  #path(chunk: number): string {
    return join(this.directory, PARTS, `${String(chunk).padStart(6, "0")}.jsonl`);
  }
}
