/** One progress line, rewritten in place: only on a terminal, and only for work longer than a second. */

import { printable } from "../printable.js";
import type { OutputStream } from "./io.js";

const SHOW_AFTER_MS = 1000;
const INTERVAL_MS = 200;

export class Progress {
  readonly #stream: OutputStream;
  readonly #now: () => number;
  readonly #beginMs: number;
  #shownMs = Number.NEGATIVE_INFINITY;

  constructor(stream: OutputStream, now: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#now = now;
    this.#beginMs = now();
  }

  update(words: (elapsedMs: number) => string): void {
    const nowMs = this.#now();
    const elapsedMs = nowMs - this.#beginMs;
    if (this.#stream.isTTY !== true || elapsedMs < SHOW_AFTER_MS || nowMs - this.#shownMs < INTERVAL_MS)
      return;
    this.#shownMs = nowMs;
    this.#stream.write(`\r\x1b[K${printable(words(elapsedMs))}`);
  }

  /** Progress in like pieces, of which the last needs no line. */
  count(done: number, total: number, what: string): void {
    if (done >= total) return;
    this.update((elapsedMs) => {
      const leftMs = (elapsedMs / done) * (total - done);
      return `${done}/${total} ${what}, ${((done / elapsedMs) * 1000).toFixed(1)}/s, ${waitText(leftMs)} to go`;
    });
  }

  stop(): void {
    if (Number.isFinite(this.#shownMs)) this.#stream.write("\r\x1b[K");
    this.#shownMs = Number.NEGATIVE_INFINITY;
  }
}

const UNITS_MS = [
  ["days", 24 * 3600e3],
  ["hours", 3600e3],
  ["minutes", 60e3],
  ["s", 1e3],
] as const;

/** A wait in the largest unit of which there are two or more. */
export function waitText(ms: number): string {
  const [unit, unitMs] = UNITS_MS.find(([, length]) => ms >= 2 * length) ?? ["ms", 1];
  const count = ms / unitMs;
  return `${count >= 10 ? Math.round(count) : count.toFixed(1)} ${unit}`;
}
