/** A row of a result as settings: what it says of its scenario, by the names that files have. */

import { DEFAULT_PRICES, type Field, type Fields, SCENARIO, type StoredRow } from "../../index.js";
import type { Settings } from "../settings.js";
import { durationText, sizeText } from "./stops.js";

/** @returns settings of a run with the row's values; what the row does not say is as in the bundled scenario */
export function settingsOfRow(row: StoredRow): Settings {
  const set = Object.entries(row.settings).flatMap(([path, value]) => {
    const found = fileKey(path, value);
    return found === undefined ? [] : [found];
  });
  return {
    platform: row.platform,
    policy: row.policy,
    memory: sizeText(row.memoryBytes),
    vcpus: String(row.vcpus),
    kernel: row.kernel,
    workload: row.workload,
    ...(row.prices === DEFAULT_PRICES ? {} : { prices: row.prices }),
    set: Object.fromEntries(set),
  };
}

type Value = string | number | boolean;

/** The key of a file and its text, for a path of a run; undefined for one that no file has. */
function fileKey(path: string, value: Value): readonly [key: string, text: string] | undefined {
  const [key, field] = resolve(path.split("."), SCENARIO, []) ?? [];
  if (key === undefined || field === undefined) return undefined;
  return [key.join("."), textOf(field, value)];
}

function resolve(
  [name, ...rest]: readonly string[],
  fields: Fields,
  before: readonly string[],
): readonly [key: readonly string[], field: Field] | undefined {
  if (name === undefined) return undefined;
  for (const [key, field] of Object.entries(fields)) {
    if (nameInRun(key, field) !== name) continue;
    const path = field.is === "parameters" && field.inline === true ? before : [...before, key];
    if (rest.length === 0) return [path, field];
    if (field.is === "section" || field.is === "parameters") return resolve(rest, field.fields, path);
  }
  return undefined;
}

function nameInRun(key: string, field: Field): string {
  if ("as" in field && field.as !== undefined) return field.as;
  return field.is === "size" ? `${key}Bytes` : key;
}

function textOf({ is }: Field, value: Value): string {
  if (typeof value !== "number") return String(value);
  if (is === "size") return value === 0 ? "0" : sizeText(value);
  return is === "time" ? durationText(value) : String(value);
}
