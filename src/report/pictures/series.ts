/** Policies in pictures: each has the same colour and shape in every picture of the same results. */

import { policyText } from "../row-groups.js";
import type { DocumentRow, ResultDocument } from "./documents.js";
import { SHAPES, type ThemeColours } from "./theme.js";

/** Of `run`, `compare` and `sweep`, in the order given. */
export function rowsIn(results: readonly ResultDocument[]): DocumentRow[] {
  return results.flatMap((result) => (result.kind === "rows" ? result.rows : []));
}

/** A run that got ready without a problem; what another one did with less memory says nothing. */
export function isDrawn({
  outcome,
  problems = [],
}: DocumentRow & { readonly problems?: readonly unknown[] }): boolean {
  return outcome === "ready" && problems.length === 0;
}

/** Encodings of marks that have a field `policy`. */
export interface PolicySeries {
  readonly color: object;
  readonly shape: object;
}

/**
 * @param results all that is drawn together, whatever this picture draws of it
 * @param shown names of policies that this picture has; only these are in its legend
 */
export function policySeries(
  results: readonly ResultDocument[],
  shown: ReadonlySet<string>,
  colours: ThemeColours,
): PolicySeries {
  const all = [...new Set(rowsIn(results).map(policyText))];
  const own = all.flatMap((policy, at) => (shown.has(policy) ? [{ policy, at }] : []));
  const legend = { orient: "bottom", columns: 4, symbolSize: 80, columnPadding: 24, labelLimit: 240 };
  const encoding = (range: readonly string[]): object => ({
    field: "policy",
    type: "nominal",
    title: null,
    legend,
    scale: { domain: own.map(({ policy }) => policy), range },
  });
  return {
    color: encoding(own.map(({ at }) => colours.series[at % colours.series.length]!)),
    // Where colours come again, they come with other shapes.
    shape: encoding(own.map(({ at }) => SHAPES[(at + Math.floor(at / SHAPES.length)) % SHAPES.length]!)),
  };
}
