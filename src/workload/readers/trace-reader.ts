import { byteText } from "../bytes.js";
import type { CompactMetadata } from "../compact/format.js";
import { CompactReader } from "../compact/reader.js";
import { TraceError } from "../trace-error.js";
import { DETECTION_BYTES, detectFormat } from "./detect.js";
import { HtmlReader, looksLikeHtml } from "./html-reader.js";
import { LlfreeReader } from "./llfree.js";
import { encodingOf, type TextEncoding } from "./text-encoding.js";
import {
  type EventReader,
  TextReader,
  type TextReaderOptions,
  type TraceFormatName,
  type TraceOutput,
} from "./text-reader.js";

/** Bytes needed to detect the format in UTF-16. */
const FIRST_BYTES: number = 2 * DETECTION_BYTES + 2;

export class TraceReader implements EventReader {
  readonly #file: string;
  readonly #output: TraceOutput;
  readonly #options: TextReaderOptions;
  /** Bytes that came before the format was known. */
  #first: Uint8Array = new Uint8Array(FIRST_BYTES);
  #firstBytes = 0;
  #reader: EventReader | undefined = undefined;
  #encoding: TextEncoding | undefined = undefined;

  constructor(file: string, output: TraceOutput, options: TextReaderOptions = {}) {
    this.#file = file;
    this.#output = output;
    this.#options = options;
  }

  get format(): TraceFormatName | undefined {
    return this.#reader?.format;
  }

  get firstUnread(): TraceError | undefined {
    return this.#reader?.firstUnread;
  }

  get metadata(): CompactMetadata | undefined {
    return this.#reader?.metadata;
  }

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
    this.#reader = this.#readerOf(plain);
    this.#first = new Uint8Array(0);
    this.#reader.feed(plain);
  }

  #readerOf(plain: Uint8Array): EventReader {
    if (looksLikeHtml(byteText(plain.subarray(0, DETECTION_BYTES))))
      return new HtmlReader(this.#file, this.#output, this.#options);
    const format = detectFormat(this.#file, plain);
    if (format === "compact") return new CompactReader(this.#file, this.#output);
    if (format === "llfree") return new LlfreeReader(this.#file, this.#output);
    return new TextReader(this.#file, format, this.#output, this.#options);
  }
}
