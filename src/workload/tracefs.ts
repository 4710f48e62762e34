/**
 * Reads the text of tracefs `trace` (kernel/trace/trace_output.c: trace_print_context and the
 * TP_printk formats of include/trace/events/kmem.h) into columns:
 *
 *     <idle>-0       [000] d..1.     0.436965: mm_page_alloc: page=... pfn=0x10430b order=0 ...
 *
 * Old and new forms are read: pfn in hex or decimal, a column of 4 or 5 flags or none, a column
 * for the thread group. `page=` is never looked at: it is a pointer, a hash or the pfn again.
 */

import { parseGfp } from "../page-alloc/gfp.js";
import { MAX_PAGE_ORDER } from "../units.js";
import { ByteMemo } from "./byte-memo.js";
import {
  ascii,
  decimal,
  endOfDigits,
  endOfWord,
  hex,
  isDigit,
  NEWLINE,
  nextLine,
  SPACE,
  skipSpaces,
  standsAt,
} from "./bytes.js";
import { PageEventColumns, PageEventKind, type PageEvents } from "./events.js";
import {
  ALLOC_MIGRATE_TYPE,
  ALLOC_ORDER,
  CHANGE_OWNERSHIP,
  COLD,
  FALLBACK_MIGRATE_TYPE,
  FALLBACK_ORDER,
  FRAGMENTING,
  GFP_FLAGS,
  kindAt,
  MIGRATE_TYPE,
  ORDER,
  PAGE,
  PAGEBLOCK_ORDER,
  PERCPU_REFILL,
  PFN,
} from "./kmem-text.js";
import { findDash, TaskTable } from "./task-table.js";
import { TraceError } from "./trace-error.js";
import { WholeLines } from "./whole-lines.js";

/** Comm is printed right-aligned in 16 columns and has at most 15 bytes, so the dash stands here. */
const COMM_COLUMNS = 16;
/** `page=` and the 16 characters of a hashed pointer. */
const PAGE_COLUMNS = 21;
const MAX_CPU = 0xffff;
const MAX_FRACTION_DIGITS = 9;
/** What the last of so many digits of a fraction of a second counts. */
const NS_OF_LAST_DIGIT: Float64Array = Float64Array.of(0, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1);

const DASH = 0x2d;
const HASH = 0x23;
const COLON = 0x3a;
const DOT = 0x2e;
const CARRIAGE_RETURN = 0x0d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_PARENTHESIS = 0x28;
const CLOSE_PARENTHESIS = 0x29;
const HEX_PREFIX: Uint8Array = ascii("0x");

const LOST_EVENTS = /^CPU:\d+ \[LOST (?:(\d+) )?EVENTS\]\r?$/;
const BUFFER_HEADER = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+) /;
const LONGEST_QUOTE = 40;

const latin1 = new TextDecoder("latin1");

/** Reads one trace: `feed` it piece by piece, then `end` gives the events. */
export class TracefsReader {
  readonly #file: string;
  readonly #lines = new WholeLines((bytes, start, end) => this.#scan(bytes, start, end));
  readonly #columns = new PageEventColumns();
  readonly #tasks = new TaskTable();
  readonly #gfpMemo = new ByteMemo((text) => parseGfp(text) ?? -1);
  #line = 0;
  #lineStart = 0;
  #ending = false;
  #lostEvents = 0;
  #overwrittenEvents = 0;
  #otherEvents = 0;

  /** @param file name for messages */
  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Reads the next bytes of the file, which may end anywhere.
   *
   * @throws TraceError at the first line that does not belong in a trace
   */
  feed(chunk: Uint8Array): void {
    if (this.#lines.feed(chunk)) return;
    throw new TraceError(this.#file, this.#line + 1, 1, "the text of a trace", "bytes without a line end");
  }

  /**
   * To be called once, after the last `feed`.
   *
   * @throws TraceError if the trace ends within an event
   */
  end(): PageEvents {
    this.#ending = true;
    this.#lines.end();
    return this.#columns.finish(this.#tasks.tasks, {
      lostEvents: this.#lostEvents,
      overwrittenEvents: this.#overwrittenEvents,
      otherEvents: this.#otherEvents,
    });
  }

  /** Reads whole lines. */
  #scan(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end) {
      this.#line++;
      this.#lineStart = at;
      const first = bytes[at];
      if (first === SPACE) at = this.#event(bytes, at);
      else if (first === NEWLINE) at++;
      else at = this.#unindented(bytes, at);
    }
  }

  /** A line that does not start with a space: header, loss, or an event of an unusual column width. */
  #unindented(bytes: Uint8Array, at: number): number {
    const next = nextLine(bytes, at);
    const text = latin1.decode(bytes.subarray(at, next - 1));
    if (text === "\r") return next;
    const lost = LOST_EVENTS.exec(text);
    if (lost === null && bytes[at] !== HASH) return this.#event(bytes, at);
    // The kernel leaves the number out where it does not know it; it was one at least.
    if (lost !== null) this.#lostEvents += Number(lost[1] ?? 1);
    const buffer = BUFFER_HEADER.exec(text);
    if (buffer !== null) this.#overwrittenEvents += Number(buffer[2]) - Number(buffer[1]);
    return next;
  }

  /** Reads an event line and returns the start of the next line. */
  #event(bytes: Uint8Array, lineStart: number): number {
    let dash = lineStart + COMM_COLUMNS;
    let end = endOfDigits(bytes, dash + 1);
    let task = bytes[dash] === DASH ? this.#tasks.numberAt(bytes, lineStart, dash, end) : -1;
    if (task < 0) {
      dash = findDash(bytes, lineStart);
      if (dash < 0)
        this.#fail(bytes, skipSpaces(bytes, lineStart), "a task and a CPU such as bash-1234 [000]");
      end = endOfDigits(bytes, dash + 1);
      task = this.#tasks.numberAt(bytes, lineStart, dash, end);
    }

    let at = skipSpaces(bytes, end);
    if (bytes[at] === OPEN_PARENTHESIS) at = skipSpaces(bytes, this.#endOfThreadGroup(bytes, at));
    end = endOfDigits(bytes, at + 1);
    const cpu = decimal(bytes, at + 1, end);
    if (bytes[at] !== OPEN_BRACKET || bytes[end] !== CLOSE_BRACKET || end === at + 1 || cpu > MAX_CPU) {
      this.#fail(bytes, at, "a CPU such as [000]");
    }
    at = skipSpaces(bytes, end + 1);

    if (!isDigit(bytes[at])) at = skipSpaces(bytes, endOfWord(bytes, at));
    const endOfSeconds = endOfDigits(bytes, at);
    end = endOfDigits(bytes, endOfSeconds + 1);
    const timeNs = timeOf(bytes, at, endOfSeconds, end);
    if (timeNs < 0 || bytes[end] !== COLON) this.#fail(bytes, at, "a time in seconds such as 12.345678:");

    at = skipSpaces(bytes, end + 1);
    const kind = kindAt(bytes, at);
    if (kind === undefined) {
      if (bytes[at]! <= SPACE || this.#ending) this.#fail(bytes, at, "the name of an event");
      this.#otherEvents++;
      return nextLine(bytes, at);
    }
    at = skipSpaces(bytes, endOfWord(bytes, at));
    if (!standsAt(bytes, at, PAGE)) this.#fail(bytes, at, "page=");
    const usual = at + PAGE_COLUMNS;
    at = this.#after(bytes, standsAt(bytes, usual, PFN) ? usual : endOfWord(bytes, at), PFN);
    end = endOfWord(bytes, at);
    const pfn = pageFrameNumber(bytes, at, end);
    if (pfn < 0 || pfn > Number.MAX_SAFE_INTEGER) this.#fail(bytes, at, "a page frame number");
    return this.#details(bytes, end, kind, cpu, task, timeNs, pfn);
  }

  /** Reads what follows the pfn, keeps the event and returns the start of the next line. */
  #details(
    bytes: Uint8Array,
    start: number,
    kind: PageEventKind,
    cpu: number,
    task: number,
    timeNs: number,
    pfn: number,
  ): number {
    if (kind === PageEventKind.freeBatched) {
      // The order is a literal 0 whatever is freed; older kernels print `cold=` in its place.
      const field = this.#after(bytes, start, standsAt(bytes, start, COLD) ? COLD : ORDER);
      this.#columns.append(kind, 0, 0, cpu, task, timeNs, pfn, 0);
      return this.#lineEnd(bytes, endOfWord(bytes, field));
    }
    if (kind === PageEventKind.extfrag) return this.#extfrag(bytes, start, cpu, task, timeNs, pfn);
    let at = this.#after(bytes, start, ORDER);
    let end = endOfDigits(bytes, at);
    const order = this.#order(bytes, at, end, pfn);
    let migrateType = 0;
    let detail = 0;
    if (kind !== PageEventKind.free) {
      at = this.#after(bytes, end, MIGRATE_TYPE);
      end = endOfDigits(bytes, at);
      migrateType = this.#small(bytes, at, end);
    }
    if (kind === PageEventKind.alloc) {
      at = this.#after(bytes, end, GFP_FLAGS);
      end = endOfWord(bytes, at);
      detail = this.#gfp(bytes, at, end);
    } else if (kind === PageEventKind.zoneLocked) {
      at = this.#after(bytes, end, PERCPU_REFILL);
      end = endOfDigits(bytes, at);
      detail = this.#small(bytes, at, end);
    }
    const next = this.#lineEnd(bytes, end);
    this.#columns.append(kind, order, migrateType, cpu, task, timeNs, pfn, detail);
    return next;
  }

  #extfrag(bytes: Uint8Array, start: number, cpu: number, task: number, timeNs: number, pfn: number): number {
    let at = this.#after(bytes, start, ALLOC_ORDER);
    let end = endOfDigits(bytes, at);
    const order = this.#order(bytes, at, end, pfn);
    const next = (field: Uint8Array): number => {
      at = this.#after(bytes, end, field);
      end = endOfDigits(bytes, at);
      return this.#small(bytes, at, end);
    };
    const fallbackOrder = next(FALLBACK_ORDER);
    next(PAGEBLOCK_ORDER);
    const migrateType = next(ALLOC_MIGRATE_TYPE);
    const fallbackType = next(FALLBACK_MIGRATE_TYPE);
    next(FRAGMENTING);
    const changeOwnership = next(CHANGE_OWNERSHIP);
    const following = this.#lineEnd(bytes, end);
    const detail = fallbackOrder + fallbackType * 0x100 + changeOwnership * 0x10000;
    this.#columns.append(PageEventKind.extfrag, order, migrateType, cpu, task, timeNs, pfn, detail);
    return following;
  }

  /** The end of `(   1234)`, or of `(-------)` where the kernel does not know the thread group. */
  #endOfThreadGroup(bytes: Uint8Array, at: number): number {
    const end = endOfWord(bytes, skipSpaces(bytes, at + 1));
    if (bytes[end - 1] !== CLOSE_PARENTHESIS) this.#fail(bytes, at, "a thread group such as (   1234)");
    return end;
  }

  /** The position after the name of a field, which must stand here. */
  #after(bytes: Uint8Array, at: number, field: Uint8Array): number {
    if (!standsAt(bytes, at, field))
      this.#fail(bytes, skipSpaces(bytes, at), latin1.decode(field).trimStart());
    return at + field.length;
  }

  #order(bytes: Uint8Array, at: number, end: number, pfn: number): number {
    const order = at === end ? -1 : decimal(bytes, at, end);
    if (order < 0 || order > MAX_PAGE_ORDER) this.#fail(bytes, at, `an order from 0 to ${MAX_PAGE_ORDER}`);
    if (pfn % 2 ** order !== 0)
      this.#fail(bytes, at, `an order that pfn 0x${pfn.toString(16)} is a multiple of`);
    return order;
  }

  #small(bytes: Uint8Array, at: number, end: number): number {
    const value = at === end ? -1 : decimal(bytes, at, end);
    if (value < 0 || value > 0xff) this.#fail(bytes, at, "a number from 0 to 255");
    return value;
  }

  #gfp(bytes: Uint8Array, at: number, end: number): number {
    let hash = end - at;
    for (let i = at; i < end; i += 3) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const flags = at === end ? -1 : this.#gfpMemo.valueOf(bytes, at, end, hash);
    if (flags < 0) this.#fail(bytes, at, "gfp flags of Linux 6.12");
    return flags;
  }

  #lineEnd(bytes: Uint8Array, at: number): number {
    if (bytes[at] === CARRIAGE_RETURN) at++;
    if (bytes[at] !== NEWLINE) this.#fail(bytes, at, "the end of the line");
    return at + 1;
  }

  #fail(bytes: Uint8Array, at: number, expected: string): never {
    const column = at - this.#lineStart + 1;
    const text = latin1.decode(bytes.subarray(at, nextLine(bytes, at))).trimEnd();
    const quote = JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}...` : text);
    const found = text === "" ? "the end of the line" : quote;
    const truncated = this.#ending ? `; the trace is truncated in line ${this.#line}, its last` : "";
    throw new TraceError(this.#file, this.#line, column, expected, found + truncated);
  }
}

/** Nanoseconds of `seconds.fraction`, or -1 if it is not of that form. */
function timeOf(bytes: Uint8Array, at: number, endOfSeconds: number, end: number): number {
  const digits = end - endOfSeconds - 1;
  if (bytes[endOfSeconds] !== DOT || at === endOfSeconds || digits < 1 || digits > MAX_FRACTION_DIGITS)
    return -1;
  return (
    decimal(bytes, at, endOfSeconds) * 1e9 + decimal(bytes, endOfSeconds + 1, end) * NS_OF_LAST_DIGIT[digits]!
  );
}

/** The value of a word in decimal, or in hex after `0x`, or -1. */
function pageFrameNumber(bytes: Uint8Array, at: number, end: number): number {
  if (standsAt(bytes, at, HEX_PREFIX)) return hex(bytes, at + 2, end);
  return at < end && endOfDigits(bytes, at) === end ? decimal(bytes, at, end) : -1;
}
