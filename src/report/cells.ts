/** Cells of reports for people. */

import type { Unit } from "../results/measures.js";
import { formatBytes, formatDuration } from "../units.js";

export const NO_VALUE = "-";

/** How tables print a number of each unit. */
export const NUMBER_TEXTS: Readonly<Record<Unit, (value: number) => string>> = {
  ns: formatDuration,
  bytes: formatBytes,
  count: formatInteger,
  ratio: formatRatio,
  share: formatShare,
};

/** Prints a ratio such as `2.41x`, `12.3x`, `140x`; `-` for null. */
export function formatRatio(ratio: number | null): string {
  if (ratio === null) return NO_VALUE;
  return `${ratio >= 100 ? ratio.toFixed(0) : ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2)}x`;
}

/** Prints a share from 0 to 1 in whole percent; what is above 0 never reads as 0, nor below 1 as 100. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.005) return "<1 %";
  if (share < 1 && share >= 0.995) return ">99 %";
  return `${Math.round(share * 100)} %`;
}

/** Prints a count in at most six characters: `999999`, `1.23M`, `45.6G`. */
export function formatCount(count: number): string {
  if (count < 1e6) return String(count);
  const [scaled, letter] = count < 999.5e6 ? [count / 1e6, "M"] : [count / 1e9, "G"];
  return `${scaled.toPrecision(3)}${letter}`;
}

/** Prints an integer with a comma at every third digit, whatever the locale: `1,048,576`. */
export function formatInteger(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 event`, `2,048 events`. @param noun in the singular, one that takes an s */
export function countOf(count: number, noun: string): string {
  return `${formatInteger(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * `6.12`, `6.18 by the rules of 6.15`: the kernel of a row, and whose rules it has where its name does
 * not say that.
 */
export function kernelText({
  kernel,
  kernelRules,
}: {
  readonly kernel: string;
  readonly kernelRules: string;
}): string {
  // What 6.12 stands for begins with its name, as do the rules of a release that has its own.
  return kernelRules.startsWith(kernel) ? kernel : `${kernel} by the rules of ${kernelRules}`;
}

/** `1 vCPU`, `8 vCPUs`. */
export function formatVcpus(vcpus: number): string {
  return `${vcpus} vCPU${vcpus === 1 ? "" : "s"}`;
}

const BARS = "▁▂▃▄▅▆▇█";

/** One bar for each value: the lowest for 0, the highest for the largest value. */
export function sparkline(values: readonly number[]): string {
  const top = Math.max(1, ...values);
  return values.map((value) => BARS[Math.round((Math.max(0, value) / top) * (BARS.length - 1))]).join("");
}
