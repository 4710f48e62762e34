/** Parameters of generators: what they mean, and how users write them. */

import { z } from "zod";
import { formatBytes, formatDuration, parseDuration, parseSize } from "../../units.js";

/** What the number of a parameter counts. */
export type ParameterUnit = "bytes" | "ns" | "count" | "share" | "name";

/** A parameter as users see it. */
export interface Parameter<T extends string | number = string | number> {
  /** One line. */
  readonly what: string;
  readonly unit: ParameterUnit;
  readonly default: T;
  /** Takes what a user writes: a text, or a number where a bare one is the unit. */
  readonly schema: z.ZodType<T>;
}

/** Parameters by name. */
export type Parameters<P> = { readonly [name in keyof P]: Parameter<P[name] & (string | number)> };

/** Bytes, written such as `4GiB`. */
export function size(what: string, value: number, min: number, max: number): Parameter<number> {
  const expected = `expected a size from ${formatBytes(min)} to ${formatBytes(max)}, such as 64MiB`;
  return { what, unit: "bytes", default: value, schema: quantity(expected, parseSize, min, max) };
}

/** A time, written such as `250us`. */
export function time(what: string, value: number, maxNs: number): Parameter<number> {
  const expected = `expected a time from 0 to ${formatDuration(maxNs)}, such as 250us`;
  return { what, unit: "ns", default: value, schema: quantity(expected, parseDuration, 0, maxNs) };
}

/** A number of things. */
export function count(what: string, value: number, min: number, max: number): Parameter<number> {
  const expected = `expected an integer from ${min} to ${max}`;
  const parse = (text: string): number | undefined => (/^\d{1,15}$/.test(text) ? Number(text) : undefined);
  return { what, unit: "count", default: value, schema: quantity(expected, parse, min, max) };
}

/** A part of a whole, from 0 to 1. */
export function share(what: string, value: number): Parameter<number> {
  const expected = "expected a number from 0 to 1";
  const parse = (text: string): number | undefined =>
    /^\d*\.?\d+$/.test(text) ? Number.parseFloat(text) : undefined;
  return { what, unit: "share", default: value, schema: leaf(expected, between(parse, 0, 1)) };
}

/** One of some names. */
export function choice<const Name extends string>(
  what: string,
  value: NoInfer<Name>,
  names: readonly Name[],
): Parameter<Name> {
  const expected = `expected one of ${names.join(", ")}`;
  return {
    what,
    unit: "name",
    default: value,
    schema: leaf(expected, (given) => names.find((n) => n === given)),
  };
}

/** All parameters of a generator; those that are not given have their defaults, an unknown one is refused. */
export function parametersSchema<P>(parameters: Parameters<P>): z.ZodType<P> {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, { schema, default: value }] of Object.entries<Parameter>(parameters))
    shape[name] = schema.optional().transform((given) => given ?? value);
  return z.strictObject(shape) as unknown as z.ZodType<P>;
}

function quantity(
  expected: string,
  parse: (text: string) => number | undefined,
  min: number,
  max: number,
): z.ZodType<number> {
  const read = between(parse, min, max);
  return leaf(expected, (given) => {
    const value = read(given);
    return value === undefined ? undefined : Math.round(value);
  });
}

function between(
  parse: (text: string) => number | undefined,
  min: number,
  max: number,
): (given: unknown) => number | undefined {
  return (given) => {
    const value = typeof given === "string" ? parse(given) : given;
    return typeof value === "number" && value >= min && value <= max ? value : undefined;
  };
}

function leaf<T>(expected: string, read: (given: unknown) => T | undefined): z.ZodType<T> {
  return z.unknown().transform((given, context) => {
    const value = read(given);
    if (value !== undefined) return value;
    context.issues.push({ code: "custom", input: given, message: expected });
    return z.NEVER;
  });
}
