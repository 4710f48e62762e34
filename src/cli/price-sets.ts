/** Files of prices, by name where they come with the program, else by path. */

import { dirname, isAbsolute, join, resolve } from "node:path";
import type { PriceSet } from "../coco/price-set.js";
import { type PriceSets, parsePriceSet } from "../scenario/price-set-file.js";
import { bundledPriceNames, bundledPrices } from "./bundled.js";
import { readInputText } from "./input-file.js";
import { UsageError } from "./usage-error.js";

/** Whether a text is the path of a file of prices, rather than the name of one. */
function isPriceFile(text: string): boolean {
  return /\.ya?ml$/i.test(text) || text.includes("/");
}

/**
 * The prices that a scenario file can name; each is read once.
 *
 * @param scenarioFile to whose folder paths are relative
 * @returns also those that were read so far, by their paths
 */
export function priceSetsFor(
  scenarioFile: string,
): PriceSets & { readonly read: ReadonlyMap<string, PriceSet> } {
  const read = new Map<string, PriceSet>();
  const find = (named: string): PriceSet | undefined => {
    const path = isPriceFile(named) ? pathFrom(scenarioFile, named) : bundledPrices(named);
    if (path === undefined) return undefined;
    const known = read.get(path);
    if (known !== undefined) return known;
    const set = parsePriceSet(readInputText(path), path);
    const [other] = [...read].find(([, { name }]) => name === set.name) ?? [];
    if (other !== undefined) {
      throw new UsageError(
        `${path}: has the name of ${other}, ${set.name}, and rows would not tell them apart`,
      );
    }
    read.set(path, set);
    return set;
  };
  return { find, names: bundledPriceNames(), read };
}

function pathFrom(file: string, mentioned: string): string {
  return isAbsolute(mentioned) ? mentioned : join(dirname(file), mentioned);
}

/** What a flag writes over a scenario file: paths in those are relative to their folder, typed ones to the working directory. */
export function typedPrices(text: string): string {
  return isPriceFile(text) ? resolve(text) : text;
}
