/** Every picture there is, the most fitting for a result before others: `plot` draws the first that has something to show. */

import type { ResultDocument } from "./documents.js";
import { fidelity } from "./fidelity.js";
import { largest } from "./largest.js";
import { map } from "./map.js";
import { memory } from "./memory.js";
import { overhead } from "./overhead.js";
import { phases } from "./phases.js";
import type { Drawn, Picture } from "./picture.js";
import { prices } from "./prices.js";
import { published } from "./published.js";
import { regret } from "./regret.js";
import { scaling } from "./scaling.js";
import type { ThemeColours } from "./theme.js";
import { times } from "./times.js";
import { tuning } from "./tuning.js";
import { waits } from "./waits.js";

export const PICTURES: readonly Picture[] = [
  times,
  overhead,
  phases,
  memory,
  waits,
  scaling,
  prices,
  tuning,
  regret,
  largest,
  fidelity,
  published,
  map,
];

/** The pictures that these results have, each as it is drawn. */
export function picturesOf(
  results: readonly ResultDocument[],
  colours: ThemeColours,
): { readonly picture: Picture; readonly drawn: Drawn }[] {
  return PICTURES.flatMap((picture) => {
    const drawn = picture.draw(results, colours);
    return typeof drawn === "string" ? [] : [{ picture, drawn }];
  });
}
