/** The files of a sweep. */

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { chunkCount, type Shard } from "../../study/sweep/chunks.js";
import { sha256 } from "../input-file.js";
import { makeDirectory, OutputFile, TEMPORARY_NAME, TemporaryFileGone, writeWhole } from "../output-file.js";
import { systemErrorText, UsageError } from "../usage-error.js";
import { differenceOf, parseStamp, type SweepStamp, stampText } from "./job.js";

/** More than the processes that start in a directory while one file is written there. */
const MOST_TRIES = 100;
const STAMP = "sweep.json";
const PARTS = "parts";
/** Files that merge writes. */
export const RESULTS = ["runs.jsonl", "runs.csv", "runs.parquet"] as const;
const PART_NAME = /^(\d{6}|[1-9]\d{6,})\.jsonl$/;

/**
 * A directory of results: a stamp that says of which sweep, and a file for each chunk that is done. Any
 * number of processes, on any machines, may work in it, and there is no lock: files appear whole, the
 * same chunk is the same bytes from everybody, and every file says what it is.
 */
export class Parts {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Makes the directory a place for a sweep's results, or finds that it is one already.
   *
   * @returns a remark on a stamp that was damaged, and is whole again
   * @throws UsageError when it has those of another sweep
   */
  async open(stamp: SweepStamp): Promise<string | undefined> {
    makeDirectory(this.directory);
    const remark = await this.#claim(stamp);
    makeDirectory(join(this.directory, PARTS));
    cleanTemporary(this.directory);
    this.clean();
    return remark;
  }

  get isBegun(): boolean {
    return existsSync(join(this.directory, STAMP));
  }

  /** The sweep whose results these are; undefined where there are none. @throws UsageError for a damaged stamp */
  stamp(): SweepStamp | undefined {
    const found = this.#stamp();
    if (found === "damaged") {
      throw new UsageError(
        `${join(this.directory, STAMP)}: expected the JSON that sweep wrote there, found it damaged`,
      );
    }
    return found === "none" ? undefined : found;
  }

  /** The part of a chunk; undefined if there is none. @throws DamagedPart */
  read(stamp: SweepStamp, chunk: number): Part | undefined {
    const path = this.#path(chunk);
    let file: string;
    try {
      file = readFileSync(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw new DamagedPart(path, systemErrorText(error));
    }
    return openPart(path, file, stamp.sha256, chunk);
  }

  /** Whether a chunk is done; the damage if it has to be done again. */
  check(stamp: SweepStamp, chunk: number): boolean | DamagedPart {
    try {
      return this.read(stamp, chunk) !== undefined;
    } catch (error) {
      if (error instanceof DamagedPart) return error;
      throw error;
    }
  }

  /** Whether every chunk has a file, intact or damaged. */
  areThere(chunks: number): boolean {
    for (let chunk = 0; chunk < chunks; chunk++) if (!existsSync(this.#path(chunk))) return false;
    return true;
  }

  /** @param text a line for each run of the chunk; @throws UsageError */
  async write(stamp: SweepStamp, chunk: number, { index, of }: Shard, text: string): Promise<void> {
    const file = sealPart(stamp.sha256, chunk, `${index}/${of}`, text);
    await again(() => writeWhole(this.#path(chunk), file));
  }

  /** Takes away what a worker was writing when it was stopped. */
  clean(): void {
    cleanTemporary(join(this.directory, PARTS));
  }

  /** Files among the parts of a sweep that do not belong to it. */
  strays({ points }: SweepStamp): string[] {
    return this.#names()
      .filter((name) => name.endsWith(".jsonl") && !(chunkNamed(name) < chunkCount(points)))
      .map((name) => join(this.directory, PARTS, name));
  }

  /** Sees to it that the stamp is this one. @returns and throws as `open` does */
  async #claim(stamp: SweepStamp): Promise<string | undefined> {
    const path = join(this.directory, STAMP);
    let found = this.#stamp();
    if (found === "none" || found === "damaged") this.#refuseForeign(stamp);
    if (found === "none") {
      if (await again(() => writeFirst(path, stampText(stamp)))) return undefined;
      // Another process was first.
      found = this.#stamp();
    }
    if (found === "none" || found === "damaged") {
      await again(() => writeWhole(path, stampText(stamp)));
      return `${path}: was damaged; written again`;
    }
    if (found.sha256 === stamp.sha256) return undefined;
    throw new UsageError(
      `${this.directory}: has results of another study, scenario or version (${found.study}, ` +
        `${found.version}; what differs: ${differenceOf(found, stamp)}); take another directory for ` +
        `${stamp.study}, ${stamp.version}`,
    );
  }

  /** Without a stamp, the parts themselves tell their sweep. @throws UsageError for parts of another one */
  #refuseForeign(stamp: SweepStamp): void {
    for (const chunk of this.#names().map(chunkNamed)) {
      const found = !Number.isNaN(chunk) && this.check(stamp, chunk);
      if (!(found instanceof DamagedPart && found.isForeign)) continue;
      throw new UsageError(
        `${join(this.directory, STAMP)}: missing or damaged, and ${found.message}; take another directory for ${stamp.study}`,
      );
    }
  }

  #stamp(): SweepStamp | "none" | "damaged" {
    const path = join(this.directory, STAMP);
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") return "none";
      throw new UsageError(`${path}: ${systemErrorText(error)}`);
    }
    return parseStamp(path, text) ?? "damaged";
  }

  #names(): string[] {
    try {
      return readdirSync(join(this.directory, PARTS)).sort();
    } catch {
      return [];
    }
  }

  #path(chunk: number): string {
    return join(this.directory, PARTS, `${String(chunk).padStart(6, "0")}.jsonl`);
  }
}

function chunkNamed(name: string): number {
  return Number(PART_NAME.exec(name)?.[1]);
}

function writeFirst(path: string, text: string): boolean {
  const file = new OutputFile(path);
  try {
    file.write(Buffer.from(text));
    file.seal();
    const isFirst = file.placeFirst();
    file.settle();
    return isFirst;
  } finally {
    file.discard();
  }
}

/**
 * Takes away temporary files of a sweep's or a merge's, which killed processes leave. One that somebody is
 * writing may be among them: they write it again.
 */
export function cleanTemporary(directory: string): void {
  try {
    for (const name of readdirSync(directory)) {
      const own = TEMPORARY_NAME.exec(name)?.[1];
      if (own === undefined || !(own === STAMP || PART_NAME.test(own) || RESULTS.some((one) => one === own)))
        continue;
      rmSync(join(directory, name), { force: true });
    }
  } catch (error) {
    throw new UsageError(`${directory}: cannot clean up: ${systemErrorText(error)}`);
  }
}

/**
 * Writes a file of a directory that many processes share; again where one that starts has taken its
 * temporary file for that of a process that was killed.
 *
 * @throws what `write` throws
 */
export async function again<T>(write: () => T | Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof TemporaryFileGone) || tries === MOST_TRIES) throw error;
    }
  }
}

/*
 * The file of a chunk: a line of JSON that says what it holds, then the lines of its runs. Whatever a
 * disk, a copy or an editor does to it shows.
 */

interface PartHead {
  /** `sha256` of the stamp of the sweep that it belongs to. */
  readonly sweep: string;
  readonly chunk: number;
  /** The shard that made it, `i/n`; its results are the same under any other. */
  readonly shard: string;
  readonly runs: number;
  /** Of the head without this, and the runs. */
  readonly sha256: string;
}

export interface Part extends Pick<PartHead, "shard"> {
  readonly path: string;
  /** A line of JSON for each run. */
  readonly text: string;
}

/** A file that is not the part it should be. */
export class DamagedPart extends UsageError {
  /** Whether it is a part of another sweep, or of an earlier version's, which had no first line of its own. */
  readonly isForeign: boolean;

  constructor(path: string, what: string, isForeign = false) {
    super(`${path}: ${what}`);
    this.isForeign = isForeign;
  }
}

export function sealPart(sweep: string, chunk: number, shard: string, text: string): string {
  const fields = { sweep, chunk, shard, runs: text.split("\n").length - 1 };
  return `${JSON.stringify({ ...fields, sha256: checksum(fields, text) })}\n${text}`;
}

/** @throws DamagedPart */
export function openPart(path: string, file: string, sweep: string, chunk: number): Part {
  const expected = `expected the runs of chunk ${chunk}`;
  if (file === "") throw new DamagedPart(path, `${expected}, found an empty file`);
  const end = file.indexOf("\n") + 1;
  const head = headOf(file.slice(0, end));
  if (head === undefined) throw new DamagedPart(path, `${expected}, found something else in its first line`);
  if (head.sha256 === undefined)
    throw new DamagedPart(path, `${expected}, found no checksum in its first line`, true);
  const { sha256: promised, ...fields } = head;
  const text = file.slice(end);
  if (checksum(fields, text) !== promised) {
    throw new DamagedPart(
      path,
      `${expected} with the checksum in its first line, found it damaged or cut short`,
    );
  }
  if (head.sweep !== sweep) throw new DamagedPart(path, `${expected}, found a part of another sweep`, true);
  if (head.chunk !== chunk) throw new DamagedPart(path, `${expected}, found a copy of chunk ${head.chunk}`);
  return { path, shard: head.shard!, text };
}

function checksum({ sweep, chunk, shard, runs }: Partial<PartHead>, text: string): string {
  return sha256(`${JSON.stringify([sweep, chunk, shard, runs])}\n${text}`);
}

function headOf(line: string): Partial<PartHead> | undefined {
  try {
    const head: unknown = JSON.parse(line);
    return typeof head === "object" && head !== null ? (head as Partial<PartHead>) : undefined;
  } catch {
    return undefined;
  }
}
