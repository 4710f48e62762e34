/** Every picture there is, the most fitting for a result before others: `plot` draws the first that has something to show. */

import type { ResultDocument } from "./documents.js";
import { overhead } from "./overhead.js";
import type { Drawn, Picture } from "./picture.js";
import type { ThemeColours } from "./theme.js";
import { times } from "./times.js";
import { tuning } from "./tuning.js";

export const PICTURES: readonly Picture[] = [times, overhead, tuning];

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
