/** Small multiples: a panel for each input, all together as wide as a page shows them. */

import { formatBytes } from "../../units.js";

/** All panels of a row together, so that the picture is shown 800 pixels wide. */
const PANELS_WIDTH = 660;

/**
 * Panels, a column for each size of guest and a row for each platform.
 *
 * @param platforms in the order of rows; null for that of the alphabet
 * @param values with `memory` and `platform`
 */
export function sizePanels(
  drawn: readonly { readonly memoryBytes: number }[],
  platforms: readonly string[] | null,
  values: readonly object[],
  spec: { readonly height: number; readonly layer: readonly object[] },
): object {
  const sizes = [...new Set(drawn.map(({ memoryBytes }) => memoryBytes))].sort((a, b) => a - b);
  return {
    data: { values },
    facet: {
      column: { field: "memory", type: "nominal", sort: sizes.map(formatBytes), title: null },
      row: { field: "platform", type: "nominal", sort: platforms, title: null },
    },
    spacing: 16,
    spec: { width: Math.floor(PANELS_WIDTH / sizes.length), ...spec },
  };
}
