/** Checks that a scenario file names prices there are, and some that are of its platform. */

import { DEFAULT_PRICES } from "../coco/price-set.js";
import { nearestName } from "../nearest-name.js";
import { type Finding, unexpected } from "./findings.js";
import type { PriceSets } from "./price-set-file.js";
import type { ScenarioDocument } from "./scenario.js";
import { asList, completeDocuments, hasPrices } from "./variants.js";

/**
 * @param document has passed `scenarioSchema`
 * @param isPoint whether other points of the same study have other values, so that this one may make no run
 * @throws what `sets` throws
 */
export function checkPrices(document: ScenarioDocument, sets: PriceSets, isPoint: boolean): Finding[] {
  if (document.prices === undefined) return [];
  const all = asList(document.prices);
  const unknown = all.flatMap((named, at): Finding[] => {
    if (named === DEFAULT_PRICES || sets.find(named) !== undefined) return [];
    const path = Array.isArray(document.prices) ? ["prices", at] : ["prices"];
    return [unexpected(path, expectedOf(sets), named, nearestName(named, [DEFAULT_PRICES, ...sets.names]))];
  });
  if (unknown.length > 0 || isPoint) return unknown;
  const kinds = new Set(completeDocuments(document).flatMap(({ platform }) => asList(platform?.kind ?? [])));
  if (kinds.size === 0 || all.some((named) => [...kinds].some((kind) => hasPrices(kind, named, sets)))) {
    return [];
  }
  const are = all.map((named) => `${named} of ${sets.find(named)!.platform}`).join(", ");
  const message = `expected prices of platform ${[...kinds].join(" or ")}, found ${are}`;
  return [{ path: ["prices"], message, onKey: false }];
}

function expectedOf({ names }: PriceSets): string {
  const bundled = [DEFAULT_PRICES, ...names].join(", ");
  return `one of ${bundled}, or a file such as my-machine.yaml`;
}
