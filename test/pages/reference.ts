/** The reference of everything a scenario file can name, made from what the program itself goes by. */

import { PLATFORM_KINDS, PLATFORMS } from "../../src/coco/platforms.js";
import { type Key, keysOf } from "../../src/fields/keys.js";
import { FIRMWARES } from "../../src/firmware/firmwares.js";
import { policies } from "../../src/policy/policies.js";
import { escapeCell, tableLine } from "../../src/report/table.js";
import { PLATFORM_OF_FIRMWARE } from "../../src/scenario/check.js";
import { MACHINES, PRESETS, type Preset } from "../../src/scenario/presets.js";
import { SCENARIO } from "../../src/scenario/scenario.js";

/** Every key that scenario files have, but for prices, which have a table of their own. */
export function keys(): Key[] {
  return keysOf(SCENARIO);
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
