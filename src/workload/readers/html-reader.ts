/** The pages that systrace and `atrace` wrappers write: the text of tracefs within a script of HTML. */

import { byteText, joined, NEWLINE } from "../bytes.js";
import { TraceError } from "../trace-error.js";
import { DETECTION_BYTES, detectFormat } from "./detect.js";
import type { TextFormatName } from "./line-format.js";
import { type EventReader, TextReader, type TextReaderOptions, type TraceOutput } from "./text-reader.js";

const LESS_THAN = 0x3c;
/** Longer than the tags that are looked for. */
const TAG_BYTES_MAX = 256;
const PAGE = /^\s*<(?:!doctype html|html|!--)/i;
const SECTION_BEGINS = /^<script[^>]*\bclass="?trace-data"?[^>]*>/i;
const SECTION_ENDS = /^<\/script\s*>/i;
/** Other sections hold lists of processes and the like. */
const TRACE = /^(?:# tracer: |TRACE:)/m;

/** Whether a file begins like such a page. @param text one character for each byte */
export function looksLikeHtml(text: string): boolean {
  return PAGE.test(text);
}

export class HtmlReader implements EventReader {
  firstUnread: TraceError | undefined = undefined;
  format: TextFormatName | undefined = undefined;
  readonly #file: string;
  readonly #output: TraceOutput;
  readonly #options: TextReaderOptions;
  /** A possible start of a tag that continues in the next chunk. */
  #rest: Uint8Array = new Uint8Array(0);
  #line = 0;
  #section: Section | undefined = undefined;

  constructor(file: string, output: TraceOutput, options: TextReaderOptions) {
    this.#file = file;
    this.#output = output;
    this.#options = options;
  }

  /** @throws TraceError for a line of a section that does not belong in a trace */
  feed(chunk: Uint8Array): void {
    this.#scan(joined(this.#rest, chunk), TAG_BYTES_MAX);
  }

  /** @throws TraceError for a page without a trace, and one that ends within it */
  end(): void {
    this.#scan(this.#rest, 0);
    if (this.#section !== undefined) this.#endSection();
    if (this.format !== undefined) return;
    const expected = 'a trace in a <script class="trace-data"> of the page';
    throw new TraceError(this.#file, { line: 1, column: 1 }, expected, "none");
  }

  /** @param keepBytes of a tag that may go on */
  #scan(bytes: Uint8Array, keepBytes: number): void {
    let begin = 0;
    let at = bytes.indexOf(LESS_THAN);
    for (; at !== -1 && at + keepBytes < bytes.length; at = bytes.indexOf(LESS_THAN, at + 1)) {
      // Cheaper than the patterns, and true for few of the many tasks called <...> and <idle>.
      const next = bytes[at + 1]!;
      if (next !== (this.#section === undefined ? 0x73 : 0x2f) && next !== 0x53) continue;
      const tag = (this.#section === undefined ? SECTION_BEGINS : SECTION_ENDS).exec(
        byteText(bytes.subarray(at, at + TAG_BYTES_MAX)),
      );
      if (tag === null) continue;
      this.#pass(bytes.subarray(begin, at));
      begin = at;
      if (this.#section === undefined) {
        this.#section = new Section(this.#file, this.#output, this.#options, this.#line);
        begin = at + tag[0].length;
      } else {
        this.#endSection();
      }
    }
    const end = at === -1 ? bytes.length : at;
    this.#pass(bytes.subarray(begin, end));
    this.#rest = bytes.slice(end);
  }

  #pass(bytes: Uint8Array): void {
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) this.#line++;
    this.#section?.feed(bytes);
  }

  #endSection(): void {
    const section = this.#section!;
    this.#section = undefined;
    section.end();
    this.format ??= section.reader?.format;
    this.firstUnread ??= section.reader?.firstUnread;
  }
}

/** One script of a page, which may not be a trace. */
class Section {
  readonly #file: string;
  readonly #output: TraceOutput;
  readonly #options: TextReaderOptions;
  /** Bytes that came before it was known whether it is a trace. */
  #first: Uint8Array | undefined = new Uint8Array(0);
  reader: TextReader | undefined = undefined;

  constructor(file: string, output: TraceOutput, options: TextReaderOptions, linesBefore: number) {
    this.#file = file;
    this.#output = output;
    this.#options = { ...options, linesBefore };
  }

  feed(bytes: Uint8Array): void {
    if (this.#first === undefined) {
      this.reader?.feed(bytes);
      return;
    }
    this.#first = joined(this.#first, bytes);
    if (this.#first.length >= DETECTION_BYTES) this.#start(this.#first);
  }

  end(): void {
    if (this.#first !== undefined) this.#start(this.#first);
    this.reader?.end();
  }

  #start(bytes: Uint8Array): void {
    this.#first = undefined;
    if (!TRACE.test(byteText(bytes.subarray(0, DETECTION_BYTES)))) return;
    const format = detectFormat(this.#file, bytes);
    if (typeof format === "string") return;
    this.reader = new TextReader(this.#file, format, this.#output, this.#options);
    this.reader.feed(bytes);
  }
}
