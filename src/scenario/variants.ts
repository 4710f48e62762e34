/** From a checked document to runs: presets and defaults fill it in, lists become a cross product. */

import { freeze } from "immer";
import { DEFAULT_PRICES, type PriceSet } from "../coco/price-set.js";
import {
  type Fields,
  type OneOrMore,
  PACES,
  type Pace,
  type Parameters,
  type SettledOf,
} from "../fields/field.js";
import { choiceOf, defaultsOf, settle, withoutShortForms } from "../fields/read.js";
import { type DocumentPath, isMapping, valueAt } from "./error.js";
import { MACHINES, PRESETS, type Preset } from "./presets.js";
import { NO_PRICE_SETS, type PriceSets } from "./price-set-file.js";
import {
  type CompleteDocument,
  type PlatformDocument,
  SCENARIO,
  type Scenario,
  type ScenarioDocument,
} from "./scenario.js";

export const DEFAULTS: object = defaultsOf(SCENARIO);

/** A key that can have a list, or parameters that can. */
interface Axis {
  readonly path: DocumentPath;
  readonly pace: Pace;
  readonly parameters?: Parameters;
}

/** All axes, slowest first; parameters come right after the choice they belong to. */
const AXES: readonly Axis[] = inOrder(axesOf(SCENARIO, []));

function axesOf(fields: Fields, around: DocumentPath): Axis[] {
  return Object.entries(fields).flatMap(([key, field]): Axis[] => {
    const path = [...around, key];
    if (field.is === "section") return axesOf(field.fields, path);
    if (field.is === "parameters") return [{ path, pace: "slow", parameters: field }];
    if (field.is === "list" || field.varies === "never" || field.fileOnly === true) return [];
    return [{ path, pace: field.varies ?? "slow" }];
  });
}

function inOrder(axes: readonly Axis[]): Axis[] {
  const chosenBy = ({ path }: Axis): Axis[] =>
    axes.filter(({ parameters }) => parameters?.of.join(".") === path.join("."));
  return PACES.flatMap((pace) =>
    axes
      .filter((axis) => axis.pace === pace && axis.parameters === undefined)
      .flatMap((axis) => [axis, ...chosenBy(axis)]),
  );
}

/**
 * Makes one scenario for each combination of list values. The order is that of nested
 * loops, outermost first: preset, machine, workload, kernel, seed, host, firmware,
 * guest, memory, vcpus, platform with its parameters, prices, policy with its own; so runs that differ in
 * nothing but their policy are neighbours. A parameter counts only for the platforms and policies
 * that have it, and prices only for their platform.
 *
 * @param document has passed `scenarioSchema`
 * @param sets has every set that the document names
 * @returns frozen scenarios
 * @throws Error if platform or memory is said nowhere (`parseScenario` reports that to the user)
 */
export function expandVariants(document: ScenarioDocument, sets: PriceSets = NO_PRICE_SETS): Scenario[] {
  return [...variantsOf(document, sets)];
}

/** The same one after the other, of which one at a time is in memory. */
export function* variantsOf(
  document: ScenarioDocument,
  sets: PriceSets = NO_PRICE_SETS,
): Generator<Scenario> {
  for (const complete of completeDocuments(document)) {
    const axes = AXES.filter(({ path, parameters }) => {
      return parameters !== undefined || Array.isArray(valueAt(complete, path));
    });
    for (const decided of varied(complete, axes)) {
      const scenario = withSet(settle(SCENARIO, decided) as Settled, sets);
      if (scenario !== undefined) yield freeze(scenario, true);
    }
  }
}

type Settled = SettledOf<typeof SCENARIO>;

/** A run with the prices that it names; undefined where these are of another platform. */
function withSet({ prices: named, ...run }: Settled, sets: PriceSets): Scenario | undefined {
  if (named === undefined || named === DEFAULT_PRICES) return run;
  const prices = setNamed(named, sets);
  return prices.platform === run.platform.kind ? { ...run, prices } : undefined;
}

function setNamed(named: string, sets: PriceSets): PriceSet {
  const set = sets.find(named);
  if (set === undefined) throw new Error(`scenario: no prices ${named}, which the check should have refused`);
  return set;
}

/** Whether runs on a platform can have prices. */
export function hasPrices(kind: string, named: string, sets: PriceSets): boolean {
  return named === DEFAULT_PRICES || setNamed(named, sets).platform === kind;
}

/**
 * The runs of a document as far as they differ in some keys; of every other list the first value stands for all.
 *
 * @param paths of those keys
 */
export function* variantsIn(document: ScenarioDocument, paths: readonly DocumentPath[]): Generator<Scenario> {
  const isAsked = (path: DocumentPath): boolean => paths.some((one) => one.join(".") === path.join("."));
  const isVaried = ({ path, parameters }: Axis): boolean => parameters !== undefined || isAsked(path);
  for (const complete of completeDocuments(document)) {
    const fixed = AXES.filter((axis) => axis.parameters !== undefined || !isVaried(axis)).reduce<object>(
      (all, { path }) => {
        const value = valueAt(all, path);
        return value === undefined ? all : withValue(all, path, firstOf(value, path, isAsked));
      },
      complete,
    );
    for (const decided of varied(fixed, AXES.filter(isVaried))) {
      const { prices: _prices, ...run } = settle(SCENARIO, decided) as Settled;
      yield run;
    }
  }
}

/** One document for each combination of the lists at some axes, the last of them changing fastest. */
function* varied(document: object, axes: readonly Axis[]): Generator<object> {
  for (const [at, { path, parameters }] of axes.entries()) {
    const value = valueAt(document, path);
    const rest = axes.slice(at + 1);
    if (parameters !== undefined && isMapping(value)) {
      const choice = choiceOf(parameters, document);
      const own = Object.entries(value).filter(([name]) => parameters.has(choice, name));
      const inner = own.map(([name]): Axis => ({ path: [...path, name], pace: "slow" }));
      yield* varied(withValue(document, path, Object.fromEntries(own)), [...inner, ...rest]);
      return;
    }
    if (Array.isArray(value)) {
      for (const one of value as unknown[]) yield* varied(withValue(document, path, one), rest);
      return;
    }
  }
  yield document;
}

/** The first value of a list; of parameters, that of each but for those that are asked for. */
function firstOf(value: unknown, path: DocumentPath, isAsked: (path: DocumentPath) => boolean): unknown {
  if (isAsked(path)) return value;
  if (!isMapping(value)) return Array.isArray(value) ? (value as unknown[])[0] : value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, firstOf(one, [...path, name], isAsked)]),
  );
}

function withValue(document: object, [key, ...rest]: DocumentPath, value: unknown): object {
  const inner = (document as Record<string, unknown>)[key!];
  return { ...document, [key!]: rest.length === 0 ? value : withValue(inner as object, rest, value) };
}

/** How many scenarios `expandVariants` makes, without making one. */
export function countVariants(document: ScenarioDocument, sets: PriceSets = NO_PRICE_SETS): number {
  const parameters = AXES.filter((axis) => axis.parameters !== undefined);
  return completeDocuments(document).reduce((sum, complete) => {
    const pricesOn = (kind: string): number =>
      asList(complete.prices ?? DEFAULT_PRICES).filter((named) => hasPrices(kind, named, sets)).length;
    const counts = AXES.map(({ path }) => {
      // Counted with the platform, as they are of one.
      if (path.join(".") === "prices") return 1;
      const values = asList(valueAt(complete, path));
      const own = parameters.find(({ parameters: { of } = { of: [] } }) => of.join(".") === path.join("."));
      if (own === undefined) return values.length;
      const lists = Object.entries(valueAt(complete, own.path) ?? {});
      return values.reduce<number>(
        (total, choice) =>
          total +
          lists
            .filter(([name]) => own.parameters!.has(String(choice), name))
            .reduce(
              (product, [, list]) => product * asList(list).length,
              path[0] === "platform" ? pricesOn(String(choice)) : 1,
            ),
        0,
      );
    });
    return sum + counts.reduce((product, count) => product * count, 1);
  }, 0);
}

/**
 * Lays the file over its preset, that over its machine, and that over the defaults, key by key.
 *
 * @returns one document for each preset and machine that the file names
 */
export function completeDocuments(document: ScenarioDocument): CompleteDocument[] {
  const { preset, machine, ...file } = document;
  return named(preset, PRESETS).flatMap((presetDocument) =>
    named(machine, MACHINES).map(
      (machineDocument) =>
        [machineDocument, presetDocument, file]
          .map((layer) => withPrices(withoutShortForms(SCENARIO, layer)))
          .reduce(overlay, DEFAULTS) as CompleteDocument,
    ),
  );
}

/** The platform's prices in a mapping of their own. */
function withPrices(document: object): object {
  const { platform, ...rest } = document as { readonly platform?: PlatformDocument };
  if (platform === undefined) return rest;
  const { kind, ...parameters } = platform;
  return { ...rest, platform: { ...(kind === undefined ? {} : { kind }), parameters } };
}

function named(names: OneOrMore<string> | undefined, presets: Readonly<Record<string, Preset>>): object[] {
  if (names === undefined) return [{}];
  return asList(names).map((name) => {
    const preset = presets[name];
    if (preset === undefined)
      throw new Error(`scenario: no preset ${name}, which the schema should have refused`);
    return preset.document;
  });
}

function overlay(base: object, over: object): object {
  const result = { ...base } as Record<string, unknown>;
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    result[key] = isMapping(below) && isMapping(value) ? overlay(below, value) : value;
  }
  return result;
}

export function asList<T>(value: OneOrMore<T>): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
