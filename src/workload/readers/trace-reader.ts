import { byteText } from "../bytes.js";
import { CompactReader } from "../compact/reader.js";
import { TraceError } from "../trace-error.js";
import { DETECTION_BYTES, detectFormat } from "./detect.js";
import { HtmlReader, looksLikeHtml } from "./html-reader.js";
import type { TextFormatName } from "./line-format.js";
import { LlfreeReader } from "./llfree.js";
import { encodingOf, type TextEncoding } from "./text-encoding.js";
import { TextReader, type TextReaderOptions, type TraceOutput } from "./text-reader.js";

/** In UTF-16 so many bytes hold what is looked at. */
const FIRST_BYTES: number = 2 * DETECTION_BYTES + 2;

export type TraceFormatName = TextFormatName | "LLFree" | "compact";

/** `feed` it piece by piece, then call `end`. Events go to the output as they come. */
export class TraceReader {
  readonly #file: string;
  readonly #output: TraceOutput;
  readonly #options: TextReaderOptions;
  /** What came before the format was known. */
  #first: Uint8Array = new Uint8Array(FIRST_BYTES);
  #firstBytes = 0;
  #reader: { feed(chunk: Uint8Array): void; end(): void } | undefined = undefined;
  #format: TraceFormatName | undefined = undefined;
  #encoding: TextEncoding | undefined = undefined;

  /**
   * @param file name for messages
   * @param options of texts
   */
  constructor(file: string, output: TraceOutput, options: TextReaderOptions = {}) {
    this.#file = file;
    this.#output = output;
    this.#options = options;
  }

  /** Undefined until enough of the trace has come to tell. */
  get format(): TraceFormatName | undefined {
    return this.#reader instanceof HtmlReader ? this.#reader.format : this.#format;
  }

  /** The first line that was left out because it cannot be read, and why. */
  get firstUnread(): TraceError | undefined {
    const reader = this.#reader;
    return reader instanceof TextReader || reader instanceof HtmlReader ? reader.firstUnread : undefined;
  }

  /** What a compact trace says of where it comes from, once its start has been read. */
  get metadata(): CompactReader["metadata"] {
    return this.#reader instanceof CompactReader ? this.#reader.metadata : undefined;
  }

  /**
   * Reads the next bytes of the file, which may end anywhere; they are not kept.
   *
   * @throws TraceError where the file is none of the formats, or damaged
   */
  feed(chunk: Uint8Array): void {
    if (this.#reader !== undefined) {
      this.#reader.feed(this.#encoding!.feed(chunk));
      return;
    }
    const first = chunk.subarray(0, FIRST_BYTES - this.#firstBytes);
    this.#first.set(first, this.#firstBytes);
    this.#firstBytes += first.length;
    if (this.#firstBytes < FIRST_BYTES) return;
    this.#start();
    if (first.length < chunk.length) this.feed(chunk.subarray(first.length));
  }

  /**
   * To be called once, after the last `feed`.
   *
   * @throws TraceError if the trace is cut short, or nothing has come at all
   */
  end(): void {
    if (this.#reader === undefined) this.#start();
    this.#encoding!.end();
    this.#reader!.end();
    this.#output.blocks.flush();
  }

  #start(): void {
    const bytes = this.#first.subarray(0, this.#firstBytes);
    if (bytes.length === 0) throw new TraceError(this.#file, { offset: 0 }, "a trace", "an empty file");
    this.#encoding = encodingOf(this.#file, bytes);
    const plain = this.#encoding.feed(bytes.subarray(this.#encoding.markBytes));
    if (looksLikeHtml(byteText(plain.subarray(0, DETECTION_BYTES)))) {
      this.#first = new Uint8Array(0);
      this.#reader = new HtmlReader(this.#file, this.#output, this.#options);
      this.#reader.feed(plain);
      return;
    }
    const format = detectFormat(this.#file, plain);
    if (format === "compact") {
      this.#format = "compact";
      this.#reader = new CompactReader(this.#file, this.#output);
    } else if (format === "llfree") {
      this.#format = "LLFree";
      this.#reader = new LlfreeReader(this.#file, this.#output);
    } else {
      this.#format = format.name;
      this.#reader = new TextReader(this.#file, format, this.#output, this.#options);
    }
    this.#first = new Uint8Array(0);
    this.#reader.feed(plain);
  }
}
