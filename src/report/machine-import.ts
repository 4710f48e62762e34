/** What was read of a machine, as a scenario file for people, and what could not be said in one. */

import { Scalar, stringify } from "yaml";
import type { Source } from "../machine/join.js";
import type { Refused, Settled, SettledMachine } from "../machine/settle.js";
import type { Remark } from "../machine/statement.js";
import { SCENARIO } from "../scenario/scenario.js";
import { PAGE_WIDTH } from "./paint.js";
import { wrapText } from "./table.js";

/** A remark with the file that it is about. */
export interface FileRemark extends Remark {
  readonly file: string;
}

/** The scenario file, each value below the line that says so. */
export function formatMachineScenario(
  { values, refused }: SettledMachine,
  remarks: readonly FileRemark[],
  command: string,
): string {
  const sections = Object.keys(SCENARIO)
    .map((section) => values.filter(({ key }) => key.split(".")[0] === section))
    .filter((own) => own.length > 0);
  const left = [...refused.map(refusedText), ...remarks.map(remarkText)];
  const header = [
    `A machine as texts show it; made by: ${command}`,
    "Above each value: the line that says so, how it was derived, or what was assumed.",
  ];
  return [
    ...header.flatMap((text) => commentLines(text, "")),
    ...sections.flatMap((own) => ["", ...sectionLines(own, 0)]),
    ...(left.length === 0
      ? []
      : ["", "# Seen, and not in this file:", ...left.flatMap((text) => commentLines(text, ""))]),
    "",
  ].join("\n");
}

/** Keys that share their first parts, as one mapping. */
function sectionLines(own: readonly Settled[], depth: number): string[] {
  const [first] = own;
  const name = first!.key.split(".")[depth]!;
  const indent = "  ".repeat(depth);
  const isLeaf = own.length === 1 && first!.key.split(".").length === depth + 1;
  const isShort = own.length === 1 && depth === 0 && shortOf(first!.key);
  if (isLeaf || isShort)
    return [
      ...(first === undefined ? [] : commentsOf(first, indent)),
      ...valueLines(name, first!.value, indent),
    ];
  const names = [...new Set(own.map(({ key }) => key.split(".")[depth + 1]!))];
  return [
    `${indent}${name}:`,
    ...names.flatMap((inner) =>
      sectionLines(
        own.filter(({ key }) => key.split(".")[depth + 1] === inner),
        depth + 1,
      ),
    ),
  ];
}

/** `platform: tdx` says the same as a mapping with `kind` alone. */
function shortOf(key: string): boolean {
  const [section, inner, ...more] = key.split(".");
  const field = SCENARIO[section as keyof typeof SCENARIO] as { readonly short?: string };
  return inner !== undefined && more.length === 0 && field.short === inner;
}

function valueLines(name: string, value: unknown, indent: string): string[] {
  if (!Array.isArray(value)) return [`${indent}${flow({ [name]: value }).replace(/^\{ (.*) \}$/, "$1")}`];
  return [`${indent}${name}:`, ...value.map((one) => `${indent}  - ${flow(one)}`)];
}

/** Addresses, as ranges have them, are hexadecimal. */
function flow(value: unknown): string {
  const options = { collectionStyle: "flow", lineWidth: 0 } as const;
  return stringify(
    value,
    (key, one) => (ADDRESSES.has(String(key)) ? hexadecimal(one) : one),
    options,
  ).trim();
}

const ADDRESSES: ReadonlySet<string> = new Set(["start", "end", "kernelStart", "unacceptedTable"]);

function hexadecimal(value: unknown): unknown {
  return typeof value === "number" ? Object.assign(new Scalar(value), { format: "HEX" }) : value;
}

function commentsOf({ sources, assumed }: Settled, indent: string): string[] {
  const texts = assumed === undefined ? sources.map(sourceText) : [`assumed: ${assumed}`];
  return texts.flatMap((text) => commentLines(text, indent));
}

function sourceText({ file, line, says, derived }: Source): string {
  const place = `${file}:${line}: ${says}`;
  return derived === undefined ? place : `${place}\nderived: ${derived}`;
}

function refusedText({ key, value, sources, reason }: Refused): string {
  return `${sources.map(({ file, line }) => `${file}:${line}`).join(", ")}: ${key} ${shortly(value)}: ${reason}`;
}

/** A value as a line of text has room for it. */
function shortly(value: unknown): string {
  return Array.isArray(value) ? `of ${value.length} entries` : flow(value);
}

function remarkText({ file, line, text }: FileRemark): string {
  return `${file}:${line}: ${text}`;
}

function commentLines(text: string, indent: string): string[] {
  const start = `${indent}# `;
  return text
    .split("\n")
    .flatMap((line) => wrapText(line, { width: PAGE_WIDTH - start.length }).map((part) => `${start}${part}`));
}

/** For stderr: what is assumed, what was seen and is not in the file; a line each. */
export function formatImportRemarks(
  { values, refused }: SettledMachine,
  remarks: readonly FileRemark[],
): string {
  const assumed = values.flatMap(({ key, value, assumed }) =>
    assumed === undefined || key === "name" ? [] : [`assumed: ${key} ${flow(value)}: ${assumed}`],
  );
  const left = [...refused.map(refusedText), ...remarks.map(remarkText)].map(
    (text) => `not in the scenario: ${text}`,
  );
  return [...assumed, ...left].map((line) => `${line}\n`).join("");
}
