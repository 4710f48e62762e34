/**
 * Positions of sliders and the values that they stand for. Memory goes from 1 GiB to 4 PiB, so positions are as far
 * apart in ratio as they can be while every value stays one that a person would type: `1.25GiB`, `all`, `900ns`.
 */

import { formatBytes, formatDuration, parseDuration, parseSize } from "../../index.js";

/** One position of a slider. */
export interface Stop {
  /** As the command line takes it. */
  readonly text: string;
  /** In the unit of its kind: bytes, nanoseconds or a count; Infinity for `all`. */
  readonly value: number;
}

const GiB = 2 ** 30;
const MiB = 2 ** 20;
const KiB = 2 ** 10;
/** RAM of the largest guest. */
const MOST_BYTES: number = 2 ** 52;
const ALL: Stop = { text: "all", value: Number.POSITIVE_INFINITY };

/** A size as text that reads back to the same bytes: `1.25GiB`, or `1310721KiB` where three digits are too few. */
export function sizeText(bytes: number): string {
  const short = formatBytes(bytes).replace(" ", "");
  if (parseSize(short) === bytes) return short;
  const units = [
    [GiB, "GiB"],
    [MiB, "MiB"],
    [KiB, "KiB"],
  ] as const;
  const [factor, unit] = units.find(([size]) => bytes % size === 0) ?? [1, "B"];
  return `${bytes / factor}${unit}`;
}

/** A time as text that reads back to the same nanoseconds: `1.5us`, or `1234567ns`. */
export function durationText(ns: number): string {
  const short = formatDuration(ns).replace(" ", "");
  return parseDuration(short) === ns ? short : `${ns}ns`;
}

/**
 * Sizes from one to another, both included, in equal steps within each doubling.
 *
 * @param from a power of two, in bytes
 * @param perOctave steps of each doubling: 1, 2, 4 or 8
 */
function sizeStops(from: number, to: number, perOctave: number): Stop[] {
  const stops: Stop[] = [];
  for (let octave = from; octave <= to; octave *= 2) {
    for (let step = 0; step < perOctave; step++) {
      const value = octave + (octave / perOctave) * step;
      if (value <= to) stops.push({ value, text: sizeText(value) });
    }
  }
  return stops;
}

/** RAM of a guest: 1 GiB to 4 PiB. */
export const MEMORY_STOPS: readonly Stop[] = sizeStops(GiB, MOST_BYTES, 8);

/**
 * How far the firmware accepts: nothing, amounts from 16 MiB on, everything.
 *
 * @param memoryBytes RAM of the guest
 */
export function preAcceptStops(memoryBytes: number): Stop[] {
  // RAM does not end at its size: the hole below 4 GiB moves the rest up.
  const amounts = sizeStops(16 * MiB, Math.max(32 * MiB, memoryBytes), 4);
  return [{ text: "0", value: 0 }, ...amounts, ALL];
}

/** What a parameter says of its sizes; bounds in bytes. */
export interface SizeBounds {
  readonly min: number;
  readonly max: number;
  readonly powerOfTwo: boolean;
  readonly orAll: boolean;
}

/** Sizes that a parameter of a policy may have. */
export function boundedStops({ min, max, powerOfTwo, orAll }: SizeBounds): Stop[] {
  const from = 2 ** Math.ceil(Math.log2(Math.max(min, 4 * KiB)));
  const least = min < from ? [{ value: min, text: min === 0 ? "0" : sizeText(min) }] : [];
  const most = orAll ? [ALL] : [];
  return [...least, ...sizeStops(from, Math.max(from, max), powerOfTwo ? 1 : 4), ...most];
}

/** Whole numbers: each up to 4, then two for each doubling, and the last one. */
export function countStops(min: number, max: number): Stop[] {
  const values = new Set([min, max]);
  for (let octave = 1; octave <= max; octave *= 2) {
    for (const value of [octave, octave * 1.5]) {
      if (Number.isInteger(value) && value >= min && value <= max) values.add(value);
    }
  }
  return [...values].sort((a, b) => a - b).map((value) => ({ value, text: String(value) }));
}

/** Positions of a price besides its own value and its ends. */
const PRICE_STEPS = 40;
/** Where the ends lie farther apart than this, steps are of equal ratio. */
const WIDE = 8;

/**
 * What a price may be: from low to high, its own value among them.
 *
 * @param own nanoseconds, between the two or at one of them
 */
export function priceStops(own: number, low: number, high: number): Stop[] {
  const isWide = low > 0 && high / low >= WIDE;
  const values = new Set([low, own, high]);
  for (let step = 1; step < PRICE_STEPS; step++) {
    const part = step / PRICE_STEPS;
    const exact = isWide ? low * (high / low) ** part : low + (high - low) * part;
    const rounded = threeDigits(exact);
    if (rounded > low && rounded < high) values.add(rounded);
  }
  return [...values].sort((a, b) => a - b).map((value) => ({ value, text: durationText(value) }));
}

function threeDigits(value: number): number {
  const rounded = Number(value.toPrecision(3));
  return value >= 100 ? Math.round(rounded) : rounded;
}

/**
 * The position whose value is nearest, in ratio.
 *
 * @param value in the unit of the stops; below the first is the first one, above the last the last one
 */
export function nearestStop(stops: readonly Stop[], value: number): number {
  const distance = (stop: Stop): number => {
    if (stop.value === value) return 0;
    if (stop.value === Number.POSITIVE_INFINITY || value === Number.POSITIVE_INFINITY)
      return Number.MAX_VALUE;
    // One unit keeps zero comparable.
    return Math.abs(Math.log2((stop.value + 1) / (value + 1)));
  };
  let best = 0;
  for (const [at, stop] of stops.entries()) if (distance(stop) < distance(stops[best]!)) best = at;
  return best;
}
