/** Files of prices, as text. */

import { PLATFORMS } from "../coco/platforms.js";
import { type PriceSet, priceSetSchema, settledPriceSet } from "../coco/price-set.js";
import { didYouMean } from "../nearest-name.js";
import type { Finding } from "./findings.js";
import { errorFor, parseYamlWithPositions, YamlSource } from "./yaml.js";

/**
 * Reads a file of prices, as `workloads/prices` and `unaccepted calibrate` have them.
 *
 * @param text content of the file
 * @param fileName only for messages
 * @returns its prices in nanoseconds
 * @throws ScenarioError with every mistake and its place
 */
export function parsePriceSet(text: string, fileName: string): PriceSet {
  const set = settledPriceSet(parseYamlWithPositions(text, fileName, priceSetSchema()));
  const own = Object.keys(PLATFORMS[set.platform].parameters);
  const strange = Object.keys(set.prices).filter((name) => !own.includes(name));
  if (strange.length === 0) return set;
  const source = new YamlSource(text, fileName);
  const findings = strange.map((name): Finding => {
    const message = `expected a price of platform ${set.platform}, found ${name}${didYouMean(name, own)}`;
    return { path: ["prices", name], message, onKey: true };
  });
  throw errorFor(findings, ({ path, onKey }) => source.placeOf(path, onKey));
}

/** Sets of prices by what a file calls them: the name of one, or a path relative to that file. */
export interface PriceSets {
  /** Undefined for a name that stands for none. @throws for a file that cannot be read, or is wrong */
  find(named: string): PriceSet | undefined;
  /** For "did you mean". */
  readonly names: readonly string[];
}

/** Where nobody has any. */
export const NO_PRICE_SETS: PriceSets = { find: () => undefined, names: [] };
