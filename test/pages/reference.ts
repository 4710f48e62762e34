/** The reference of everything a scenario file can name, made from what the program itself goes by. */

import { PLATFORM_KINDS, PLATFORMS } from "../../src/coco/platforms.js";
import type { Field, Fields } from "../../src/fields/field.js";
import { defaultText, expectedOf, lineOf } from "../../src/fields/read.js";
import { FIRMWARES } from "../../src/firmware/firmwares.js";
import { policies } from "../../src/policy/policies.js";
import { escapeCell, tableLine } from "../../src/report/table.js";
import { PLATFORM_OF_FIRMWARE } from "../../src/scenario/check.js";
import { MACHINES, PRESETS, type Preset } from "../../src/scenario/presets.js";
import { SCENARIO } from "../../src/scenario/scenario.js";

/** A key of a scenario file. */
export interface Key {
  /** Dotted; `[]` stands for each entry of a list of mappings. */
  readonly path: string;
  /** What it may be, in Markdown. */
  readonly value: string;
  /** As a file would say it, or in words. */
  readonly default: string;
  readonly what: string;
}

/** Every key that scenario files have, but for prices, which have a table of their own. */
export function keys(): Key[] {
  return keysOf(SCENARIO, "");
}

function keysOf(fields: Fields, prefix: string): Key[] {
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

/** The section of `workloads/README.md`. */
export function reference(): string {
  return [
    ["### Keys", keyTable()],
    ["### Policies and their parameters", policyTable()],
    ["### Presets", presetTable("preset", PRESETS)],
    ["### Machines", presetTable("machine", MACHINES)],
    ["### Firmware", firmwareTable()],
    ["### Prices", priceTable()],
  ]
    .map(([heading, table]) => `${heading}\n\n${table}`)
    .join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `${tableLine(row)}\n`).join("");
}

/** In place of a default. */
const WORDS: readonly string[] = ["required", "none"];

function keyTable(): string {
  const rows = keys().map(({ path, value, default: byDefault, what }) => [
    `\`${path}\``,
    escapeCell(value),
    /^\S+$/.test(byDefault) && !WORDS.includes(byDefault) ? `\`${byDefault}\`` : escapeCell(byDefault),
    escapeCell(what),
  ]);
  return table(["key", "value", "default", "what"], rows);
}

function policyTable(): string {
  const rows = [...policies().byName].map(([name, { summary, since, parameters }]) => [
    `\`${name}\``,
    escapeCell(summary),
    escapeCell(since),
    Object.entries(parameters)
      .map(([parameter, field]) => `\`${parameter}\` ${field.default}`)
      .join(", "),
  ]);
  return table(["`policy`", "what", "since", "parameters under `strategy`, with their defaults"], rows);
}

function presetTable(key: string, presets: Readonly<Record<string, Preset>>): string {
  const rows = Object.entries(presets).map(([name, { document, source }]) => [
    `\`${name}\``,
    `\`${flow(document)}\``,
    escapeCell(source),
  ]);
  return table([`\`${key}\``, "stands for", "source"], rows);
}

/** A mapping on one line of YAML. */
function flow(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${key}: ${flow(inner)}`)
    .join(", ")} }`;
}

function firmwareTable(): string {
  const rows = Object.values(FIRMWARES).map(({ name, summary }) => [
    `\`${name}\``,
    `\`${PLATFORM_OF_FIRMWARE[name]}\``,
    escapeCell(summary),
  ]);
  return table(["`firmware.preset`", "for", "what"], rows);
}

function priceTable(): string {
  const sets = PLATFORM_KINDS.map((kind) => PLATFORMS[kind].parameters);
  const rows = Object.keys(SCENARIO.platform.fields.parameters.fields).map((name) => [
    `\`${name}\``,
    escapeCell(sets.find((set) => name in set)![name]!.what),
    ...sets.map((set) => (set[name] === undefined ? "" : exactDuration(set[name].value))),
  ]);
  return table(["price", "of", "`tdx`", "`snp`", "`none`"], rows);
}

/** Without rounding, so that it can be compared with a file's. */
function exactDuration(ns: number): string {
  const [factor, unit] =
    ns >= 1e9 ? [1e9, "s"] : ns >= 1e6 ? [1e6, "ms"] : ns >= 1e3 ? [1e3, "us"] : [1, "ns"];
  return `${ns / factor} ${unit}`;
}
