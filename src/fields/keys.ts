/** Declared fields as keys that a file may have, in words: for references, help and comments. */

import type { Field, Fields } from "./field.js";
import { defaultText, expectedOf, lineOf } from "./read.js";

/** A key of a file. */
export interface Key {
  /** Dotted; `[]` stands for each entry of a list of mappings. */
  readonly path: string;
  /** What it may be, in Markdown. */
  readonly value: string;
  /** As a file would say it, or in words. */
  readonly default: string;
  readonly what: string;
}

/** Every key of a mapping of such fields; parameters that stand among others are one key. */
export function keysOf(fields: Fields, prefix = ""): Key[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    if (field.is === "parameters") return parameterKeys(field, prefix, path);
    const key = { path, value: valueText(field), default: defaultText(field), what: lineOf(field) };
    if (field.is !== "section" && field.is !== "list") return [key];
    return [key, ...keysOf(field.fields, field.is === "list" ? `${path}[].` : `${path}.`)];
  });
}

function parameterKeys(field: Extract<Field, { is: "parameters" }>, prefix: string, path: string): Key[] {
  if (field.inline === true) {
    const value = "a time such as 250us";
    return [{ path: `${prefix}PRICE`, value, default: "see Prices", what: lineOf(field) }];
  }
  const inner = Object.entries(field.fields).map(([name, one]) => ({
    path: `${path}.${name}`,
    value: one.is === "flag" ? valueText(one) : expectedOf(one),
    default: "that of the policy",
    what: lineOf(one),
  }));
  return [{ path, value: "mapping", default: "none", what: lineOf(field) }, ...inner];
}

/** What a key may be; a list of such values is always allowed and not said each time. */
function valueText(field: Field): string {
  switch (field.is) {
    case "section":
      return field.short === undefined ? "mapping" : valueText(field.fields[field.short]!);
    case "list":
      return "list of mappings";
    case "choice":
      return field.of.map((name) => `\`${name}\``).join(", ");
    case "flag":
      return "`true`, `false`";
    case "count":
      return `${field.min} to ${field.max}${field.or === undefined ? "" : `, or \`${field.or}\``}`;
    case "number":
      return field.above === undefined ? `${field.min} to ${field.max}` : `above ${field.above}`;
    case "text":
      if (field.expected !== undefined || field.examples === undefined) return expectedOf(field);
      return `such as ${field.examples.map((example) => `\`${example}\``).join(", ")}`;
    default:
      return expectedOf(field as Extract<Field, { is: "size" }>);
  }
}
