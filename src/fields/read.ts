/** From what a file says to what a run has. */

import { formatBytes, parseDuration, parseSize } from "../units.js";
import type { Field, Fields, Leaf, Parameters, Quantity, Size } from "./field.js";

/** The value of a leaf in a run; undefined for one that is not allowed. Names, flags and numbers stay unchanged. */
export function readLeaf(field: Leaf, value: Quantity | boolean): Quantity | boolean | undefined {
  if (field.is === "size") return readSize(field, value as Quantity);
  if (field.is === "time") return parseDuration(String(value));
  return field.is === "text" && field.read !== undefined ? field.read(value as Quantity) : value;
}

/** A size in bytes; undefined for text that is not a size and for one out of range. */
export function readSize(field: Size, value: Quantity): number | undefined {
  if (field.orAll === true && value === "all") return Number.POSITIVE_INFINITY;
  const bytes = parseSize(String(value));
  if (bytes === undefined || bytes < bound(field.min, 0)) return undefined;
  if (bytes > bound(field.max, Number.POSITIVE_INFINITY)) return undefined;
  if (field.multipleOf !== undefined && bytes % bound(field.multipleOf, 1) !== 0) return undefined;
  if (field.powerOfTwo === true && !Number.isInteger(Math.log2(bytes))) return undefined;
  return field.oneOf?.includes(bytes) === false ? undefined : bytes;
}

function bound(written: Quantity | undefined, byDefault: number): number {
  if (written === undefined) return byDefault;
  return typeof written === "number" ? written : parseSize(written)!;
}

/** The values a size, a count or a time may have, for an error message. */
export function expectedOf(field: Leaf): string {
  if (field.is === "time") return "a time such as 250us";
  if (field.is === "count") {
    const numbers = `a whole number from ${field.min} to ${field.max}`;
    return field.or === undefined ? numbers : `${numbers}, or ${field.or}`;
  }
  if (field.is === "flag") return "true or false";
  if ("expected" in field && field.expected !== undefined) return field.expected;
  if (field.is !== "size") return "text";
  const [least, most] = [field.min, field.max].map((written) => formatBytes(bound(written, 0)));
  if (field.max === undefined && field.orAll !== true) return `a size of ${least} or more`;
  if (field.powerOfTwo === true) return `a power of two from ${least} to ${most}`;
  return field.orAll === true ? `a size of ${least} or more, or all` : `a size from ${least} to ${most}`;
}

/**
 * The settings of a run.
 *
 * @param document the file's settings, checked, with one value where there can be a list
 * @param root the whole of it, for parameters of a choice made in another section
 * @throws Error for anything the schema should have refused
 */
export function settle(fields: Fields, document: object, root: object = document): object {
  const said = document as Readonly<Record<string, unknown>>;
  const settled: Record<string, unknown> = {};
  // Sweeps come here for each run, so there is no list of entries.
  for (const key in fields) {
    const field = fields[key]!;
    const value = settledValue(key, field, said, root);
    if (value !== undefined) settled[nameInRun(key, field)] = value;
  }
  return settled;
}

function settledValue(
  key: string,
  field: Field,
  said: Readonly<Record<string, unknown>>,
  root: object,
): unknown {
  const value = said[key];
  switch (field.is) {
    case "section":
      return value === undefined && field.optional === true
        ? undefined
        : settle(field.fields, (value ?? {}) as object, root);
    case "list":
      return ((value ?? []) as object[]).map((entry) => settle(field.fields, entry, root));
    case "parameters": {
      const values = { ...field.defaults(choiceOf(field, root)), ...(value as object) };
      const own = Object.keys(values).map((name) => [name, field.fields[name]!] as const);
      return settle(Object.fromEntries(own), values, root);
    }
    default:
      return field.fileOnly === true ? undefined : leafValue(key, field, value ?? defaultOf(field, said));
  }
}

/** A document in which a value that stands for a mapping is that mapping. */
export function withoutShortForms(fields: Fields, document: object): object {
  const entries = Object.entries(document).map(([key, value]: [string, unknown]) => {
    const field = fields[key];
    if (field?.is !== "section" || value === undefined) return [key, value] as const;
    const { short, fields: inner } = field;
    const isMapping = typeof value === "object" && value !== null && !Array.isArray(value);
    if (isMapping) return [key, withoutShortForms(inner, value)] as const;
    return [key, short === undefined ? value : { [short]: value }] as const;
  });
  return Object.fromEntries(entries);
}

function leafValue(key: string, field: Leaf, value: unknown): unknown {
  if (value === undefined && field.required === undefined && field.needed === undefined) return undefined;
  if (value === undefined || Array.isArray(value))
    throw new Error(`scenario: ${key} does not have exactly one value`);
  const said = value as Quantity | boolean;
  const read = readLeaf(field, said);
  if (read === undefined) throw new Error(`scenario: ${key} ${said} should not have passed the schema`);
  return read;
}

/** @param said the other values of its mapping, as the file or the run has them */
export function defaultOf(
  field: Leaf,
  said: Readonly<Record<string, unknown>>,
): Quantity | boolean | undefined {
  for (const key in field.defaultFor) {
    const special = field.defaultFor[key]![String(said[key])];
    if (special !== undefined) return special;
  }
  return field.default;
}

/** The name of a field in a run: sizes say that they are in bytes. */
export function nameInRun(key: string, field: Field): string {
  if ("as" in field && field.as !== undefined) return field.as;
  return field.is === "size" ? `${key}Bytes` : key;
}

export function choiceOf({ of }: Parameters, root: object): string {
  const chosen = of.reduce<unknown>(
    (around, key) => (around as Record<string, unknown> | undefined)?.[key],
    root,
  );
  if (typeof chosen !== "string")
    throw new Error(`scenario: ${of.join(".")} does not have exactly one value`);
  return chosen;
}

/** All defaults as a file would write them, except those that depend on other keys, and of fields absent by default. */
export function defaultsOf(fields: Fields): object {
  const said = Object.entries(fields).flatMap(([key, field]): (readonly [string, unknown])[] => {
    if (field.is === "section") {
      const inner = field.optional === true ? {} : defaultsOf(field.fields);
      return Object.keys(inner).length === 0 ? [] : [[key, inner]];
    }
    if (field.is === "list" || field.is === "parameters" || field.defaultFor !== undefined) return [];
    return field.default === undefined ? [] : [[key, field.default]];
  });
  return Object.fromEntries(said);
}

/** A default for the reference: as a file would write it, or in words. */
export function defaultText(field: Field): string {
  if (field.is === "section") return field.byDefault ?? "none";
  if (field.is === "parameters") return "none";
  if (field.required === true) return "required";
  if (field.is === "list") return "none";
  if (field.default === "") return '""';
  const special = Object.values(field.defaultFor ?? {}).flatMap((values) =>
    Object.entries(values).map(([name, value]) => `, ${value} with ${name}`),
  );
  return `${field.default ?? field.byDefault ?? field.needed ?? "none"}${special.join("")}`;
}

/** The line about a field as a sentence, with the platforms that it matters on and what else it needs. */
export function lineOf({ on, needs, what }: Field): string {
  const line = needs === undefined ? what : `${what}; needs ${needs.map((need) => need.what).join(", and ")}`;
  const text = on === undefined ? line : `${on.map((name) => name.toUpperCase()).join(", ")}: ${line}`;
  return text[0]!.toUpperCase() + text.slice(1);
}
