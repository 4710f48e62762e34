/** What a file is that the user gives to the page, and what becomes of it. */

import { z } from "zod";
import {
  isMapping,
  type PriceSets,
  parseDocument,
  parseYamlWithPositions,
  type ResultDocument,
  TYPED_KEYS,
} from "../../index.js";
import { type DroppedFile, isScenarioFile } from "../protocol.js";
import { type BaseScenario, SETTING_NAMES, type SettingName, type Settings } from "../settings.js";
import { withKey, withSetting } from "./edit.js";
import { understood } from "./scenario-of.js";

/** A file, understood; `refused` in one line. */
export type Given =
  | {
      readonly kind: "scenario";
      readonly file: DroppedFile;
      readonly base: BaseScenario;
      /** The first of each list, since the page shows one run. */
      readonly settings: Settings;
      readonly remarks: readonly string[];
    }
  | { readonly kind: "trace"; readonly file: DroppedFile }
  | { readonly kind: "result"; readonly result: ResultDocument }
  | { readonly kind: "refused"; readonly line: string };

/** @param prices that scenarios can name */
export function givenOf(file: DroppedFile, prices: PriceSets): Given {
  const { name, bytes } = file;
  try {
    if (isScenarioFile(file)) return scenarioOf(file, prices);
    if (isJson(bytes))
      return { kind: "result", result: parseDocument(new TextDecoder().decode(bytes), name) };
    return bytes.length === 0
      ? refused(`${name}:1:1: expected a trace, found an empty file`)
      : { kind: "trace", file };
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error));
  }
}

function refused(line: string): Given {
  return { kind: "refused", line };
}

/** Whether a file begins as JSON does; no trace begins with a brace. */
function isJson(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => !/\s/.test(String.fromCharCode(byte)));
  return first === "{".charCodeAt(0);
}

function scenarioOf(file: DroppedFile, prices: PriceSets): Given {
  const { name, bytes } = file;
  const base: BaseScenario = { name, text: new TextDecoder().decode(bytes), isBundled: false };
  const document = parseYamlWithPositions(base.text, name, z.unknown());
  if (isMapping(document) && isMapping(document.trace) && document.workload === undefined) {
    return refused(
      `${name}:1:1: expected a scenario, found the description of a recording; give its trace alone`,
    );
  }
  const lists = listsIn(document);
  const settings = lists.reduce(withFirst, { set: {} });
  const read = understood(settings, base, prices);
  if ("faults" in read) return refused([...read.faults.values()].flat().join("\n"));
  const chosen = lists.map(({ path, values }) => `${path.join(".")} ${values[0]} of ${values.join(", ")}`);
  const remarks = [
    ...(chosen.length === 0
      ? []
      : [`${name} makes several runs, and this is the first: ${chosen.join("; ")}.`]),
    `The address does not hold ${name}: give it again where this page is opened anew.`,
  ];
  return { kind: "scenario", file, base, settings, remarks };
}

interface ValueList {
  readonly path: readonly string[];
  readonly values: readonly string[];
}

/** Lists of values, each of which makes a run; lists of mappings are one value. */
function listsIn(document: unknown, path: readonly string[] = []): ValueList[] {
  if (Array.isArray(document)) {
    const all: readonly unknown[] = document;
    const isOfValues = all.length > 0 && !all.some(isMapping);
    return isOfValues ? [{ path, values: all.map(writtenValue) }] : [];
  }
  if (!isMapping(document)) return [];
  return Object.entries(document).flatMap(([key, value]) => listsIn(value, [...path, key]));
}

/** As a user would type it after `--set`. */
function writtenValue(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  // What YAML would take for something else is quoted.
  return /^(?!(?:true|false|null)$)[a-z][\w./:?=&-]*$/i.test(value) || /^\d[\d.]*[a-z]+$/i.test(value)
    ? value
    : JSON.stringify(value);
}

function withFirst(settings: Settings, { path, values }: ValueList): Settings {
  const [first = ""] = values;
  const key = path.join(".");
  const name = SETTING_NAMES.find(
    (one: SettingName) => key === one || key === TYPED_KEYS[one].path.join("."),
  );
  if (name === undefined) return withKey(settings, key, first);
  return withSetting(settings, name, first.startsWith('"') ? String(JSON.parse(first)) : first);
}
