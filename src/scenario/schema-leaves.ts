/** The leaves of scenario files: single values, lists of them, and what they may be. */

import { z } from "zod";
import type { Quantity } from "./document.js";
import { binarySizeFor } from "./quantities.js";

/** One value, or a list of at least one. */
export function oneOrMore<T>(leaf: z.ZodType<T>): z.ZodType<T | T[]> {
  return z.union([leaf, z.array(leaf).min(1)]);
}

/** Text with a unit or a bare number, valid where `parse` gives a number. */
export function quantity(
  expected: string,
  parse: (value: Quantity) => number | undefined,
  examples: readonly Quantity[],
): z.ZodType<Quantity> {
  const message = `expected ${expected}`;
  return z
    .union([z.string(), z.number()], { error: message })
    .check((context) => {
      if (parse(context.value) !== undefined) return;
      const binary = binarySizeFor(context.value);
      const suggestion = binary !== undefined && parse(binary) !== undefined ? binary : undefined;
      context.issues.push({ code: "custom", input: context.value, message, params: { suggestion } });
    })
    .meta({ title: expected, examples: [...examples] });
}

/** A whole number in a range, both ends included. */
export function integer(min: number, max: number): z.ZodType<number> {
  return z
    .int({ error: `expected a whole number from ${min} to ${max}` })
    .min(min)
    .max(max);
}

/** One of some names. */
export function names<const Name extends string>(values: readonly Name[]): z.ZodType<Name> {
  return z.enum(values);
}
