/** One progress line, rewritten in place: only on a terminal, and only for work longer than a second. */

import { printable } from "../printable.js";
import { PAGE_WIDTH } from "../report/paint.js";

/** As much of a stream as a line needs. */
interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): boolean;
}

const SHOW_AFTER_MS = 1000;
const INTERVAL_MS = 200;

/** Pieces of work, some of them done; times are of one clock. */
export interface Counted {
  readonly what: string;
  readonly done: number;
  readonly total: number;
  /** Whether there may be fewer in the end. */
  readonly isSearch: boolean;
  readonly beginMs: number;
  /** When the last piece was done, or at the beginning. */
  readonly lastMs: number;
  /** A piece of the quicker half of those done takes this on average, and one of the slower half that. */
  readonly quickMs: number;
  readonly slowMs: number;
}

/** Says more of the pieces while the work lets nobody else run. */
export interface Ticker {
  show(counted: Counted): void;
  /** Nothing more is written when it returns. @returns whether a line stands there */
  stop(): boolean;
}

export class Progress {
  readonly #stream: Screen;
  readonly #now: () => number;
  readonly #beginMs: number;
  #shownMs = Number.NEGATIVE_INFINITY;

  /** @param now since the same moment in every thread */
  constructor(stream: Screen, now: () => number = sharedNow) {
    this.#stream = stream;
    this.#now = now;
    this.#beginMs = now();
  }

  update(words: (nowMs: number) => string): void {
    const nowMs = this.#now();
    const isEarly = nowMs - this.#beginMs < SHOW_AFTER_MS || nowMs - this.#shownMs < INTERVAL_MS;
    if (this.#stream.isTTY !== true || isEarly) return;
    this.#shownMs = nowMs;
    this.#stream.write(rewritten(words(nowMs), this.#stream.columns));
  }

  stop(): void {
    if (Number.isFinite(this.#shownMs)) this.#stream.write(rewritten("", undefined));
    this.#shownMs = Number.NEGATIVE_INFINITY;
  }
}

/** Progress in pieces that may take very different times. */
export class CountedProgress {
  readonly #stream: Screen;
  readonly #progress: Progress;
  readonly #ticker: Ticker | undefined;
  readonly #now: () => number;
  readonly #times = new Halves();
  #counted: Counted;

  constructor(
    of: Pick<Counted, "what" | "total"> & { readonly isSearch?: boolean },
    stream: Screen,
    { now = sharedNow, ticker }: { readonly now?: () => number; readonly ticker?: Ticker | undefined } = {},
  ) {
    this.#now = now;
    this.#stream = stream;
    this.#progress = new Progress(stream, now);
    this.#ticker = ticker;
    const beginMs = now();
    this.#counted = { isSearch: false, ...of, done: 0, beginMs, lastMs: beginMs, quickMs: 0, slowMs: 0 };
    ticker?.show(this.#counted);
  }

  /** @param pieces done since the last time */
  add(pieces: number): void {
    const { done, total, lastMs } = this.#counted;
    const nowMs = this.#now();
    this.#times.add((nowMs - lastMs) / pieces);
    const { quickMs, slowMs } = this.#times;
    this.#counted = { ...this.#counted, done: done + pieces, lastMs: nowMs, quickMs, slowMs };
    // The last needs no line.
    if (done + pieces >= total) return;
    if (this.#ticker !== undefined) this.#ticker.show(this.#counted);
    else this.#progress.update((now) => countedText(this.#counted, now));
  }

  stop(): void {
    if (this.#ticker?.stop() === true) this.#stream.write(rewritten("", undefined));
    this.#progress.stop();
  }
}

/** Nothing for work that has just begun. */
export function tick(counted: Counted, nowMs: number, columns: number | undefined): string {
  if (nowMs - counted.beginMs < SHOW_AFTER_MS) return "";
  return rewritten(countedText(counted, nowMs), columns);
}

/** The line in place of the one before it, cut so that it stays one. */
function rewritten(words: string, columns: number | undefined): string {
  return `\r\x1b[K${printable(words).slice(0, (columns ?? PAGE_WIDTH) - 1)}`;
}

/** `12/40 runs, 34 s; 30 to 95 s to go, by these 12`. */
export function countedText(counted: Counted, nowMs: number): string {
  const { what, done, total, isSearch, beginMs } = counted;
  const most = isSearch ? "at most " : "";
  return `${done}/${most}${total} ${what}, ${roughText(nowMs - beginMs)}${leftText(counted, nowMs)}`;
}

function leftText({ done, total, isSearch, lastMs, quickMs, slowMs }: Counted, nowMs: number): string {
  if (done === 0) return "";
  const sinceMs = nowMs - lastMs;
  const [least, most] = [quickMs, slowMs].map((ms) => ms * (total - done) - sinceMs) as [number, number];
  if (most <= 0) return `; this one takes longer than the ${done} before`;
  const [from, to] = [roughText(least), roughText(most)];
  // Nobody plans otherwise for a third.
  const left = least * 1.33 >= most ? `about ${to}` : `${from} to ${to}`;
  const words = isSearch || least <= 0 ? `up to ${to}` : left;
  return `; ${words} to go, by ${done === 1 ? "the first" : `these ${done}`}`;
}

/** Times in milliseconds, of which there may be a hundred thousand, and means of the quicker and of the slower half. */
class Halves {
  readonly #sorted: number[] = [];
  #sum = 0;
  /** Of the quicker half, which has the middle one, too. */
  #quickSum = 0;

  add(ms: number): void {
    const half = this.#half;
    let [from, to] = [0, this.#sorted.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#sorted[middle]! > ms) to = middle;
      else from = middle + 1;
    }
    this.#sorted.splice(from, 0, ms);
    this.#sum += ms;
    // Of what is at the border now, one comes in or goes out.
    if (from < half) this.#quickSum += ms - this.#sorted[half]!;
    if (this.#half > half) this.#quickSum += this.#sorted[half]!;
  }

  get quickMs(): number {
    return this.#quickSum / this.#half;
  }

  get slowMs(): number {
    const { length } = this.#sorted;
    const shared = length % 2 === 0 ? 0 : this.#sorted[this.#half - 1]!;
    return (this.#sum - this.#quickSum + shared) / this.#half;
  }

  get #half(): number {
    return Math.ceil(this.#sorted.length / 2);
  }
}

/** Milliseconds since 1970, so that threads agree. */
export function sharedNow(): number {
  return performance.timeOrigin + performance.now();
}

const UNITS_MS = [
  ["days", 24 * 3600e3],
  ["hours", 3600e3],
  ["minutes", 60e3],
  ["s", 1e3],
] as const;

/** Seconds at the least, so that it does not flicker. */
function roughText(ms: number): string {
  return ms < 2000 ? `${Math.max(1, Math.round(ms / 1000))} s` : waitText(ms);
}

/** A wait in the largest unit of which there are two or more. */
export function waitText(ms: number): string {
  const [unit, unitMs] = UNITS_MS.find(([, length]) => ms >= 2 * length) ?? ["ms", 1];
  const count = ms / unitMs;
  return `${count >= 10 ? Math.round(count) : count.toFixed(1)} ${unit}`;
}
