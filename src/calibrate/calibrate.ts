/** From the readings of a machine to its prices: what they are, how sure, what says so, and what nobody can tell. */

import type { Parameter, ParameterSet } from "../coco/parameters.js";
import { PLATFORMS, type PlatformKind } from "../coco/platforms.js";
import { formatDuration } from "../units.js";
import type { CalibrationBoot } from "./boots.js";
import {
  type FitContext,
  type HeldBack,
  type Identification,
  type Level,
  type Share,
  WIDEST,
  WIDEST_DIFFERENCE,
} from "./identification.js";
import { plainIdentifications } from "./identify/common.js";
import { snpIdentifications } from "./identify/snp.js";
import { tdxIdentifications } from "./identify/tdx.js";
import { DISAGREEMENT, Measured } from "./measured.js";
import { less, type Quantity, scaled } from "./quantity.js";
import { READINGS, type ReadingName } from "./readings.js";
import { type KitFile, type RecordOf, readRecords } from "./records.js";

/** A price, in nanoseconds. */
export interface MeasuredPrice {
  readonly parameter: string;
  readonly valueNs: number;
  /** Interval of 95 %. */
  readonly lowNs: number;
  readonly highNs: number;
  /** Line of the table of identifiability. */
  readonly id: string;
  readonly how: string;
  /** Readings that determine it. */
  readonly readings: readonly string[];
  /** A reading that does not feed it, and what that says; absent where none was made. */
  readonly heldBack?: {
    readonly readings: readonly ReadingName[];
    readonly valueNs: number;
    /** Whether it only says that the price is not less. */
    readonly isLower: boolean;
  };
  /** Prices that are kept at their defaults, as only the sum is known. */
  readonly ridge?: Ridge;
}

/** Prices of which only a sum is known. */
export interface Ridge {
  readonly sumNs: number;
  readonly lowNs: number;
  readonly highNs: number;
  readonly kept: readonly (Share & {
    readonly valueNs: number;
    readonly lowNs: number;
    readonly highNs: number;
  })[];
}

/** A price that is left at its default, and why. */
export interface Unpriced {
  readonly parameter: string;
  readonly id: string;
  readonly because: string;
}

export interface Calibration {
  readonly platform: PlatformKind;
  /** Host pages that the fits are made for. */
  readonly level: Level;
  readonly prices: readonly MeasuredPrice[];
  /** Two readings of one quantity disagree. */
  readonly refused: readonly Unpriced[];
  /** Readings are missing, or do not tell it. */
  readonly unpriced: readonly Unpriced[];
  /** Readings that the scripts could not make, and what they lacked. */
  readonly missing: readonly { readonly reading: ReadingName; readonly lacks: string }[];
  /** What a user should know besides. */
  readonly remarks: readonly string[];
  readonly machine: readonly RecordOf<"machine">[];
  readonly measured: Measured;
}

const IDENTIFICATIONS: Readonly<
  Record<PlatformKind, (level: Level, clear: string) => readonly Identification[]>
> = {
  tdx: tdxIdentifications,
  snp: snpIdentifications,
  none: plainIdentifications,
};

/** Below the one share of pages of 4 KiB, and above the other, blocks are all alike. */
const SHARES_OF_4K = { least: 0.05, most: 0.95 } as const;

/** Readings that speak of one platform and level of pages do not mix with others. @throws CalibrateError for damaged records */
export function calibrate(files: readonly KitFile[]): Calibration {
  const records = readRecords(files);
  const measured = new Measured(records, files);
  const platform = platformOf([...measured.boots.values()]);
  const share = measured.share4k();
  const level: Level = share === undefined || share > 0.5 ? "4k" : "2m";
  const remarks = [
    ...records.cutOff.map((place) => `${place}: ends in the middle of a record, which is left out`),
    ...(share === undefined ? ["Without H4 the host is taken to back the guest with pages of 4 KiB"] : []),
  ];
  const parameters = PLATFORMS[platform].parameters;
  const clear =
    level === "2m" && measured.host.clearsInOrder ? "hostClear2mSequentialNs" : `hostClear${level}Ns`;
  const table = IDENTIFICATIONS[platform](level, clear).filter(({ parameter }) => parameter in parameters);
  const fitted = new Map<string, Quantity>();
  const context: FitContext = {
    measured,
    fitted: (parameter) => fitted.get(parameter),
    assumed: (parameter) => rangeOf(parameters[parameter]),
  };
  const prices: MeasuredPrice[] = [];
  const refused: Unpriced[] = [];
  const unpriced: Unpriced[] = [];
  const isSettled = (name: string): boolean =>
    [...prices, ...refused].some(({ parameter }) => parameter === name);
  for (const line of table) {
    const one = withoutKnown(line, prices);
    const { parameter, id } = one;
    // A later line says what is left to say where readings for an earlier one are missing.
    if (isSettled(parameter)) continue;
    const differ = whyBlocksDiffer(one, measured);
    if (differ !== undefined) {
      refused.push({ parameter, id, because: differ });
      continue;
    }
    const quantity = one.fit(context);
    if (quantity === undefined) {
      unpriced.push({ parameter, id, because: whyNot(one, measured) });
      continue;
    }
    const price = priceOf(one, quantity, context, parameters);
    if (typeof price === "string") {
      unpriced.push({ parameter, id, because: price });
      continue;
    }
    const contradiction = contradictionOf(one.heldBack, quantity, context);
    if (contradiction === undefined) prices.push(price);
    else refused.push({ parameter, id, because: contradiction });
    fitted.set(parameter, quantity);
  }
  const open = unpriced.filter(
    ({ parameter }, at) =>
      !isSettled(parameter) && unpriced.findIndex((one) => one.parameter === parameter) === at,
  );
  const missing = [...records.missing].map(([reading, lacks]) => ({ reading, lacks }));
  return {
    platform,
    level,
    prices,
    refused,
    unpriced: open.filter(({ parameter }) => !isKept(parameter, prices)),
    missing,
    remarks,
    machine: records.of("machine"),
    measured,
  };
}

/** @throws Error where there are none, or of several platforms */
function platformOf(boots: readonly CalibrationBoot[]): PlatformKind {
  const kinds = [...new Set(boots.map(({ platform }) => platform))];
  if (kinds.length === 1) return kinds[0]!;
  if (kinds.length === 0) throw new CalibrationImpossible('expected a record "boot", found none');
  throw new CalibrationImpossible(`expected boots of one platform, found ${kinds.join(" and ")}`);
}

/** The same where prices of its sum are known by now: these are no part of it any more. */
function withoutKnown(one: Identification, prices: readonly MeasuredPrice[]): Identification {
  const { ridge, heldBack } = one;
  const told = (ridge ?? []).filter((share) => prices.some(({ parameter }) => parameter === share.parameter));
  const others = (ridge ?? []).filter((share) => !told.includes(share) && !isKept(share.parameter, prices));
  if (ridge === undefined || others.length === ridge.length) return one;
  const { ridge: _whole, heldBack: _held, ...rest } = one;
  const rid =
    (of: Identification["fit"]): Identification["fit"] =>
    (context) => {
      const whole = of(context);
      const parts = told.map(({ parameter, times }) => scaled(context.fitted(parameter)!, times));
      return whole === undefined ? undefined : less(whole, ...parts);
    };
  return {
    ...rest,
    widest: WIDEST_DIFFERENCE,
    fit: rid((context) => one.fit(context)),
    ...(heldBack === undefined
      ? {}
      : { heldBack: { ...heldBack, read: rid((context) => heldBack.read(context)) } }),
    ...(others.length === 0 ? {} : { ridge: others }),
  };
}

/** Whether a sum is known that it is a part of. */
function isKept(parameter: string, prices: readonly MeasuredPrice[]): boolean {
  return prices.some(({ ridge }) => ridge?.kept.some((one) => one.parameter === parameter));
}

/** Records that nothing can be made of as a whole. */
export class CalibrationImpossible extends Error {
  override readonly name = "CalibrationImpossible";
}

function rangeOf({ value, low, high }: Pick<Parameter, "value" | "low" | "high"> = NOTHING): Quantity {
  return { value, half: Math.max(value - low, high - value), from: [] };
}

const NOTHING = { value: 0, low: 0, high: 0 } as const;

/** Why a price does not follow from blocks, of which those of this guest are not alike. */
function whyBlocksDiffer({ needs }: Identification, measured: Measured): string | undefined {
  const share = measured.share4k();
  const isMixed = share !== undefined && share > SHARES_OF_4K.least && share < SHARES_OF_4K.most;
  if (isMixed && (needs.includes("G3") || needs.includes("H1"))) {
    return `H4: ${Math.round(share * 100)} % of the memory is in pages of 4 KiB, so blocks are not alike`;
  }
  const apart = needs.includes("G3") ? measured.blocksApart() : undefined;
  if (apart === undefined) return undefined;
  const [more, less] = apart.map(({ name, ns }) => `${formatDuration(ns)} in boot ${name}`);
  return `G3: a block takes ${more}, ${less}, more than 15 % apart; if the host backs one ahead, say so (H6)`;
}

function whyNot({ needs }: Identification, { records }: Measured): string {
  const lacking = needs.filter((reading) => records.of(reading).length === 0);
  if (lacking.length === 0) return `what there is of ${needs.join(" and ")} does not tell it`;
  return lacking
    .map((reading) => {
      const lacks = records.missing.get(reading);
      return lacks === undefined ? `no ${reading}` : `no ${reading} (${lacks} is missing)`;
    })
    .join(", ");
}

function contradictionOf(
  held: HeldBack | undefined,
  quantity: Quantity,
  context: FitContext,
): string | undefined {
  const other = held?.read(context);
  if (held === undefined || other === undefined) return undefined;
  const whole = held.whole?.(context) ?? quantity;
  const difference = other.value - quantity.value;
  if (held.isLower === true && difference < 0) return undefined;
  if (Math.abs(difference) <= DISAGREEMENT * Math.abs(whole.value)) return undefined;
  if (Math.abs(difference) <= Math.hypot(other.half, quantity.half)) return undefined;
  const [own, its] = [quantity, other].map(({ value }) => formatDuration(value));
  const percent = Math.round((100 * Math.abs(difference)) / Math.abs(whole.value));
  const of = held.whole === undefined ? "" : " of the whole";
  return `${quantity.from.join(" and ")} say ${own}, ${held.readings.join(" and ")} ${its}: ${percent} %${of} apart, more than 15 %`;
}

/** @returns why there is none, where the readings do not tell it well enough */
function priceOf(
  { parameter, id, how, ridge, heldBack, widest = WIDEST }: Identification,
  quantity: Quantity,
  context: FitContext,
  parameters: ParameterSet,
): MeasuredPrice | string {
  const { value, half, from } = quantity;
  const [low, high] = [value - half, value + half];
  if (!(low > 0) || high / low > widest) {
    if (high <= 0) return "less than its error";
    const [least, most] = [low, high].map(formatDuration);
    return low > 0 ? `only known to be ${least} to ${most}` : `only known to be at most ${most}`;
  }
  const other = heldBack?.read(context);
  const common = {
    parameter,
    id,
    how,
    readings: from,
    ...(other === undefined
      ? {}
      : {
          heldBack: {
            readings: heldBack!.readings,
            valueNs: other.value,
            isLower: heldBack!.isLower === true,
          },
        }),
  };
  if (ridge === undefined) return { ...common, valueNs: value, lowNs: low, highNs: high };
  return { ...common, ...alongRidge({ sumNs: value, lowNs: low, highNs: high }, ridge, parameters) };
}

/** Others stay at their defaults, as far as these leave room: all of them together get half of the sum at most. */
function alongRidge(
  sum: Omit<Ridge, "kept">,
  shares: readonly Share[],
  parameters: ParameterSet,
): Pick<MeasuredPrice, "valueNs" | "lowNs" | "highNs" | "ridge"> {
  const others = shares.map((share) => ({ share, price: parameters[share.parameter]! }));
  const total = (of: "value" | "low" | "high"): number =>
    others.reduce((all, { share, price }) => all + share.times * price[of], 0);
  const part = Math.min(1, sum.sumNs / 2 / total("value"));
  const kept = others.map(({ share, price }) => {
    const valueNs = price.value * part;
    return { ...share, valueNs, lowNs: Math.min(price.low, valueNs), highNs: Math.max(price.high, valueNs) };
  });
  return {
    valueNs: sum.sumNs - total("value") * part,
    lowNs: Math.max(0, sum.lowNs - total("high")),
    highNs: Math.max(sum.highNs - total("low"), sum.sumNs - total("value") * part),
    ridge: { ...sum, kept },
  };
}

/** What each reading of the kit is, for those who want to know. */
export function readingText(reading: ReadingName): string {
  return READINGS[reading].what;
}
