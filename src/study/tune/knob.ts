/** The knobs of a tuning: a place of the scenario file and the values that are tried there. */

import { ScenarioError } from "../../scenario/error.js";
import { type AddressRange, MiB, PAGE_SIZE, parseDuration, parseSize, UNIT_SIZE } from "../../units.js";

/** How values of a knob that have an order are written. */
type ValueUnit = "bytes" | "ns" | "number";

/** A setting of a knob; sizes are bytes and times nanoseconds. */
export type KnobValue = number | string | boolean;

export interface Knob {
  /** Dotted, such as `firmware.preAcceptLimit`. */
  readonly path: string;
  /** `name` for values that have no order, all others ascend. */
  readonly unit: ValueUnit | "name";
  /** The fine grid, at least one value. */
  readonly values: readonly KnobValue[];
  /** Where a range up to `all` begins, whose values follow when the guest is known (`rangeUpTo`). */
  readonly openFrom?: number;
  /** What `all` is in the guest that is tuned, for a knob of which that is known. */
  readonly reach?: Reach;
}

/** How far a knob reaches in one guest. */
export interface Reach {
  /** The least value that is everything the guest has. */
  readonly allBytes: number;
  readonly is: "address" | "amount";
  /** Addresses without RAM: a limit in or at the end of one does what its start does. */
  readonly holes: readonly AddressRange[];
}

/** Values of a range within one doubling: each is 9 % above the one before. */
export const STEPS_PER_DOUBLING = 8;

const MOST_VALUES = 4096;

const KNOB = /^([A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)*)=(.*)$/s;

/**
 * Reads `path=LOW..HIGH`, a logarithmic grid, or `path=a,b,c`; both mix: `0,64MiB..4GiB`. A range of sizes may
 * end with `all`, which is as much as the guest has.
 *
 * @throws ScenarioError that names the flag and the column
 */
export function parseKnob(text: string): Knob {
  const match = KNOB.exec(text);
  if (match === null) throw knobError(text, 1, "expected path.to.key=LOW..HIGH or path.to.key=a,b,c");
  const path = match[1]!;
  let column = path.length + 2;
  const items: Item[] = [];
  for (const part of match[2]!.split(",")) {
    items.push({ column, text: part.trim(), ends: part.split("..").map((end) => end.trim()) });
    column += part.length + 1;
  }
  const wrong = items.find(({ ends }) => ends.length > 2 || ends.includes(""));
  if (wrong !== undefined) {
    const found = wrong.text === "" ? "nothing" : `"${wrong.text}"`;
    throw knobError(text, wrong.column, `expected a value or LOW..HIGH, found ${found}`);
  }
  const open = items.filter(({ ends }) => ends[1] === ALL);
  const closed = items.map((item) => (open.includes(item) ? { ...item, ends: [item.ends[0]!] } : item));
  const own = unitOf(closed);
  if (open.length === 0 && own === "name") return { path, unit: own, values: nameValues(text, items) };
  const unit = open.length > 0 && own === "number" ? "bytes" : own;
  const lows = open.map((item) => openEnd(text, item, unit));
  const values = closed.flatMap((item) => numberValues(text, item, unit as ValueUnit));
  return {
    path,
    unit,
    values: ascending(values),
    ...(lows.length === 0 ? {} : { openFrom: Math.min(...lows) }),
  };
}

/** The end of a range that goes as far as the guest. */
const ALL = "all";

/** The values of a knob whose range goes up to all that the guest has, each of which does something else. */
export function rangeUpTo({ values, openFrom }: Knob, { allBytes, holes }: Reach): number[] {
  const range = openFrom! < allBytes ? grid(openFrom!, allBytes) : [allBytes];
  const apart = range.map((value) => {
    const hole = holes.find(({ start, end }) => value > start && value <= end);
    return hole === undefined ? value : hole.start;
  });
  const others = (values as readonly number[]).filter((value) => value !== openFrom);
  return ascending([...others, ...apart]);
}

/** The low end of a range up to `all`; @throws ScenarioError unless all values of its knob are sizes */
function openEnd(text: string, { column, text: own, ends }: Item, unit: Knob["unit"]): number {
  const low = unit === "bytes" ? parseSize(ends[0]!)! : 0;
  if (low > 0) return low;
  throw knobError(
    text,
    column,
    `expected a size above 0 before "..all", and no other kind of value, found "${own}"`,
  );
}

/** How much RAM a limit of what the firmware accepts stands for. */
export function ramUpTo(value: number, { is, allBytes, holes }: Reach): number {
  const end = Math.min(value, allBytes);
  if (is === "amount") return end;
  return holes.reduce((ram, hole) => ram - Math.max(0, Math.min(end, hole.end) - hole.start), end);
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

interface Item {
  readonly column: number;
  readonly text: string;
  /** One value, or both ends of a range. */
  readonly ends: readonly string[];
}

/** The unit that all values have; bare numbers go with any of them, but not words. */
function unitOf(items: readonly Item[]): Knob["unit"] {
  const words = items.flatMap(({ ends }) => ends);
  if (words.every((word) => /^\d+(?:\.\d+)?$/.test(word))) return "number";
  if (words.every((word) => parseSize(word) !== undefined)) return "bytes";
  return words.every((word) => parseDuration(word) !== undefined) ? "ns" : "name";
}

function nameValues(text: string, items: readonly Item[]): KnobValue[] {
  const values = items.map(({ column, text: word, ends }): KnobValue => {
    if (ends.length > 1) {
      const message = `expected two sizes, two times or two numbers round "..", found "${word}"`;
      throw knobError(text, column, message);
    }
    if (word === "true" || word === "false") return word === "true";
    return /^\d+(?:\.\d+)?$/.test(word) ? Number(word) : word;
  });
  return [...new Set(values)];
}

function numberValues(text: string, { column, text: own, ends }: Item, unit: ValueUnit): number[] {
  const [low, high] = ends.map((end) => numberOf(end, unit)) as [number, number?];
  if (high === undefined) return [low];
  if (low <= 0 || high <= low) {
    throw knobError(text, column, `expected a range that rises from above 0, found "${own}"`);
  }
  if (stepsBetween(low, high) > MOST_VALUES) {
    throw knobError(text, column, `expected a range of fewer than ${MOST_VALUES} values, found "${own}"`);
  }
  return grid(low, high, unit);
}

function stepsBetween(low: number, high: number): number {
  return Math.round(Math.log2(high / low) * STEPS_PER_DOUBLING);
}

/** Both ends, and values between them that grow by the same factor. */
function grid(low: number, high: number, unit: ValueUnit = "bytes"): number[] {
  const count = stepsBetween(low, high);
  const grain = grainOf(low, high, unit);
  const inner = Array.from({ length: Math.max(0, count - 1) }, (_none, index) => {
    const exact = low * 2 ** ((index + 1) / STEPS_PER_DOUBLING);
    return grain === 0 ? Number(exact.toPrecision(3)) : Math.round(exact / grain) * grain;
  });
  return [low, ...inner.filter((value) => value > low && value < high), high];
}

function numberOf(word: string, unit: ValueUnit): number {
  if (unit === "bytes") return parseSize(word)!;
  return unit === "ns" ? parseDuration(word)! : Number(word);
}

/** The grain of a range, of which all its values are multiples, as its ends are; 0 for fractions. */
function grainOf(low: number, high: number, unit: ValueUnit): number {
  const grains = unit === "bytes" ? [UNIT_SIZE, MiB, PAGE_SIZE, 1] : [1];
  return grains.find((grain) => low % grain === 0 && high % grain === 0) ?? 0;
}

/** @param column where in the text, from 1 */
function knobError(text: string, column: number, message: string): ScenarioError {
  return new ScenarioError([
    { place: { flag: `--knob '${text}'` }, path: "", message: `column ${column}: ${message}` },
  ]);
}
