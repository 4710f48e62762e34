/** The knobs of a tuning: a place of the scenario file and the values that are tried there. */

import { ScenarioError } from "../../scenario/error.js";
import { MiB, PAGE_SIZE, parseDuration, parseSize, UNIT_SIZE } from "../../units.js";

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
}

/** Values of a range within one doubling: each is 9 % above the one before. */
export const STEPS_PER_DOUBLING = 8;

const MOST_VALUES = 4096;

const KNOB = /^([A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)*)=(.*)$/s;

/**
 * Reads `path=LOW..HIGH`, a logarithmic grid, or `path=a,b,c`; both mix: `0,64MiB..4GiB`.
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
  const unit = unitOf(items);
  if (unit === "name") return { path, unit, values: nameValues(text, items) };
  const values = items.flatMap((item) => numberValues(text, item, unit));
  return { path, unit, values: [...new Set(values)].sort((a, b) => a - b) };
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
  const count = Math.round(Math.log2(high / low) * STEPS_PER_DOUBLING);
  if (count > MOST_VALUES) {
    throw knobError(text, column, `expected a range of fewer than ${MOST_VALUES} values, found "${own}"`);
  }
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
