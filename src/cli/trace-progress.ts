/** How far a trace has been read: only on a terminal, and only for work longer than a second. */

import { printable } from "../printable.js";
import { formatBytes } from "../units.js";
import type { OutputStream } from "./context.js";
import type { InputPosition } from "./trace-input.js";

const PATIENCE_MS = 1000;
const INTERVAL_MS = 200;

/** Shows one line that is written over and over. */
export class TraceProgress {
  readonly #stream: OutputStream;
  readonly #now: () => number;
  readonly #beginMs: number;
  #shownMs = Number.NEGATIVE_INFINITY;
  #isShown = false;

  /** @param now a clock in milliseconds */
  constructor(stream: OutputStream, now: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#now = now;
    this.#beginMs = now();
  }

  update(name: string, { bytes, totalBytes }: InputPosition, events: number): void {
    const nowMs = this.#now();
    if (this.#stream.isTTY !== true || nowMs - this.#beginMs < PATIENCE_MS) return;
    if (nowMs - this.#shownMs < INTERVAL_MS) return;
    this.#shownMs = nowMs;
    this.#isShown = true;
    const of = totalBytes === undefined ? "" : ` of ${formatBytes(totalBytes)}`;
    const millions = (events / 1e6).toFixed(1);
    this.#stream.write(`\r\x1b[K${printable(name)}: ${formatBytes(bytes)}${of} read, ${millions} M events`);
  }

  /** Takes the line off the screen. */
  stop(): void {
    if (this.#isShown) this.#stream.write("\r\x1b[K");
    this.#isShown = false;
  }
}
