/**
 * Event lines in the form that nearly all lines have, read four bytes at a time. Anything unusual is left
 * to TextReader, which is slower and knows all forms and all errors.
 */

import { MAX_PAGE_ORDER } from "../../units.js";
import { NEWLINE, SPACE } from "../bytes.js";
import type { EventBlocks, TraceClock } from "../event-blocks.js";
import { PageEventKind } from "../events.js";
import type { TaskMemo, TraceNames } from "../trace-names.js";

/** No usual line is longer, so that words can be read without asking where the bytes end. */
const USUAL_BYTES = 384;
/** Furthest start of the event's name and of its ` pfn=`. */
const NAME_COLUMN_MAX = 128;
const PFN_COLUMN_MAX = 224;
const BRACKET_COLUMN_MAX = 64;
const HASHED_POINTER_BYTES = 16;
const CPU_DIGITS_MAX = 4;
const SECOND_DIGITS_MAX = 9;
const PFN_DIGITS_MAX = 13;

const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const DOT = 0x2e;
const COLON = 0x3a;
const EQUALS = 0x3d;
const ZERO = 0x30;
const LETTER_X = 0x78;
const LAST_ASCII = 0x7e;

/** Fours of characters as `getInt32` reads them. */
function words<const Texts extends readonly string[]>(...texts: Texts): { [at in keyof Texts]: number } {
  const fours = texts.map((text) => new DataView(new TextEncoder().encode(text).buffer).getInt32(0, true));
  return fours as { [at in keyof Texts]: number };
}

const [KMEM, MM_P, AGE, ALLO, FREE, PCPU] = words("kmem", "mm_p", "age_", "allo", "free", "pcpu");
const [C_ZO, NE_L, OCKE, BAT, CHED, DRA] = words("c_zo", "ne_l", "ocke", "_bat", "ched", "_dra");
const [PAGE, PFN, ORD, ER, MIG, RATE, TYPE] = words("page", " pfn", " ord", "er=\0", " mig", "rate", "type");
const [GFP, FLA, GS, PER, CPU, REFI, LL] = words(" gfp", "_fla", "gs=\0", " per", "cpu_", "refi", "ll=\0");
const [C_COLON, D_COLON, IN_COLON, ZEROS] = words("c:\0\0", "d:\0\0", "in:\0", "0000");
const LOW_TWO = 0xffff;
const LOW_THREE = 0xffffff;

/** Value of every byte as a hex digit in lower case; 16 for bytes that are none. */
const HEX_DIGIT: Uint8Array = new Uint8Array(256).fill(16);
for (let digit = 0; digit < 16; digit++) HEX_DIGIT[digit.toString(16).charCodeAt(0)] = digit;

/** Not 0 if one of four bytes is a newline. */
function newlinesIn(four: number): number {
  // Bytes that are newlines become 0, and subtracting 1 from these alone sets bit 7 where it was not.
  const zeros = four ^ 0x0a0a0a0a;
  return (zeros - 0x01010101) & ~zeros & 0x80808080;
}

/** Not 0 if one of sixteen bytes is a space, a control character or none of ASCII. */
function othersIn(a: number, b: number, c: number, d: number): number {
  // Bytes below 0x21 get bit 7 when that is subtracted; those above 0x7f have it.
  const below = (a - 0x21212121) | (b - 0x21212121) | (c - 0x21212121) | (d - 0x21212121);
  return (below | a | b | c | d) & 0x80808080;
}

export class CommonLines {
  readonly #names: TraceNames;
  readonly #tasks: TaskMemo;
  readonly #blocks: EventBlocks;
  readonly #clock: TraceClock;
  readonly #hasSystem: boolean;
  /** Whether a page printed as zeros says nothing, and its line is as usual as others. */
  readsZeroPages = false;
  /** Where the CPU's bracket stood in the line before. */
  #bracketColumn = 0;

  /** @param hasSystem whether `kmem:` is expected in front of an event */
  constructor(names: TraceNames, tasks: TaskMemo, blocks: EventBlocks, hasSystem: boolean) {
    this.#names = names;
    this.#tasks = tasks;
    this.#blocks = blocks;
    this.#clock = blocks.clock;
    this.#hasSystem = hasSystem;
  }

  /** @returns the start of the next line, or -1 where nothing was kept because the line is not usual */
  read(bytes: Uint8Array, view: DataView, lineStart: number, end: number): number {
    if (lineStart + USUAL_BYTES > end) return -1;
    let open = lineStart + this.#bracketColumn;
    if (bytes[open] !== OPEN_BRACKET) {
      open = lineStart;
      while (bytes[open] !== OPEN_BRACKET && open < lineStart + BRACKET_COLUMN_MAX) open++;
      this.#bracketColumn = open - lineStart;
    }
    let at = open + 1;
    let cpu = 0;
    let digit = bytes[at]! - ZERO;
    for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) cpu = cpu * 10 + digit;
    if (bytes[open] !== OPEN_BRACKET || bytes[at] !== CLOSE_BRACKET || at === open + 1) return -1;
    if (at > open + 1 + CPU_DIGITS_MAX) return -1;

    if (bytes[++at] !== SPACE) return -1;
    while (bytes[at] === SPACE) at++;
    digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) {
      if (this.#hasSystem) return -1;
      while (bytes[at]! > SPACE && bytes[at]! <= LAST_ASCII) at++;
      if (bytes[at] !== SPACE) return -1;
      while (bytes[at] === SPACE) at++;
      digit = bytes[at]! - ZERO;
    }
    let start = at;
    let seconds = 0;
    for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) seconds = seconds * 10 + digit;
    if (bytes[at] !== DOT || at === start || at > start + SECOND_DIGITS_MAX) return -1;
    start = ++at;
    let fraction = 0;
    digit = bytes[at]! - ZERO;
    for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) fraction = fraction * 10 + digit;
    if (at === start + 6) fraction *= 1000;
    else if (at !== start + 9) return -1;
    if (bytes[at] !== COLON) return -1;
    seconds -= this.#clock.originSeconds;
    if (seconds < 0 || seconds > this.#clock.usualSeconds) return -1;
    const timeNs = seconds * 1e9 + fraction;
    if (bytes[++at] !== SPACE) return -1;
    while (bytes[at] === SPACE) at++;
    if (at > lineStart + NAME_COLUMN_MAX) return -1;
    if (view.getInt32(at, true) === KMEM && bytes[at + 4] === COLON) at += 5;
    else if (this.#hasSystem) return -1;
    if (view.getInt32(at, true) !== MM_P || view.getInt32(at + 4, true) !== AGE) return -1;

    let kind: PageEventKind;
    const third = view.getInt32(at + 8, true);
    const fourth = view.getInt32(at + 12, true);
    if (third === ALLO && (fourth & LOW_TWO) === C_COLON) {
      kind = PageEventKind.alloc;
      at += 14;
    } else if (third === FREE && bytes[at + 12] === COLON) {
      kind = PageEventKind.free;
      at += 13;
    } else if (third === ALLO && fourth === C_ZO && view.getInt32(at + 16, true) === NE_L) {
      kind = PageEventKind.zoneLocked;
      if (view.getInt32(at + 20, true) !== OCKE || (view.getInt32(at + 24, true) & LOW_TWO) !== D_COLON)
        return -1;
      at += 26;
    } else if (third === FREE && fourth === BAT && view.getInt32(at + 16, true) === CHED) {
      kind = PageEventKind.freeBatched;
      if (bytes[at + 20] !== COLON) return -1;
      at += 21;
    } else if (third === PCPU && fourth === DRA && (view.getInt32(at + 16, true) & LOW_THREE) === IN_COLON) {
      kind = PageEventKind.pcpuDrain;
      at += 19;
    } else {
      return -1;
    }
    if (bytes[at] !== SPACE) return -1;
    while (bytes[at] === SPACE) at++;
    if (at > lineStart + PFN_COLUMN_MAX - HASHED_POINTER_BYTES) return -1;
    if (view.getInt32(at, true) !== PAGE || bytes[at + 4] !== EQUALS) return -1;
    at += 5;
    if (view.getInt32(at + HASHED_POINTER_BYTES, true) !== PFN) {
      // A page that is NULL, however it is written, is one that was not found.
      while (bytes[at] === ZERO || bytes[at] === LETTER_X) at++;
      if (HEX_DIGIT[bytes[at]!] === 16) return -1;
      while (bytes[at]! > SPACE && bytes[at]! <= LAST_ASCII) at++;
    } else {
      const a = view.getInt32(at, true);
      const b = view.getInt32(at + 4, true);
      const c = view.getInt32(at + 8, true);
      const d = view.getInt32(at + 12, true);
      if (othersIn(a, b, c, d) !== 0 || bytes[at + 1] === LETTER_X) return -1;
      if (d === ZEROS && c === ZEROS && b === ZEROS && a === ZEROS && !this.readsZeroPages) return -1;
      at += HASHED_POINTER_BYTES;
    }
    if (at > lineStart + PFN_COLUMN_MAX) return -1;
    if (view.getInt32(at, true) !== PFN || bytes[at + 4] !== EQUALS) return -1;
    at += 5;
    let pfn = 0;
    if (bytes[at] === ZERO && bytes[at + 1] === LETTER_X) {
      at += 2;
      start = at;
      for (digit = HEX_DIGIT[bytes[at]!]!; digit < 16; digit = HEX_DIGIT[bytes[++at]!]!)
        pfn = pfn * 16 + digit;
    } else {
      start = at;
      digit = bytes[at]! - ZERO;
      for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) pfn = pfn * 10 + digit;
    }
    if (at === start || at > start + PFN_DIGITS_MAX) return -1;

    if (view.getInt32(at, true) !== ORD || (view.getInt32(at + 4, true) & LOW_THREE) !== ER) return -1;
    at += 7;
    let order = bytes[at++]! - ZERO;
    if (order < 0 || order > 9) return -1;
    digit = bytes[at]! - ZERO;
    if (digit >= 0 && digit <= 9) {
      order = order * 10 + digit;
      at++;
    }
    if (order > 0) {
      if (order > MAX_PAGE_ORDER || pfn % (1 << order) !== 0) return -1;
      if (kind === PageEventKind.freeBatched) return -1;
    }

    let migrateType = 0;
    let detail = 0;
    if (kind !== PageEventKind.free && kind !== PageEventKind.freeBatched) {
      if (view.getInt32(at, true) !== MIG || view.getInt32(at + 4, true) !== RATE) return -1;
      if (view.getInt32(at + 8, true) !== TYPE || bytes[at + 12] !== EQUALS) return -1;
      migrateType = bytes[at + 13]! - ZERO;
      if (migrateType < 0 || migrateType > 9) return -1;
      at += 14;
    }
    // Before flags are looked at, and remembered: what stands before the CPU may not be of this line.
    const task = this.#tasks.numberAt(view, lineStart, open);
    if (task < 0) return -1;
    if (kind === PageEventKind.alloc) {
      if (view.getInt32(at, true) !== GFP || view.getInt32(at + 4, true) !== FLA) return -1;
      if ((view.getInt32(at + 8, true) & LOW_THREE) !== GS) return -1;
      at += 11;
      start = at;
      let hash = 0;
      for (;;) {
        if (at + 4 > end) return -1;
        const four = view.getInt32(at, true);
        if (newlinesIn(four) !== 0) break;
        hash = Math.imul(hash, 31) + four;
        at += 4;
      }
      while (bytes[at] !== NEWLINE) hash = Math.imul(hash, 31) + bytes[at++]!;
      detail = this.#names.gfp(view, start, at, Math.imul(hash, 0x9e3779b1));
      if (detail < 0) return -1;
    } else if (kind === PageEventKind.zoneLocked) {
      if (view.getInt32(at, true) !== PER || view.getInt32(at + 4, true) !== CPU) return -1;
      if (view.getInt32(at + 8, true) !== REFI || (view.getInt32(at + 12, true) & LOW_THREE) !== LL)
        return -1;
      detail = bytes[at + 15]! - ZERO;
      if (detail < 0 || detail > 9) return -1;
      at += 16;
    }
    if (bytes[at] !== NEWLINE) return -1;
    this.#blocks.append(kind, order, migrateType, cpu, task, timeNs, pfn, detail);
    return at + 1;
  }
}
