const BARS = "▁▂▃▄▅▆▇█";

/** One bar for each value: the lowest for 0, the highest for the largest value. */
export function sparkline(values: readonly number[]): string {
  const top = Math.max(1, ...values);
  return values.map((value) => BARS[Math.round((Math.max(0, value) / top) * (BARS.length - 1))]).join("");
}
