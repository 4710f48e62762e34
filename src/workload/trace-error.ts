/**
 * A trace that cannot be read. `message` is one line, `boot.trace:12:30: expected pfn=, found "pfm=1"`.
 */
export class TraceError extends Error {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** In bytes, from 1. */
  readonly column: number;
  readonly expected: string;
  readonly found: string;

  constructor(file: string, line: number, column: number, expected: string, found: string) {
    super(`${file}:${line}:${column}: expected ${expected}, found ${found}`);
    this.name = "TraceError";
    this.file = file;
    this.line = line;
    this.column = column;
    this.expected = expected;
    this.found = found;
  }
}
