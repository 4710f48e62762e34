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

/** Where in a text file: line and column from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Text of a recording that says what it cannot: a parser that does not know the file's name throws it. */
export class EvidenceError extends Error {
  readonly place: Place;
  readonly expected: string;
  readonly found: string;

  constructor(place: Place, expected: string, found: string) {
    super(`${place.line}:${place.column}: expected ${expected}, found ${found}`);
    this.name = "EvidenceError";
    this.place = place;
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
  if (text === "") throw new EvidenceError({ line: 1, column: 1 }, "text", "an empty file");
  const lines = text.split("\n");
  const nul = lines.findIndex((line) => line.includes("\0"));
  if (nul >= 0) {
    throw new EvidenceError({ line: nul + 1, column: lines[nul]!.indexOf("\0") + 1 }, "text", "a NUL byte");
  }
  const last = lines.pop()!;
  if (last !== "") {
    const place = { line: lines.length + 1, column: last.length + 1 };
    throw new EvidenceError(place, "the end of the line", "the end of the file: it was cut");
  }
  return lines;
}

/** A text file of a recording, or undefined. */
export function readText(files: RecordingFiles, name: string): string | undefined {
  const bytes = files.read(name);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** A text file that must be there. */
export function needText(files: RecordingFiles, name: string): string {
  const text = readText(files, name);
  if (text === undefined) throw new RecordingError(`${files.name}/${name}: no such file`);
  return text;
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
