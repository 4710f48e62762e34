/**
 * The file of a chunk: a line of JSON that says what it holds, then the lines of its runs. Whatever a
 * disk, a copy or an editor does to it shows.
 */

import { sha256 } from "../input-file.js";
import { UsageError } from "../usage-error.js";

/** What a part says of itself in its first line. */
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

/** A chunk that is done. */
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

/** @param text a line for each run */
export function sealPart(sweep: string, chunk: number, shard: string, text: string): string {
  const fields = { sweep, chunk, shard, runs: text.split("\n").length - 1 };
  return `${JSON.stringify({ ...fields, sha256: checksum(fields, text) })}\n${text}`;
}

/**
 * Reads the file of a chunk.
 *
 * @throws DamagedPart
 */
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
