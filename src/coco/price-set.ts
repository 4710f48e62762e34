/**
 * Prices of one machine, as somebody measured or published them: a file that takes the place of a platform's own
 * values where it has others, each with its range and where it comes from.
 */

import type { z } from "zod";
import type { Problem, Quantity, Section, SettledOf, Text } from "../fields/field.js";
import { settle } from "../fields/read.js";
import { schemaOf } from "../fields/schema.js";
import { parseDuration } from "../units.js";
import type { Basis, Parameter, ParameterSet } from "./parameters.js";
import { PLATFORM_KINDS, PLATFORMS, type PlatformKind } from "./platforms.js";

/** The name of the prices that a platform has by itself. */
export const DEFAULT_PRICES = "default";

/** What flags could not say is no name. */
const EXPECTED_NAME = "a name without commas and slashes that is no file's and not default";

const BASES: readonly Basis[] = ["measured", "derived", "assumed"];

/** One price of a file. */
const PRICE = {
  value: { is: "time", required: true, varies: "never", what: "what one such operation takes" },
  low: { is: "time", required: true, varies: "never", what: "the least that is plausible, or that was read" },
  high: { is: "time", required: true, varies: "never", what: "the most" },
  basis: {
    is: "choice",
    of: BASES as readonly Basis[],
    required: true,
    varies: "never",
    what: "measured on this machine; derived by arithmetic from what was measured; or assumed, and then ranges of results go over low to high",
  },
  source: {
    is: "text",
    required: true,
    varies: "never",
    what: "the document or the readings, and the arithmetic from there",
  },
} as const;

/** Every key of a file of prices. */
const PRICE_SET = {
  name: {
    is: "text",
    required: true,
    varies: "never",
    check: checkName as (name: string) => Problem | undefined,
    expected: EXPECTED_NAME as string,
    examples: ["tdx-7.0-gnr"],
    what: "short name, which rows of results have",
  },
  description: { is: "text", varies: "never", what: "one sentence about the machine and its measurement" },
  platform: {
    is: "choice",
    of: PLATFORM_KINDS as readonly PlatformKind[],
    required: true,
    varies: "never",
    what: "the platform whose prices these are: tdx, snp or none",
  },
  machine: {
    is: "section",
    fields: {
      processor: aboutMachine("the processor") as AboutMachine,
      date: aboutMachine("when it was measured, as year and month") as AboutMachine,
      hostKernel: aboutMachine("the host's kernel", releaseText) as AboutMachine,
      module: aboutMachine("the TDX module, or the firmware of the SNP processor") as AboutMachine,
      firmware: aboutMachine("the guest's firmware") as AboutMachine,
      memory: aboutMachine("the host's memory") as AboutMachine,
    },
    what: "the machine as far as it is known",
  },
  prices: {
    is: "section",
    fields: pricesByName() as Readonly<Record<string, Section>>,
    what: "prices by their name, as help prices lists them; what is not here is the platform's own",
  },
} as const;

export type SetPrice = Readonly<Record<"value" | "low" | "high", number>> &
  Readonly<Pick<Parameter, "basis" | "source">>;

/** A file of prices, read: times in nanoseconds. */
export interface PriceSet extends Omit<SettledOf<typeof PRICE_SET>, "prices"> {
  readonly prices: Readonly<Record<string, SetPrice>>;
}

/** A file of prices as a schema: names, units and ranges. */
export function priceSetSchema(): z.ZodType<object> {
  schema ??= schemaOf(PRICE_SET);
  return schema;
}

/** Of several hundred parts: made where it is wanted. */
let schema: z.ZodType<object> | undefined;

/** @param document has passed `priceSetSchema` */
export function settledPriceSet(document: object): PriceSet {
  return settle(PRICE_SET, document) as unknown as PriceSet;
}

/** The prices of a platform on a machine. @param set of that platform; its own where there is none */
export function parametersOf(kind: PlatformKind, set: PriceSet | undefined): ParameterSet {
  const { parameters } = PLATFORMS[kind];
  if (set === undefined) return parameters;
  if (set.platform !== kind)
    throw new Error(`coco: prices ${set.name} are of ${set.platform}, not of ${kind}`);
  const said = Object.entries(set.prices).map(([name, price]) => [name, { ...parameters[name]!, ...price }]);
  return { ...parameters, ...Object.fromEntries(said) };
}

function checkName(name: string): Problem | undefined {
  const isGood =
    /^[^\s,/](?:[^,/]*[^\s,/])?$/.test(name) && !/\.ya?ml$/i.test(name) && name !== DEFAULT_PRICES;
  return isGood ? undefined : { message: `expected ${EXPECTED_NAME}` };
}

type AboutMachine = Text & { readonly varies: "never"; readonly orNumber: true };

function aboutMachine(what: string, read: (value: Quantity) => string = String): AboutMachine {
  return { is: "text", orNumber: true, varies: "never", expected: "text", read, what };
}

/** YAML takes `7.0` for the number 7. */
function releaseText(value: Quantity): string {
  return typeof value === "number" && Number.isInteger(value) ? `${value}.0` : String(value);
}

function pricesByName(): Record<string, Section> {
  const all = PLATFORM_KINDS.flatMap((kind) => Object.entries(PLATFORMS[kind].parameters));
  return Object.fromEntries(
    all.map(([name, { what }]) => [
      name,
      { is: "section", optional: true, fields: PRICE, check: checkRange, what },
    ]),
  );
}

/** The value of a price lies between its ends. */
function checkRange(price: Readonly<Record<"value" | "low" | "high", unknown>>): Problem[] {
  const [value, low, high] = [price.value, price.low, price.high].map((time) => parseDuration(String(time))!);
  const problem = (key: string, than: string): Problem => ({
    path: [key],
    message: `expected a time ${than} of ${String(price.value)}`,
  });
  return [
    ...(low! > value! ? [problem("low", "that is not above the value")] : []),
    ...(high! < value! ? [problem("high", "that is not below the value")] : []),
  ];
}
