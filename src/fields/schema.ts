/** The schema of a file, in zod: types, ranges and names are checked, nothing is converted. */

import { z } from "zod";
import { MiB, parseSize } from "../units.js";
import type {
  Choice,
  Field,
  Fields,
  Leaf,
  List,
  Problem,
  Quantity,
  Section,
  Size,
  Text,
  Time,
} from "./field.js";
import { expectedOf, lineOf, readLeaf } from "./read.js";

/** A mapping that refuses keys it does not know. */
export function schemaOf(fields: Fields): z.ZodType<object> {
  return z.strictObject(shapeOf(fields), {
    error: (issue) =>
      issue.code === "unrecognized_keys" && inlineOf(fields) ? "unknown parameter" : undefined,
  });
}

function inlineOf(fields: Fields): boolean {
  return Object.values(fields).some((field) => field.is === "parameters" && field.inline === true);
}

function shapeOf(fields: Fields): Record<string, z.ZodType> {
  const entries = Object.entries(fields).flatMap(([key, field]) =>
    field.is === "parameters" && field.inline === true
      ? Object.entries(shapeOf(field.fields))
      : [[key, keySchema(field)] as const],
  );
  return Object.fromEntries(entries);
}

function keySchema(field: Field): z.ZodType {
  const schema = documented(valueSchema(field), {
    description: descriptionOf(field),
    ...defaultMeta(field),
  });
  return "required" in field ? schema : schema.exactOptional();
}

/** What `meta` says, without its copy of the schema: each is of one key and nobody else's. */
function documented<Schema extends z.ZodType>(schema: Schema, more: z.core.GlobalMeta): Schema {
  z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), ...more });
  return schema;
}

function valueSchema(field: Field): z.ZodType {
  switch (field.is) {
    case "section":
      return sectionSchema(field);
    case "list":
      return listSchema(field);
    case "parameters":
      return schemaOf(field.fields);
    default: {
      const leaf = leafSchema(field);
      return field.varies === "never" ? leaf : z.union([leaf, z.array(leaf).min(1)]);
    }
  }
}

function sectionSchema(field: Section): z.ZodType {
  const mapping = checked(schemaOf(field.fields), field.check);
  if (field.short === undefined) return mapping;
  const short = leafSchema(field.fields[field.short] as Leaf);
  return z.union([mapping, short, z.array(short).min(1)]);
}

function listSchema(field: List): z.ZodType {
  const list = z.array(checked(schemaOf(field.fields), field.check));
  return field.required === true ? list.min(1) : list;
}

function checked(schema: z.ZodType<object>, check: Section["check"]): z.ZodType {
  if (check === undefined) return schema;
  return schema.check(({ value, issues }) => {
    for (const problem of check(value as never)) issues.push(issueOf(problem, value));
  });
}

function issueOf({ message, hint, path = [] }: Problem, input: unknown): z.core.$ZodRawIssue {
  return { code: "custom", input, message, path: [...path], params: { hint } };
}

function leafSchema(field: Leaf): z.ZodType {
  switch (field.is) {
    case "flag":
      return z.boolean();
    case "choice":
      return z.enum(field.of, { error: ({ input }) => refusal(field, input) });
    case "count": {
      const whole = z
        .int({ error: `expected ${expectedOf(field)}` })
        .min(field.min)
        .max(field.max);
      return field.or === undefined ? whole : z.union([whole, z.enum([field.or])]);
    }
    case "number": {
      const { expected, above, min, max } = field;
      let number = z.number({ error: `expected ${expected}` });
      if (above !== undefined) number = number.gt(above);
      if (min !== undefined) number = number.min(min);
      return max === undefined ? number : number.max(max);
    }
    case "text":
      return textSchema(field);
    default:
      return quantitySchema(field);
  }
}

function refusal({ refuses }: Choice, input: unknown): string | undefined {
  const expected = typeof input === "string" ? refuses?.(input) : undefined;
  return expected === undefined ? undefined : `expected ${expected}`;
}

function textSchema(field: Text): z.ZodType {
  const { check, expected, examples } = field;
  const string = field.required === true ? z.string().min(1) : z.string();
  const error = `expected ${expected}`;
  const text: z.ZodType = field.orNumber === true ? z.union([z.string(), z.number()], { error }) : string;
  if (check === undefined) return text;
  const whole = text.check(({ value, issues }) => {
    const problem = check(value as never);
    if (problem !== undefined) issues.push(issueOf(problem, value));
  });
  const title = expected === undefined ? {} : { title: expected };
  return documented(whole, { ...title, examples: [...(examples ?? [])] });
}

function quantitySchema(field: Size | Time): z.ZodType {
  const expected = expectedOf(field);
  const message = `expected ${expected}`;
  const quantity = z.union([z.string(), z.number()], { error: message }).check(({ value, issues }) => {
    if (readLeaf(field, value) !== undefined) return;
    const binary = binarySizeFor(value);
    const suggestion = binary !== undefined && readLeaf(field, binary) !== undefined ? binary : undefined;
    issues.push({ code: "custom", input: value, message, params: { suggestion } });
  });
  return documented(quantity, { title: expected, examples: examplesOf(field) });
}

/** The likely meaning of a decimal unit: `4GiB` for `4GB`. */
function binarySizeFor(value: Quantity): string | undefined {
  const match = /^\s*([\d.]+)\s*([kmgtp])b$/i.exec(String(value));
  return match === null ? undefined : `${match[1]}${match[2]!.toUpperCase()}iB`;
}

function examplesOf(field: Size | Time): Quantity[] {
  if (field.is === "time") return ["900ns"];
  if (field.examples !== undefined) return [...field.examples];
  if (field.orAll === true) return ["256MiB", "all"];
  return [`${Math.max(parseSize(String(field.min))! / MiB, 2)}MiB`];
}

/** For editors: the line, the default where a word says it, and the further sentences. */
function descriptionOf(field: Field): string {
  const words = "byDefault" in field ? field.byDefault : "needed" in field ? field.needed : undefined;
  const byDefault = words === undefined ? "" : `; default ${words}`;
  return `${lineOf(field)}${byDefault}${field.more === undefined ? "" : `. ${field.more}`}`;
}

function defaultMeta(field: Field): { default?: Quantity | boolean } {
  return "default" in field && field.default !== undefined ? { default: field.default } : {};
}
