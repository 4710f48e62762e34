/** What determines a price, and what it is held against: the form of the tables in `identify`. */

import type { Measured } from "./measured.js";
import type { Quantity } from "./quantity.js";
import type { ReadingName } from "./readings.js";

/** What a fit may ask for: the readings, and prices that were fitted before it. */
export interface FitContext {
  readonly measured: Measured;
  /** A price that is fitted already; undefined where it could not be. */
  fitted(parameter: string): Quantity | undefined;
  /** Its default and range where nobody fits it. */
  assumed(parameter: string): Quantity;
}

/** A reading of the same quantity that feeds no fit of it. */
export interface HeldBack {
  readonly readings: readonly ReadingName[];
  /** What it says of the price. */
  read(context: FitContext): Quantity | undefined;
  /**
   * What has to agree within 15 %, where that is not the price itself but a whole that it is a part of: as the
   * determining readings say it.
   */
  whole?(context: FitContext): Quantity | undefined;
  /** Whether it only bounds the price from below, so that less is no contradiction. */
  readonly isLower?: true;
}

/** A line of the table of identifiability. */
export interface Identification {
  /** As field engineers count them: `I1`. */
  readonly id: string;
  readonly parameter: string;
  /** Readings without which nothing is known of it. */
  readonly needs: readonly ReadingName[];
  /** One line: how the readings give it. */
  readonly how: string;
  fit(context: FitContext): Quantity | undefined;
  /** The widest interval, high over low, that still tells it; `WIDEST` where absent. */
  readonly widest?: number;
  readonly heldBack?: HeldBack;
  /**
   * Prices that cannot be told apart: `fit` gives the sum of these and its own. They stay at their defaults, and the
   * price is what remains, with their ranges in its own.
   */
  readonly ridge?: readonly Share[];
}

/** An interval wider than this, high over low, tells no price. */
export const WIDEST = 3;
/** The same for what only a difference of larger numbers tells. */
export const WIDEST_DIFFERENCE = 1.5;

/** A price in a sum, and how often it is in it. */
export interface Share {
  readonly parameter: string;
  readonly times: number;
}

/** Sizes of pages with which hosts back memory, as in names of prices. */
export type Level = "4k" | "2m";
