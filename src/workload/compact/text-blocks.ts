/** The blocks of a compact trace that hold JSON; each function returns undefined for what does not fit. */

import { COUNT_MAX, newTraceCounts, type TraceCounts } from "../trace-counts.js";
import { NAME_CHARACTERS_MAX } from "../trace-names.js";
import type { CompactClock, CompactEnd, CompactMetadata } from "./format.js";

const isText = (value: unknown): value is string => typeof value === "string";
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
/** Half of a pair of UTF-16 cannot be written as UTF-8. */
const isName = (value: unknown): value is string =>
  isText(value) && value.length <= NAME_CHARACTERS_MAX && !/\p{Surrogate}/u.test(value);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function metadataOf(value: unknown): CompactMetadata | undefined {
  if (!isObject(value)) return undefined;
  const { kernel, clock, source } = value;
  if (!Array.isArray(source) || !source.every(isText)) return undefined;
  if ((kernel !== undefined && !isText(kernel)) || (clock !== undefined && !isText(clock))) return undefined;
  return { ...(kernel === undefined ? {} : { kernel }), ...(clock === undefined ? {} : { clock }), source };
}

export function clockOf(value: unknown): CompactClock | undefined {
  if (!isObject(value) || !isCount(value.originSeconds)) return undefined;
  return { originSeconds: value.originSeconds };
}

export function tasksOf(value: unknown): readonly (readonly [comm: string, pid: number])[] | undefined {
  const isTask = (entry: unknown): boolean => Array.isArray(entry) && isName(entry[0]) && isCount(entry[1]);
  return Array.isArray(value) && value.every(isTask) ? value : undefined;
}

export function callersOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every(isName) ? value : undefined;
}

export function endOf(value: unknown): CompactEnd | undefined {
  if (!isObject(value)) return undefined;
  const { events, counts, gfpTexts } = value;
  if (!isCount(events) || !isObject(counts) || !Array.isArray(gfpTexts)) return undefined;
  const none = newTraceCounts();
  const isKnown = ([name, count]: [string, unknown]): boolean =>
    Object.hasOwn(none, name) && isCount(count) && count <= COUNT_MAX;
  if (!Object.entries(counts).every(isKnown)) return undefined;
  const isGfp = (entry: unknown): boolean => Array.isArray(entry) && isText(entry[0]) && isCount(entry[1]);
  if (!gfpTexts.every(isGfp)) return undefined;
  return { events, counts: { ...none, ...(counts as Partial<TraceCounts>) }, gfpTexts };
}
