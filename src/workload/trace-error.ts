const LONGEST_QUOTE = 40;

/** A text as messages quote it, on one line and not long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}...` : text);
}

/** Where in a file: a line and a column in bytes, both from 1, or an offset in bytes from 0. */
export type TracePlace = { readonly line: number; readonly column: number } | { readonly offset: number };

/**
 * A trace that cannot be read. `message` is one line, `boot.txt:12:30: expected pfn=, found "pfm=1"`,
 * or `boot.trace: byte 4096: expected a block of events, found the end of the file`.
 */
export class TraceError extends Error {
  readonly file: string;
  readonly place: TracePlace;
  readonly expected: string;
  readonly found: string;

  constructor(file: string, place: TracePlace, expected: string, found: string) {
    const where = "line" in place ? `${place.line}:${place.column}` : ` byte ${place.offset}`;
    super(`${file}:${where}: expected ${expected}, found ${found}`);
    this.name = "TraceError";
    this.file = file;
    this.place = place;
    this.expected = expected;
    this.found = found;
  }
}

/** One line of a text that cannot be read, though those around it may be. */
export class TraceLineError extends TraceError {
  readonly #ending: string;

  /** @param ending of the message, after the text found: empty, or from `; ` on */
  constructor(file: string, place: TracePlace, expected: string, found: string, ending: string) {
    super(file, place, expected, `${found}${ending}`);
    this.#ending = ending;
  }

  /** The message with what can be done about it, still one line. */
  advised(advice: string): string {
    const { message } = this;
    return `${message.slice(0, message.length - this.#ending.length)}; ${advice}${this.#ending}`;
  }
}
