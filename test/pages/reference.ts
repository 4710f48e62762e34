/** The reference of everything a scenario file can name, made from what the program itself goes by. */

import { z } from "zod";
import { platformParameters } from "../../src/coco/parameters.js";
import { FIRMWARES } from "../../src/firmware/firmwares.js";
import { STRATEGY_PARAMETERS } from "../../src/policy/parameters.js";
import { POLICIES } from "../../src/policy/policies.js";
import { escapeCell, tableLine } from "../../src/report/markdown.js";
import { PLATFORM_OF_FIRMWARE } from "../../src/scenario/check.js";
import { parameterNames } from "../../src/scenario/platform-parameters.js";
import { DEFAULTS, MACHINES, PRESETS, type Preset } from "../../src/scenario/presets.js";
import { scenarioSchema } from "../../src/scenario/schema.js";
import { expectedOf } from "../../src/scenario/strategy.js";

/** As much of JSON Schema as scenario files use. */
interface JsonSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
}

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

/** Every key that scenario files have, but for prices and parameters of policies, which have tables of their own. */
export function keys(): Key[] {
  return keysOf(z.toJSONSchema(scenarioSchema) as JsonSchema, "");
}

const OWN_TABLES = /^platform\.\w+Ns$|^strategy\./;

function keysOf(mapping: JsonSchema, prefix: string): Key[] {
  return Object.entries(mapping.properties ?? {}).flatMap(([name, schema]) => {
    const path = `${prefix}${name}`;
    if (OWN_TABLES.test(path)) return [];
    const required = mapping.required?.includes(name) ?? false;
    const inner = [schema, ...(schema.anyOf ?? [])];
    const below = inner.flatMap((one) => [
      ...keysOf(one, `${path}.`),
      ...(one.items === undefined ? [] : keysOf(one.items, `${path}[].`)),
    ]);
    return [keyOf(path, schema, required), ...below];
  });
}

/** The first sentence of a description may end with the default: `...; default 1GiB`. */
const DESCRIPTION = /^(?<what>.*?)(?:; default (?<byDefault>.*?))?(?:\. .*)?$/s;

function keyOf(path: string, schema: JsonSchema, required: boolean): Key {
  const { what = "", byDefault } = DESCRIPTION.exec(schema.description ?? "")?.groups ?? {};
  const declared = defaultAt(path);
  const value = required ? "required" : (declared ?? byDefault ?? "none");
  return { path, value: valueText(schema), default: value, what };
}

function defaultAt(path: string): string | undefined {
  const value = path
    .split(".")
    .reduce<unknown>((around, key) => (around as Record<string, unknown> | undefined)?.[key], DEFAULTS);
  if (value === undefined || typeof value === "object") return undefined;
  return value === "" ? '""' : String(value as string | number | boolean);
}

/** What a leaf may be; a list of such values is always allowed and not said each time. */
function valueText(schema: JsonSchema): string {
  const { title, type, enum: names, examples, minimum, exclusiveMinimum, maximum, items } = schema;
  if (names !== undefined) return [...new Set(names.map(String))].map((name) => `\`${name}\``).join(", ");
  if (title !== undefined) return title;
  if (examples !== undefined)
    return `such as ${examples.map((example) => `\`${String(example)}\``).join(", ")}`;
  if (type === "boolean") return "`true`, `false`";
  if (type === "array") return items?.properties === undefined ? "list" : "list of mappings";
  if (type === "object") return "mapping";
  if (type === "string") return "text";
  if (type !== undefined)
    return exclusiveMinimum === undefined ? `${minimum} to ${maximum}` : `above ${exclusiveMinimum}`;
  return (schema.anyOf ?? [])
    .filter((one) => one.type !== "array" || one.items?.properties !== undefined)
    .map(valueText)
    .filter((text) => text !== "mapping")
    .join(", or ");
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
  const strategies = Object.entries(STRATEGY_PARAMETERS).map(([name, parameter]) => [
    `\`strategy.${name}\``,
    parameter.kind === "flag" ? valueText({ type: "boolean" }) : expectedOf(parameter),
    "that of the policy",
    escapeCell(sentence(parameter.what)),
  ]);
  const price = [
    "`platform.PRICE`",
    "a time such as 250us",
    "see Prices",
    "A price of the platform, by its name",
  ];
  const at = rows.findIndex(([path]) => path === "`platform.kind`");
  const strategyAt = rows.findIndex(([path]) => path === "`strategy`");
  return table(
    ["key", "value", "default", "what"],
    [
      ...rows.slice(0, at + 1),
      price,
      ...rows.slice(at + 1, strategyAt + 1),
      ...strategies,
      ...rows.slice(strategyAt + 1),
    ],
  );
}

function policyTable(): string {
  const rows = Object.entries(POLICIES).map(([name, { summary, since, parameters }]) => [
    `\`${name}\``,
    escapeCell(summary),
    escapeCell(since),
    Object.entries(parameters)
      .map(([parameter, value]) => `\`${parameter}\` ${value}`)
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
  const sets = (["tdx", "snp", "none"] as const).map(platformParameters);
  const rows = parameterNames().map((name) => [
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

function sentence(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
