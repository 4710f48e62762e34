/**
 * Event lines in the form that nearly all lines have, read four or eight bytes at a time. Anything unusual is left
 * to TextReader, which is slower and knows all forms and all errors.
 */

import { MAX_PAGE_ORDER } from "../../units.js";
import { NEWLINE, SPACE } from "../bytes.js";
import type { EventBlocks } from "../event-blocks.js";
import { PageEventKind } from "../events.js";
import type { TaskMemo, TraceNames } from "../trace-names.js";
import { areDigits, eights, fours, isDigit, isSame, numberOf, othersIn, pastSpaces } from "./line-words.js";
import type { OtherLines } from "./other-lines.js";

/** No usual line is longer, so that words can be read without asking where the bytes end. */
export const USUAL_BYTES = 512;
/** Furthest start of the event's name and of its ` pfn=`. */
const NAME_COLUMN_MAX = 128;
const PFN_COLUMN_MAX = 224;
const BRACKET_COLUMN_MAX = 64;
const HASHED_POINTER_BYTES = 16;
/** Longest value of `page=` that is looked for at the place of the one before. */
const PAGE_BYTES_MAX = 32;
/** Seconds of a time in the width that tools give them, and a space. */
const SECONDS_BYTES = 6;
const CPU_DIGITS_MAX = 4;
const SECOND_DIGITS_MAX = 9;
const PFN_DIGITS_MAX = 13;
/** So many hex digits are an integer of 32 bits with a sign. */
const SHIFTED_DIGITS = 7;

const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const DOT = 0x2e;
const COLON = 0x3a;
const EQUALS = 0x3d;
const ZERO = 0x30;
const LETTER_X = 0x78;
const LAST_ASCII = 0x7e;

const [KMEM, PAGE, PFN, ORD, DER, TYPE, AGS] = fours("kmem", "page", " pfn", " ord", "der=", "type", "ags=");
const [CHED, ILL, ZEROS, CPU_0] = fours("ched", "ill=", "0000", "000]");
const [EQUALS_0X, D_COLON, IN_COLON] = fours("=0x\0", "d:\0\0", "in:\0");
const [MM_PAGE, ALLOC_PAGE, ALLOC_WIDE] = eights("mm_page_", "alloc: p", "alloc:  ");
const [FREE_PAGE, FREE_WIDE, FREE_BATCHED] = eights("free: pa", "free:   ", "free_bat");
const [ZONE, LOCKED, DRAIN] = eights("alloc_zo", "ne_locke", "pcpu_dra");
const [MIGRATE, GFP_FLAGS, PER_CPU, REFILL] = eights(" migrate", " gfp_fla", " percpu_", "cpu_refi");
const LOW_TWO = 0xffff;
const ZERO_X = 0x7830;
const LOW_THREE = 0xffffff;

/** Value of every byte as a hex digit in lower case; 16 for bytes that are none. */
const HEX_DIGIT: Uint8Array = new Uint8Array(256).fill(16);
for (let digit = 0; digit < 16; digit++) HEX_DIGIT[digit.toString(16).charCodeAt(0)] = digit;

/** Whether bytes that are eight or less are the flags of a line: of its first four, and its last four. */
function areFlags(a: number, b: number): boolean {
  const below = (a - 0x21212121) | (b - 0x21212121);
  return ((below | a | b) & 0x80808080) === 0 && !isDigit((a & 0xff) - ZERO);
}

/** Whether so many bytes, at least four, are a page that is not NULL. */
function isPage(view: DataView, start: number, length: number, readsZeroPages: boolean): boolean {
  const last = start + length - 4;
  const a = view.getInt32(start, true);
  const d = view.getInt32(last, true);
  if (length === HASHED_POINTER_BYTES && ((a >>> 8) & 0xff) !== LETTER_X) {
    const b = view.getInt32(start + 4, true);
    const c = view.getInt32(start + 8, true);
    if (othersIn(a, b, c, d) !== 0) return false;
    return readsZeroPages || d !== ZEROS || c !== ZEROS || b !== ZEROS || a !== ZEROS;
  }
  if (othersIn(a, d, a, d) !== 0) return false;
  for (let at = start + 4; at < last; at += 4) {
    const four = view.getInt32(at, true);
    if (othersIn(four, four, four, four) !== 0) return false;
  }
  // Zeros in front would have to be looked through for what is not.
  const digit = HEX_DIGIT[(a & LOW_TWO) === ZERO_X ? (a >>> 16) & 0xff : a & 0xff]!;
  return digit > 0 && digit < 16;
}

export class CommonLines {
  readonly #names: TraceNames;
  readonly #tasks: TaskMemo;
  readonly #blocks: EventBlocks;
  readonly #hasSystem: boolean;
  readonly #others: OtherLines | undefined;
  /** Whether the last line that was read is of a page event. */
  endsWithEvent = false;
  /** Whether a page printed as zeros says nothing, and its line is as usual as others. */
  readsZeroPages = false;
  /** Where the CPU's bracket stood in the line before. */
  #bracketColumn = 0;
  /** How long the value of `page=` was in the line before. */
  #pageBytes: number = HASHED_POINTER_BYTES;

  /**
   * @param hasSystem whether `kmem:` is expected in front of an event
   * @param others undefined where a line may be read otherwise for what stands in its fields
   */
  constructor(
    names: TraceNames,
    tasks: TaskMemo,
    blocks: EventBlocks,
    hasSystem: boolean,
    others: OtherLines | undefined,
  ) {
    this.#names = names;
    this.#tasks = tasks;
    this.#blocks = blocks;
    this.#hasSystem = hasSystem;
    this.#others = others;
  }

  /**
   * Keeps the events of usual lines, and skips those of other kinds of events that are known, up to the first line
   * that is neither.
   *
   * Most lines have their fields where the line before has them, so they are looked for there first. What is found
   * there is checked no less than what is searched for.
   *
   * @param bytes of `view`; lines that begin after `bytes.length - USUAL_BYTES` are not usual
   * @param eventsMax events to keep at most; when a block is full it is no more either
   * @returns the start of the first line that was not read, which may be a usual one
   */
  read(bytes: Uint8Array, view: DataView, from: number, end: number, eventsMax: number): number {
    const names = this.#names;
    const tasks = this.#tasks;
    const hasSystem = this.#hasSystem;
    const readsZeroPages = this.readsZeroPages;
    const others = this.#others;
    const blocks = this.#blocks;
    const { recentGfp } = names;
    const { originSeconds, usualSeconds } = blocks.clock;
    const block = blocks.open;
    const { timeNs: times, pfn: pfns, task: taskNumbers, detail: details, cpu: cpus } = block;
    const { kind: kinds, order: orders, migrateType: migrateTypes } = block;
    let { count } = block;
    const countMax = Math.min(kinds.length, count + eventsMax);
    let { endsWithEvent } = this;
    let bracketColumn = this.#bracketColumn;
    let pageBytes = this.#pageBytes;
    /** Where the point of the time stood, if spaces fill up what is left of the six bytes before it, and these. */
    let pointColumn = 0;
    /** Digits of a CPU and the bracket after them, and which one they are. */
    let cpuTextBefore = CPU_0;
    let cpuBefore = 0;
    /** A line whose task is in TaskMemo, and its number; below 0 for none. */
    let taskStart = -1;
    let taskBefore = 0;
    let secondsHigh = 0;
    let secondsLow = 0;
    let secondsNs = 0;
    const last = Math.min(end - 1, bytes.length - USUAL_BYTES);
    let lineStart = from;
    while (lineStart <= last && count < countMax) {
      let open = lineStart + bracketColumn;
      if (bytes[open] !== OPEN_BRACKET) {
        open = lineStart;
        while (bytes[open] !== OPEN_BRACKET && open < lineStart + BRACKET_COLUMN_MAX) open++;
        if (bytes[open] !== OPEN_BRACKET) break;
        bracketColumn = open - lineStart;
        taskStart = -1;
      }
      let at = open + 5;
      let digit = 0;
      let cpu = cpuBefore;
      const cpuText = view.getInt32(open + 1, true);
      if (cpuText !== cpuTextBefore) {
        cpu = 0;
        at = open + 1;
        digit = bytes[at]! - ZERO;
        for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) cpu = cpu * 10 + digit;
        if (bytes[at] !== CLOSE_BRACKET || at === open + 1 || at > open + 1 + CPU_DIGITS_MAX) break;
        if (++at === open + 5) {
          cpuTextBefore = cpuText;
          cpuBefore = cpu;
        }
      }
      if (bytes[at] !== SPACE) break;

      let point = lineStart + pointColumn;
      const flagsBytes = point - SECONDS_BYTES - at;
      const isAsBefore =
        (flagsBytes === 0 ||
          (!hasSystem &&
            (flagsBytes === 5 || flagsBytes === 6) &&
            areFlags(view.getInt32(at + 1, true), view.getInt32(at + flagsBytes - 4, true)))) &&
        bytes[point] === DOT &&
        view.getInt32(point - 4, true) === secondsLow &&
        view.getInt32(point - SECONDS_BYTES, true) === secondsHigh;
      if (!isAsBefore) {
        while (bytes[at] === SPACE) at++;
        digit = bytes[at]! - ZERO;
        if (!isDigit(digit)) {
          if (hasSystem) break;
          while (bytes[at]! > SPACE && bytes[at]! <= LAST_ASCII) at++;
          if (bytes[at] !== SPACE) break;
          while (bytes[at] === SPACE) at++;
          digit = bytes[at]! - ZERO;
        }
        let spaces = at;
        let seconds = 0;
        for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) seconds = seconds * 10 + digit;
        if (bytes[at] !== DOT || at === spaces || at > spaces + SECOND_DIGITS_MAX) break;
        if (at > lineStart + NAME_COLUMN_MAX) break;
        seconds -= originSeconds;
        point = at;
        while (bytes[spaces - 1] === SPACE && spaces > point - SECONDS_BYTES) spaces--;
        // Times of other events need not be usual. Half of it, so that V8 takes it for a double from the start.
        secondsNs = seconds >= 0 && seconds <= usualSeconds ? seconds * 0.5 * 2e9 : -1;
        pointColumn = 0;
        if (spaces === point - SECONDS_BYTES) {
          pointColumn = point - lineStart;
          secondsHigh = view.getInt32(spaces, true);
          secondsLow = view.getInt32(point - 4, true);
        }
      }
      const four = view.getInt32(point + 1, true);
      const fifth = bytes[point + 5]! - ZERO;
      const sixth = bytes[point + 6]! - ZERO;
      if (!areDigits(four) || !isDigit(fifth) || !isDigit(sixth)) break;
      let fraction = numberOf(four) * 100_000 + fifth * 10_000 + sixth * 1000;
      at = point + 7;
      if (bytes[at] !== COLON) {
        const seventh = bytes[at]! - ZERO;
        const eighth = bytes[at + 1]! - ZERO;
        const ninth = bytes[at + 2]! - ZERO;
        if (!isDigit(seventh) || !isDigit(eighth) || !isDigit(ninth)) break;
        fraction += seventh * 100 + eighth * 10 + ninth;
        at += 3;
        if (bytes[at] !== COLON) break;
      }

      const colon = at;
      at += 2;
      let isPageEvent = !hasSystem && bytes[colon + 1] === SPACE && view.getFloat64(at, true) === MM_PAGE;
      if (!isPageEvent) {
        if (bytes[colon + 1] !== SPACE) break;
        at = pastSpaces(bytes, view, at, lineStart + NAME_COLUMN_MAX);
        if (at > lineStart + NAME_COLUMN_MAX) break;
        if (view.getInt32(at, true) === KMEM && bytes[at + 4] === COLON) at += 5;
        else if (hasSystem) break;
        isPageEvent = view.getFloat64(at, true) === MM_PAGE;
      }

      let kind: PageEventKind | -1 = -1;
      const name = isPageEvent ? view.getFloat64(at + 8, true) : 0;
      if (name === ALLOC_PAGE || name === ALLOC_WIDE) {
        kind = PageEventKind.alloc;
        at += 14;
      } else if (name === FREE_PAGE || name === FREE_WIDE) {
        kind = PageEventKind.free;
        at += 13;
      } else if (name === FREE_BATCHED) {
        if (view.getInt32(at + 16, true) !== CHED || bytes[at + 20] !== COLON) break;
        kind = PageEventKind.freeBatched;
        at += 21;
      } else if (name === ZONE) {
        if (view.getFloat64(at + 16, true) !== LOCKED) break;
        if ((view.getInt32(at + 24, true) & LOW_TWO) !== D_COLON) break;
        kind = PageEventKind.zoneLocked;
        at += 26;
      } else if (name === DRAIN) {
        if ((view.getInt32(at + 16, true) & LOW_THREE) !== IN_COLON) break;
        kind = PageEventKind.pcpuDrain;
        at += 19;
      }
      if (kind < 0) {
        // No comment, remark or frame begins with a space and has a CPU and a time, whatever follows.
        if (others === undefined || bytes[lineStart] !== SPACE) break;
        if (!tasks.isTask(view, lineStart, open, cpu)) break;
        const next = others.skip(bytes, view, colon, lineStart + USUAL_BYTES);
        if (next < 0) break;
        endsWithEvent = false;
        lineStart = next;
        continue;
      }
      if (secondsNs < 0) break;
      if (bytes[at] !== SPACE) break;
      if (bytes[++at] === SPACE) {
        at = pastSpaces(bytes, view, at, lineStart + NAME_COLUMN_MAX);
        if (at > lineStart + PFN_COLUMN_MAX - HASHED_POINTER_BYTES) break;
      }
      if (view.getInt32(at, true) !== PAGE || bytes[at + 4] !== EQUALS) break;
      at += 5;
      let isAtPfn = view.getInt32(at + pageBytes, true) === PFN;
      if (!isAtPfn) {
        pageBytes = HASHED_POINTER_BYTES;
        isAtPfn = view.getInt32(at + pageBytes, true) === PFN;
      }
      if (isAtPfn && isPage(view, at, pageBytes, readsZeroPages)) {
        at += pageBytes;
      } else {
        const start = at;
        // A page that is NULL, however it is written, is one that was not found.
        while (bytes[at] === ZERO || bytes[at] === LETTER_X) at++;
        if (HEX_DIGIT[bytes[at]!] === 16) break;
        while (bytes[at]! > SPACE && bytes[at]! <= LAST_ASCII) at++;
        if (at > lineStart + PFN_COLUMN_MAX || view.getInt32(at, true) !== PFN) break;
        if (at - start >= 4 && at - start <= PAGE_BYTES_MAX) pageBytes = at - start;
      }
      at += 4;
      let pfn = 0;
      let start = 0;
      if ((view.getInt32(at, true) & LOW_THREE) === EQUALS_0X) {
        start = at += 3;
        digit = HEX_DIGIT[bytes[at]!]!;
        for (; digit < 16 && at < start + SHIFTED_DIGITS; digit = HEX_DIGIT[bytes[++at]!]!)
          pfn = (pfn << 4) | digit;
        for (; digit < 16; digit = HEX_DIGIT[bytes[++at]!]!) pfn = pfn * 16 + digit;
      } else {
        if (bytes[at] !== EQUALS) break;
        start = ++at;
        digit = bytes[at]! - ZERO;
        for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) pfn = pfn * 10 + digit;
      }
      if (at === start || at > start + PFN_DIGITS_MAX) break;

      if (view.getInt32(at, true) !== ORD || view.getInt32(at + 3, true) !== DER) break;
      at += 7;
      let order = bytes[at++]! - ZERO;
      if (!isDigit(order)) break;
      digit = bytes[at]! - ZERO;
      if (isDigit(digit)) {
        order = order * 10 + digit;
        at++;
      }
      if (order > 0) {
        if (order > MAX_PAGE_ORDER || (pfn & ((1 << order) - 1)) !== 0) break;
        if (kind === PageEventKind.freeBatched) break;
      }

      let migrateType = 0;
      let detail = 0;
      if (kind !== PageEventKind.free && kind !== PageEventKind.freeBatched) {
        if (view.getFloat64(at, true) !== MIGRATE || view.getInt32(at + 8, true) !== TYPE) break;
        if (bytes[at + 12] !== EQUALS) break;
        migrateType = bytes[at + 13]! - ZERO;
        if (!isDigit(migrateType)) break;
        at += 14;
      }
      let task = taskBefore;
      if (taskStart < 0 || !isSame(view, lineStart, taskStart, bracketColumn)) {
        taskStart = lineStart;
        task = tasks.recentNumber(view, lineStart, open, cpu);
        if (task < 0) {
          // Before flags are looked at, and remembered: what stands before the CPU may not be of this line.
          task = tasks.numberAt(view, lineStart, open, cpu);
          if (task < 0) break;
          taskStart = -1;
        }
        taskBefore = task;
      }
      if (kind === PageEventKind.alloc) {
        if (view.getFloat64(at, true) !== GFP_FLAGS || view.getInt32(at + 7, true) !== AGS) break;
        at += 11;
        const slot = recentGfp.slotOfLine(bytes, view, at);
        if (slot >= 0) {
          detail = recentGfp.number(slot);
          at += recentGfp.length(slot);
        } else {
          start = at;
          while (bytes[at] !== NEWLINE && at < lineStart + USUAL_BYTES) at++;
          if (bytes[at] !== NEWLINE) break;
          const flags = names.gfp(view, start, at);
          if (flags < 0) break;
          detail = flags | 0;
        }
      } else if (kind === PageEventKind.zoneLocked) {
        if (view.getFloat64(at, true) !== PER_CPU || view.getFloat64(at + 4, true) !== REFILL) break;
        if (view.getInt32(at + 11, true) !== ILL) break;
        detail = bytes[at + 15]! - ZERO;
        if (!isDigit(detail)) break;
        at += 16;
      }
      if (bytes[at] !== NEWLINE) break;
      kinds[count] = kind;
      orders[count] = order;
      migrateTypes[count] = migrateType;
      cpus[count] = cpu;
      taskNumbers[count] = task;
      times[count] = secondsNs + fraction;
      pfns[count] = pfn;
      details[count] = detail;
      count++;
      endsWithEvent = true;
      lineStart = at + 1;
    }
    block.count = count;
    this.#bracketColumn = bracketColumn;
    this.#pageBytes = pageBytes;
    this.endsWithEvent = endsWithEvent;
    return lineStart;
  }
}
