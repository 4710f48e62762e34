import { type PriceSet, type PriceSets, parsePriceSet } from "../index.js";
import type { Catalogue } from "./protocol.js";

/** The prices that come with the program, each read when it is first wanted. */
export function bundledPrices({ prices }: Pick<Catalogue, "prices">): PriceSets {
  const read = new Map<string, PriceSet>();
  const find = (name: string): PriceSet | undefined => {
    const text = Object.hasOwn(prices, name) ? prices[name] : undefined;
    if (text === undefined) return undefined;
    const set = read.get(name) ?? parsePriceSet(text, `${name}.yaml`);
    read.set(name, set);
    return set;
  };
  return { find, names: Object.keys(prices) };
}
