/** Fills in what a scenario file leaves to presets and defaults. */

import { produce } from "immer";
import type { OneOrMore, PlatformDocument, ScenarioDocument } from "./document.js";
import { isMapping } from "./document-path.js";
import { DEFAULTS, MACHINES, PRESETS, type Preset } from "./presets.js";

/** A document without presets, with `platform` as a mapping. Platform and memory can still be missing. */
export type CompleteDocument = Omit<ScenarioDocument, "preset" | "machine" | "platform"> & {
  readonly platform?: PlatformDocument;
};

/**
 * Lays the file over its preset, that over its machine, and that over the defaults, key by key.
 *
 * @param document has passed `scenarioSchema`
 * @returns one document for each preset and machine that the file names
 */
export function completeDocuments(document: ScenarioDocument): CompleteDocument[] {
  const { preset, machine, platform, ...rest } = document;
  const file = platform === undefined ? rest : { ...rest, platform: asMapping(platform) };
  return named(preset, PRESETS).flatMap((presetDocument) =>
    named(machine, MACHINES).map(
      (machineDocument) =>
        [machineDocument, presetDocument, file].reduce<object>(overlay, DEFAULTS) as CompleteDocument,
    ),
  );
}

/** A single value as a list of one. */
export function asList<T>(value: OneOrMore<T>): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** Names of the timing parameters that a document overrides. */
export function parameterNamesOf(document: CompleteDocument): string[] {
  return Object.keys(document.platform ?? {}).filter((name) => name !== "kind");
}

function asMapping(platform: NonNullable<ScenarioDocument["platform"]>): PlatformDocument {
  return isMapping(platform) ? platform : { kind: platform };
}

function named(names: OneOrMore<string> | undefined, presets: Readonly<Record<string, Preset>>): object[] {
  if (names === undefined) return [{}];
  return asList(names).map((name) => {
    const preset = presets[name];
    if (preset === undefined) throw new Error(`scenario: no preset ${name}, the schema should have said so`);
    return preset.document;
  });
}

function overlay(base: object, over: object): object {
  return produce(base, (draft) => merge(draft as Record<string, unknown>, over));
}

function merge(target: Record<string, unknown>, source: object): void {
  for (const [key, value] of Object.entries(source)) {
    const inner = target[key];
    if (isMapping(inner) && isMapping(value)) merge(inner, value);
    else target[key] = value;
  }
}
