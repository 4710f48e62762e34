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
  constructor(message: string) {
    super(message);
    this.name = "RecordingError";
  }
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
    throw new RecordingError(
      `${files.name}/${name}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
