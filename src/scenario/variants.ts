/** From a checked document to runs: lists become a cross product, quantities become numbers. */

import { freeze, produce } from "immer";
import type { AddressRange } from "../units.js";
import { type CompleteDocument, completeDocuments, parameterNamesOf } from "./complete.js";
import type {
  HostRangeDocument,
  OneOrMore,
  Quantity,
  ScenarioDocument,
  TdxModuleDocument,
} from "./document.js";
import { type DocumentPath, valueAt } from "./document-path.js";
import { kernelVersion } from "./kernel-versions.js";
import { hasParameter } from "./platform-parameters.js";
import {
  durationNs,
  hostAddressBytes,
  hostPageSizeBytes,
  memoryBytes,
  preAcceptLimitBytes,
} from "./quantities.js";
import type { Scenario, TdxModuleHost } from "./scenario.js";

/** Regions a TDX module can be told, and reserved areas in each (assumption: those of today's modules). */
const DEFAULT_MAX_TDMRS = 64;
const DEFAULT_MAX_RESERVED_PER_TDMR = 16;

/** Every value that may be a list, slowest first, down to the platform and its parameters. */
const SLOW_AXES: readonly DocumentPath[] = [
  ["workload"],
  ["kernel"],
  ["seed"],
  ["host", "pageSize"],
  ["host", "contiguity"],
  ["host", "prefault"],
  ["host", "dynamicPamt"],
  ["host", "keepsConverted"],
  ["firmware", "preset"],
  ["firmware", "preAcceptLimit"],
  ["guest", "timeScale"],
  ["guest", "transparentHugePages"],
  ["guest", "commandLine"],
  ["guest", "septVeDisable"],
  ["guest", "svsm"],
  ["guest", "coherencyErratum"],
  ["drain", "workers"],
  ["attack", "pages"],
  ["attack", "answer"],
  ["memory"],
  ["vcpus"],
  ["platform", "kind"],
];

/**
 * Makes one scenario for each combination of list values. The order is that of nested
 * loops, outermost first: preset, machine, workload, kernel, seed, host, firmware,
 * guest, memory, vcpus, platform with its parameters, policy; so runs that differ in nothing
 * but their policy are neighbours. A parameter counts only for the platforms that have it.
 *
 * @param document has passed `scenarioSchema`
 * @returns frozen scenarios
 * @throws Error if platform or memory is said nowhere (`parseScenario` reports that to the user)
 */
export function expandVariants(document: ScenarioDocument): Scenario[] {
  return completeDocuments(document)
    .flatMap((complete) => SLOW_AXES.reduce(varyAll, [complete]))
    .map(withoutForeignParameters)
    .flatMap((one) => parameterAxes(one).reduce(varyAll, [one]))
    .flatMap((one) => vary(one, ["policy"]))
    .map(toScenario);
}

function varyAll(documents: readonly CompleteDocument[], path: DocumentPath): CompleteDocument[] {
  return documents.flatMap((document) => vary(document, path));
}

/** One document for each value of the list at a path, or the document itself where there is no list. */
function vary(document: CompleteDocument, path: DocumentPath): CompleteDocument[] {
  const values = valueAt(document, path);
  if (!Array.isArray(values)) return [document];
  return values.map((value: unknown) =>
    produce(document, (draft) => {
      const around = valueAt(draft, path.slice(0, -1)) as Record<string, unknown>;
      around[path.at(-1)!] = value;
    }),
  );
}

function parameterAxes(document: CompleteDocument): DocumentPath[] {
  return parameterNamesOf(document).map((name) => ["platform", name]);
}

function withoutForeignParameters(document: CompleteDocument): CompleteDocument {
  const kind = only(document.platform?.kind, "platform");
  return produce(document, (draft) => {
    const platform = draft.platform as Record<string, unknown>;
    for (const name of parameterNamesOf(document)) if (!hasParameter(kind, name)) delete platform[name];
  });
}

/** A document in which no list is left, as the scenario it stands for. */
function toScenario(document: CompleteDocument): Scenario {
  const { name, description, platform, host, firmware, guest } = document;
  const parameters = parameterNamesOf(document).map((parameter) => {
    const value = only(platform?.[parameter], parameter);
    return [parameter, typeof value === "number" ? value : converted(durationNs, value, parameter)] as const;
  });
  const timeScale = guest?.timeScale === undefined ? {} : { timeScale: only(guest.timeScale, "timeScale") };
  const scenario: Scenario = {
    name,
    ...(description === undefined ? {} : { description }),
    workload: only(document.workload, "workload"),
    platform: { kind: only(platform?.kind, "platform"), parameters: Object.fromEntries(parameters) },
    policy: only(document.policy, "policy"),
    kernel: converted(kernelVersion, only(document.kernel, "kernel"), "kernel"),
    memoryBytes: converted(memoryBytes, only(document.memory, "memory"), "memory"),
    vcpus: only(document.vcpus, "vcpus"),
    seed: only(document.seed, "seed"),
    host: {
      pageSizeBytes: converted(hostPageSizeBytes, only(host?.pageSize, "pageSize"), "pageSize"),
      prefault: only(host?.prefault, "prefault"),
      contiguity: only(host?.contiguity, "contiguity"),
      dynamicPamt: only(host?.dynamicPamt, "dynamicPamt"),
      keepsConverted: only(host?.keepsConverted, "keepsConverted"),
      ...(host?.tdxModule === undefined ? {} : { tdxModule: tdxModuleHost(host.tdxModule) }),
    },
    firmware: {
      preset: only(firmware?.preset, "firmware"),
      preAcceptLimitBytes: converted(
        preAcceptLimitBytes,
        only(firmware?.preAcceptLimit, "preAcceptLimit"),
        "preAcceptLimit",
      ),
    },
    guest: {
      ...timeScale,
      transparentHugePages: only(guest?.transparentHugePages, "transparentHugePages"),
      commandLine: only(guest?.commandLine, "commandLine"),
      septVeDisable: only(guest?.septVeDisable, "septVeDisable"),
      svsm: only(guest?.svsm, "svsm"),
      coherencyErratum: only(guest?.coherencyErratum, "coherencyErratum"),
    },
    ...(document.drain === undefined
      ? {}
      : { drain: { workers: only(document.drain.workers ?? 1, "workers") } }),
    ...(document.attack === undefined
      ? {}
      : {
          attack: {
            pages: only(document.attack.pages ?? 1, "pages"),
            answer: only(document.attack.answer ?? "terminate", "answer"),
          },
        }),
  };
  return freeze(scenario, true);
}

function tdxModuleHost(document: TdxModuleDocument): TdxModuleHost {
  const range = ({ start, end }: HostRangeDocument): AddressRange => ({
    start: converted(hostAddressBytes, start, "start"),
    end: converted(hostAddressBytes, end, "end"),
  });
  return {
    memory: document.memory.map((piece) => ({ ...range(piece), nodeId: piece.node ?? 0 })),
    convertible: document.convertible.map(range),
    hotplug: (document.hotplug ?? []).map(range),
    maxTdmrs: document.maxTdmrs ?? DEFAULT_MAX_TDMRS,
    maxReservedPerTdmr: document.maxReservedPerTdmr ?? DEFAULT_MAX_RESERVED_PER_TDMR,
  };
}

/** The value of a leaf after the lists are gone. */
function only<T>(value: OneOrMore<T> | undefined, name: string): T {
  if (value === undefined || Array.isArray(value)) throw new Error(`scenario: ${name} has not one value`);
  return value as T;
}

function converted<T>(convert: (value: Quantity) => T | undefined, value: Quantity, name: string): T {
  const result = convert(value);
  if (result === undefined) throw new Error(`scenario: ${name} ${value} should not have passed the schema`);
  return result;
}
