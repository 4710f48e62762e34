/** From a checked document to runs: lists become a cross product, quantities become numbers. */

import { freeze, produce } from "immer";
import type { HotplugPlan } from "../after/hotplug/result.js";
import type { KexecPlan } from "../after/kexec/result.js";
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
import { kernelOf } from "./kernel.js";
import { hasParameter } from "./platform-parameters.js";
import {
  durationNs,
  hostAddressBytes,
  hostPageSizeBytes,
  hotplugBytes,
  initrdBytes,
  memoryBytes,
  preAcceptLimitBytes,
} from "./quantities.js";
import type { FirmwareName, PlatformKind, PolicyName, Scenario, TdxModuleHost } from "./scenario.js";
import { strategyOf, takesParameter } from "./strategy.js";

/** Regions a TDX module can be told, and reserved areas in each (assumption: those of today's modules). */
const DEFAULT_MAX_TDMRS = 64;
const DEFAULT_MAX_RESERVED_PER_TDMR = 16;

const KIND_AXIS: DocumentPath = ["platform", "kind"];

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
  ["host", "memory"],
  ["host", "tdxModule", "listFrom"],
  ["host", "tdxModule", "hotplugPolicy"],
  ["host", "tdxModule", "guestNode"],
  ["firmware", "preset"],
  ["firmware", "preAcceptLimit"],
  ["firmware", "preAcceptBy"],
  ["firmware", "acceptAll"],
  ["firmware", "acceptOnDemand"],
  ["firmware", "highMemory"],
  ["guest", "timeScale"],
  ["guest", "transparentHugePages"],
  ["guest", "commandLine"],
  ["guest", "septVeDisable"],
  ["guest", "svsm"],
  ["guest", "coherencyErratum"],
  ["guest", "unacceptedMemory"],
  ["guest", "bootLoader"],
  ["guest", "firstTouch"],
  ["guest", "kaslr"],
  ["guest", "checksAcpiMemory"],
  ["guest", "shareWithoutAccept"],
  ["guest", "decryptedSection"],
  ["guest", "record"],
  ["guest", "staysInAccepted"],
  ["guest", "splitTables"],
  ["guest", "splitRaces"],
  ["guest", "dmaBuffers"],
  ["hotplug", "memory"],
  ["hotplug", "acceptance"],
  ["drain", "workers"],
  ["attack", "pages"],
  ["attack", "kind"],
  ["attack", "answer"],
  ["kexec", "kind"],
  ["kexec", "table"],
  ["kexec", "initrd"],
  ["memory"],
  ["vcpus"],
  KIND_AXIS,
];

/** How much a firmware accepts where the file does not say, if not what lies below 4 GiB; 256 MiB is td-shim's. */
const USUAL_LIMIT: Readonly<Partial<Record<FirmwareName, string>>> = { "td-shim": "256MiB" };

/**
 * Makes one scenario for each combination of list values. The order is that of nested
 * loops, outermost first: preset, machine, workload, kernel, seed, host, firmware,
 * guest, memory, vcpus, platform with its parameters, policy with its own; so runs that differ in
 * nothing but their policy are neighbours. A parameter counts only for the platforms and policies
 * that have it.
 *
 * @param document has passed `scenarioSchema`
 * @returns frozen scenarios
 * @throws Error if platform or memory is said nowhere (`parseScenario` reports that to the user)
 */
export function expandVariants(document: ScenarioDocument): Scenario[] {
  return [...variantsOf(document)];
}

/** The same one after the other, in memory for one of them. */
export function* variantsOf(document: ScenarioDocument): Generator<Scenario> {
  for (const complete of completeDocuments(document)) {
    for (const machine of varied(complete, SLOW_AXES)) {
      const ofPlatform = withoutForeignParameters(machine);
      for (const priced of varied(ofPlatform, parameterAxes(ofPlatform))) {
        for (const one of vary(priced, ["policy"])) {
          const ofPolicy = withoutForeignStrategy(one);
          for (const decided of varied(ofPolicy, strategyAxes(ofPolicy))) yield toScenario(decided);
        }
      }
    }
  }
}

/**
 * How many scenarios `expandVariants` makes, without making one.
 *
 * @param document has passed `scenarioSchema`
 */
export function countVariants(document: ScenarioDocument): number {
  return completeDocuments(document).reduce((sum, complete) => {
    const choices = (paths: readonly DocumentPath[]): number =>
      paths.reduce((product, path) => product * valuesAt(complete, path).length, 1);
    const kinds = valuesAt(complete, KIND_AXIS) as PlatformKind[];
    const policies = valuesAt(complete, ["policy"]) as PolicyName[];
    const priced = kinds.map((kind) =>
      choices(parameterAxes(complete).filter(([, name]) => hasParameter(kind, String(name)))),
    );
    const tuned = policies.map((policy) =>
      choices(strategyAxes(complete).filter(([, name]) => takesParameter(policy, String(name)))),
    );
    const machines = choices(SLOW_AXES.filter((path) => path !== KIND_AXIS));
    return sum + machines * total(priced) * total(tuned);
  }, 0);
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** What a list at a path has, or the one value there. */
function valuesAt(document: CompleteDocument, path: DocumentPath): readonly unknown[] {
  const value = valueAt(document, path);
  return Array.isArray(value) ? value : [value];
}

/** One document for each combination of the lists at some paths, the last of them changing fastest. */
function* varied(document: CompleteDocument, paths: readonly DocumentPath[]): Generator<CompleteDocument> {
  const at = paths.findIndex((path) => Array.isArray(valueAt(document, path)));
  if (at === -1) {
    yield document;
    return;
  }
  for (const one of vary(document, paths[at]!)) yield* varied(one, paths.slice(at + 1));
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

function strategyAxes({ strategy }: CompleteDocument): DocumentPath[] {
  return Object.keys(strategy ?? {}).map((name) => ["strategy", name]);
}

function withoutForeignStrategy(document: CompleteDocument): CompleteDocument {
  const policy: PolicyName = only(document.policy, "policy");
  return produce(document, (draft) => {
    const strategy = (draft.strategy ?? {}) as Record<string, unknown>;
    for (const name of Object.keys(strategy)) if (!takesParameter(policy, name)) delete strategy[name];
  });
}

/** A document in which no list is left, as the scenario it stands for. */
function toScenario(document: CompleteDocument): Scenario {
  const { name, description, platform, host, firmware, guest } = document;
  const parameters = parameterNamesOf(document).map((parameter) => {
    const value = only(platform?.[parameter], parameter);
    return [parameter, converted(durationNs, value, parameter)] as const;
  });
  const timeScale = guest?.timeScale === undefined ? {} : { timeScale: only(guest.timeScale, "timeScale") };
  const policy: PolicyName = only(document.policy, "policy");
  const preset: FirmwareName = only(firmware?.preset, "firmware");
  const scenario: Scenario = {
    name,
    ...(description === undefined ? {} : { description }),
    workload: only(document.workload, "workload"),
    platform: { kind: only(platform?.kind, "platform"), parameters: Object.fromEntries(parameters) },
    policy,
    strategy: strategyOf(policy, (document.strategy ?? {}) as Record<string, Quantity | boolean>),
    kernel: converted(kernelOf, only(document.kernel, "kernel"), "kernel"),
    memoryBytes: converted(memoryBytes, only(document.memory, "memory"), "memory"),
    vcpus: only(document.vcpus, "vcpus"),
    seed: only(document.seed, "seed"),
    host: {
      pageSizeBytes: converted(hostPageSizeBytes, only(host?.pageSize, "pageSize"), "pageSize"),
      prefault: only(host?.prefault, "prefault"),
      contiguity: only(host?.contiguity, "contiguity"),
      dynamicPamt: only(host?.dynamicPamt, "dynamicPamt"),
      keepsConverted: only(host?.keepsConverted, "keepsConverted"),
      ...(host?.memory === undefined
        ? {}
        : { memoryBytes: converted(hostAddressBytes, only(host.memory, "host.memory"), "host.memory") }),
      ...(host?.tdxModule === undefined ? {} : { tdxModule: tdxModuleHost(host.tdxModule) }),
    },
    firmware: {
      preset,
      preAcceptLimitBytes: converted(
        preAcceptLimitBytes,
        only(firmware?.preAcceptLimit ?? USUAL_LIMIT[preset] ?? "4GiB", "preAcceptLimit"),
        "preAcceptLimit",
      ),
      preAcceptBy: only(firmware?.preAcceptBy, "preAcceptBy"),
      acceptAll: only(firmware?.acceptAll, "acceptAll"),
      acceptOnDemand: only(firmware?.acceptOnDemand, "acceptOnDemand"),
      highMemory: only(firmware?.highMemory, "highMemory"),
    },
    guest: {
      ...timeScale,
      transparentHugePages: only(guest?.transparentHugePages, "transparentHugePages"),
      commandLine: only(guest?.commandLine, "commandLine"),
      ...(guest?.septVeDisable === undefined
        ? {}
        : { septVeDisable: only(guest.septVeDisable, "septVeDisable") }),
      svsm: only(guest?.svsm, "svsm"),
      coherencyErratum: only(guest?.coherencyErratum, "coherencyErratum"),
      unacceptedMemory: only(guest?.unacceptedMemory, "unacceptedMemory"),
      bootLoader: only(guest?.bootLoader, "bootLoader"),
      ...(guest?.firstTouch === undefined ? {} : { firstTouch: only(guest.firstTouch, "firstTouch") }),
      kaslr: only(guest?.kaslr, "kaslr"),
      checksAcpiMemory: only(guest?.checksAcpiMemory, "checksAcpiMemory"),
      shareWithoutAccept: only(guest?.shareWithoutAccept, "shareWithoutAccept"),
      decryptedSection: only(guest?.decryptedSection, "decryptedSection"),
      record: only(guest?.record, "record"),
      staysInAccepted: only(guest?.staysInAccepted, "staysInAccepted"),
      splitTables: only(guest?.splitTables, "splitTables"),
      splitRaces: only(guest?.splitRaces, "splitRaces"),
      dmaBuffers: only(guest?.dmaBuffers, "dmaBuffers"),
    },
    ...(document.hotplug === undefined ? {} : { hotplug: hotplugPlan(document.hotplug) }),
    ...(document.drain === undefined
      ? {}
      : { drain: { workers: only(document.drain.workers ?? 1, "workers") } }),
    ...(document.attack === undefined
      ? {}
      : {
          attack: {
            pages: only(document.attack.pages ?? 1, "pages"),
            kind: only(document.attack.kind ?? "replace", "kind"),
            answer: only(document.attack.answer ?? "terminate", "answer"),
          },
        }),
    ...(document.kexec === undefined ? {} : { kexec: kexecPlan(document.kexec) }),
  };
  return freeze(scenario, true);
}

function hotplugPlan({ memory, acceptance }: NonNullable<CompleteDocument["hotplug"]>): HotplugPlan {
  return {
    memoryBytes: converted(hotplugBytes, only(memory ?? "1GiB", "hotplug.memory"), "hotplug.memory"),
    acceptance: only(acceptance ?? "assumed", "acceptance"),
  };
}

function kexecPlan({ kind, table, initrd }: NonNullable<CompleteDocument["kexec"]>): KexecPlan {
  return {
    kind: only(kind ?? "kexec", "kind"),
    table: only(table ?? "handed-over", "table"),
    ...(initrd === undefined
      ? {}
      : { initrdBytes: converted(initrdBytes, only(initrd, "initrd"), "initrd") }),
  };
}

function tdxModuleHost(document: TdxModuleDocument): TdxModuleHost {
  const range = ({ start, end }: HostRangeDocument): AddressRange => ({
    start: converted(hostAddressBytes, start, "start"),
    end: converted(hostAddressBytes, end, "end"),
  });
  return {
    memory: document.memory.map((piece) => ({
      ...range(piece),
      nodeId: piece.node ?? 0,
      usedBytes: converted(hostAddressBytes, piece.used ?? 0, "used"),
    })),
    convertible: document.convertible.map(range),
    listFrom: only(document.listFrom ?? "memblock", "listFrom"),
    removed: (document.removed ?? []).map((one) => ({ ...range(one), when: one.when ?? "after" })),
    hotplug: (document.hotplug ?? []).map(range),
    hotplugPolicy: only(document.hotplugPolicy ?? "refuse", "hotplugPolicy"),
    guestNode: only(document.guestNode ?? "any", "guestNode"),
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
