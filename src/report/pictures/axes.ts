/** Axes that several pictures have. */

/** Names one below the other, without a line or ticks. @param sort as Vega-Lite has it */
export function namesAxis(field: string, sort: readonly string[] | object, more: object = {}): object {
  return {
    field,
    type: "nominal",
    sort,
    title: null,
    axis: { labelLimit: 200, domain: false, ticks: false, ...more },
  };
}

/** Below a panel, which has place for a few. */
export const SECONDS_AXIS = {
  tickCount: 3,
  labelExpr: "datum.label + ' s'",
  format: "~r",
  domain: false,
  ticks: false,
} as const;
