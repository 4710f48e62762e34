import { TraceError } from "../workload/trace-error.js";

/** A directory of a recording, however it is stored. */
export interface RecordingFiles {
  /** What the directory is called. */
  readonly name: string;
  /** Names of all files, without `.gz`. */
  list(): readonly string[];
  /** A file's content, unpacked; undefined if there is none of that name. */
  read(name: string): Uint8Array | undefined;
}

/** A recording that cannot be read. The message names the file and is one line. */
export class RecordingError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RecordingError";
  }
}

/** Text of a recording that says what it cannot: a parser that does not know the file's name throws it. */
export class EvidenceError extends Error {
  /** Line and column: `3:1`. */
  readonly place: string;
  readonly expected: string;
  readonly found: string;

  /** @param line from 1. @param column from 1 */
  constructor(expected: string, found: string, line: number, column = 1) {
    super(`${line}:${column}: expected ${expected}, found ${found}`);
    this.name = "EvidenceError";
    this.place = `${line}:${column}`;
    this.expected = expected;
    this.found = found;
  }
}

/** What a message shows of a line or word: at most 40 characters, quoted, control characters escaped. */
export function shown(text: string): string {
  if (text === "") return "nothing";
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text).replaceAll(
    /[\u007f-\u009f]/g,
    (byte) => `\\u00${byte.charCodeAt(0).toString(16)}`,
  );
}

/**
 * The lines of a text file without their ends.
 *
 * @throws EvidenceError for no text at all, a NUL byte, and a last line that has no end: the file was cut
 */
export function wholeLines(text: string): string[] {
  if (text === "") throw new EvidenceError("text", "an empty file", 1);
  const lines = text.split("\n");
  const nul = lines.findIndex((line) => line.includes("\0"));
  if (nul >= 0) throw new EvidenceError("text", "a NUL byte", nul + 1, lines[nul]!.indexOf("\0") + 1);
  const last = lines.pop()!;
  if (last !== "") {
    throw new EvidenceError(
      "the end of the line",
      "the end of the file: it was cut",
      lines.length + 1,
      last.length + 1,
    );
  }
  return lines;
}

export function readText(files: RecordingFiles, name: string): string | undefined {
  const bytes = files.read(name);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

export function needFile(files: RecordingFiles, name: string): Uint8Array {
  const bytes = files.read(name);
  if (bytes === undefined) throw new RecordingError(`${files.name}/${name}: no such file`);
  return bytes;
}

export function needText(files: RecordingFiles, name: string): string {
  return new TextDecoder().decode(needFile(files, name));
}

/** Reads a file with a parser whose errors do not know the file's name. */
export function parseFile<T, C>(
  files: RecordingFiles,
  name: string,
  content: C,
  parse: (content: C) => T,
): T {
  try {
    return parse(content);
  } catch (error) {
    const file = `${files.name}/${name}`;
    if (error instanceof EvidenceError) throw new RecordingError(`${file}:${error.message}`);
    if (error instanceof TraceError) {
      const where =
        "line" in error.place ? `${error.place.line}:${error.place.column}` : ` byte ${error.place.offset}`;
      throw new RecordingError(`${file}:${where}: expected ${error.expected}, found ${error.found}`);
    }
    throw new RecordingError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * Lets the model repeat what a recording says. Its own checks fail when the recording lies in a way that
 * nothing before has noticed: that is the recording's fault, and one line.
 *
 * @param file that tells what to repeat
 * @throws RecordingError with the model's words
 */
export function followed<T>({ name }: RecordingFiles, file: string, repeat: () => T): T {
  try {
    return repeat();
  } catch (error) {
    if (error instanceof RecordingError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const expected = "what the model can follow";
    throw new RecordingError(`${name}/${file}: expected ${expected}, found: ${message}`, { cause: error });
  }
}

/** All recorded workloads, sorted: those that any file is of, so that a missing log is not passed over. */
export function workloadNames(files: RecordingFiles): string[] {
  const names = files.list().flatMap((name) => /^wl-(.+)\.(?:lablog|snap[AB]|trace)$/.exec(name)?.[1] ?? []);
  return [...new Set(names)].sort();
}

/**
 * The workloads in the order in which they ran, by the guest's count of page faults: it only grows, from
 * boot on, and was read after each. Those without it are left out, as nobody knows when they ran.
 */
export function workloadsInOrder(files: RecordingFiles): string[] {
  return workloadNames(files)
    .flatMap((name) => {
      const faults = /^pgfault (\d+)$/m.exec(readText(files, `post-${name}.vmstat`) ?? "")?.[1];
      return faults === undefined ? [] : [{ name, faults: Number(faults) }];
    })
    .sort((a, b) => a.faults - b.faults)
    .map(({ name }) => name);
}
