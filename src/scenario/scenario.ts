/**
 * Every key of a scenario file, declared once: what a file may say, what a run then has, and the reference
 * follow from here. Keys of what happens to a guest once it is up are declared by the rooms that do it.
 */

import type { z } from "zod";
import { ATTACK } from "../after/attack.js";
import { DRAIN } from "../after/drain.js";
import { HOTPLUG } from "../after/hotplug/result.js";
import { KEXEC } from "../after/kexec/result.js";
import type { HostPageSize } from "../coco/platform.js";
import { PLATFORM_KINDS, PLATFORMS, type PlatformKind } from "../coco/platforms.js";
import { DEFAULT_PRICES, type PriceSet } from "../coco/price-set.js";
import type { FileOf, Need, OneOrMore, Problem, Quantity, SettledOf, Time } from "../fields/field.js";
import { schemaOf } from "../fields/schema.js";
import type { FirmwareName } from "../firmware/firmware.js";
import type { VmmKind } from "../firmware/vmm-ram.js";
import { FIRMWARE } from "../guest/firmware-options.js";
import { HOST } from "../guest/host-options.js";
import { HAND_OVER, MEMORY_MAP, NUMA, VMM } from "../guest/machine-options.js";
import { EXPLICIT_MAP } from "../guest/needs.js";
import { GUEST } from "../guest/options.js";
import { changesIn, releasesThatDiffer } from "../linux/kernel-rules.js";
import { isPolicyFile, type Policies, policies, policyNamed, USUAL_POLICY } from "../policy/policies.js";
import type { PolicyParameters } from "../policy/policy.js";
import { formatDuration } from "../units.js";
import { MIN_MEMORY_BYTES } from "../x86/memory-options.js";
import { MACHINES, PRESETS } from "./presets.js";
import { checkKernel, checkWorkload, EXPECTED_KERNEL, kernelOf } from "./texts.js";

export type { FirmwareName, HostPageSize, PlatformKind };

/** Keys in the order in which a run has them. */
export const SCENARIO = {
  name: {
    is: "text",
    required: true,
    varies: "never",
    what: "short name of the scenario, the first column of every table",
  },
  description: { is: "text", varies: "never", what: "one sentence about what it shows" },
  workload: {
    is: "text",
    required: true,
    check: checkWorkload as (value: string) => Problem | undefined,
    examples: ["recorded/linux-7.3.4-debian-1c4g/recording.yaml", "generate:heap?size=1GiB"],
    what: "what the guest does: a recording (recording.yaml) or a trace, relative to this file, or generate:NAME?PARAMETER=VALUE&..., which unaccepted trace list names; what is no boot comes after the standard one",
  },
  preset: {
    is: "choice",
    of: Object.keys(PRESETS) as string[],
    fileOnly: true,
    what: "platform, firmware and host to start from; what this file says itself comes first",
  },
  machine: {
    is: "choice",
    of: Object.keys(MACHINES) as string[],
    fileOnly: true,
    what: "memory and CPUs to start from; what this file says itself comes first",
  },
  platform: {
    is: "section",
    short: "kind",
    byDefault: "that of `preset`, or required",
    what: "what protects the memory: tdx, snp or none, or a mapping of `kind` and prices",
    fields: {
      kind: {
        is: "choice",
        of: PLATFORM_KINDS as readonly PlatformKind[],
        needed: "that of `preset`, or required",
        varies: "faster",
        what: "which one: tdx, snp, or none for a plain virtual machine",
      },
      /** Those that differ from the platform's own, by name. */
      parameters: {
        is: "parameters",
        of: ["platform", "kind"],
        inline: true,
        fields: prices() as Readonly<Record<string, Time>>,
        has: hasPrice as (kind: string, name: string) => boolean,
        defaults: (_kind: string): Record<string, never> => ({}),
        what: "a price of the platform, by its name",
      },
    },
  },
  /** What has another platform than a run's makes no run of it. */
  prices: {
    is: "text",
    varies: "faster",
    byDefault: DEFAULT_PRICES as string,
    examples: ["tdx-7.0-gnr", "my-machine.yaml"],
    what: "prices of a machine: the name of those that come with the program, which unaccepted help prices lists, or a file, relative to this one; of a list each makes runs on its platform; a price under platform goes before them",
  },
  /** Linux accepts lazily unless told `accept_memory=eager` (6.12 mm/page_alloc.c: accept_memory_parse). */
  policy: {
    is: "choice",
    get of(): readonly string[] {
      return policies().names;
    },
    refuses: refusePolicyFile as (value: string) => string | undefined,
    default: USUAL_POLICY as string,
    varies: "fastest",
    what: "when memory is accepted and by whom; unaccepted run --list-policies explains each",
  },
  strategy: {
    is: "parameters",
    of: ["policy"],
    get fields(): PolicyParameters {
      return policies().parameters;
    },
    has: hasParameter as (policy: string, name: string) => boolean,
    defaults: strategyDefaults as (policy: string) => Record<string, Quantity | boolean>,
    what: "what can be tuned about the policy; a parameter counts for those policies of the file that have it",
  },
  /** The recordings are of this series. */
  kernel: {
    is: "text",
    orNumber: true,
    expected: EXPECTED_KERNEL as string,
    check: checkKernel as (value: Quantity) => Problem | undefined,
    read: kernelOf as (value: Quantity) => string | undefined,
    examples: ["7.3", "6.8.0-1028-intel"],
    default: "7.3",
    what: "Linux release whose rules apply, as uname -r prints it; 6.12, 6.18 and 7.3 are the stable series as of 6.12.107, 6.18.44 and 7.3.4, any other name of two numbers the first release; the rules of 6.12 and 7.3 are held against complete logs of real kernels, those of 6.16 to 7.2 against traces, all others are by rule, not recorded",
    more: kernelChanges() as string,
  },
  /** 52 physical address bits are the most x86_64 has. */
  memory: {
    is: "size",
    expected: "a memory size from 256MiB to 4PiB in whole MiB",
    min: MIN_MEMORY_BYTES as number,
    max: "4096TiB",
    multipleOf: "1MiB",
    examples: ["4GiB", "1TiB"],
    needed: "that of `machine`, or required",
    varies: "fast",
    what: "RAM of the guest; units are binary (2M is 2MiB), a bare number is bytes; none lies at 2^52 or above",
  },
  /** Assumption: the guest whose requests can be compared one by one. */
  vcpus: { is: "count", min: 1, max: 1024, default: 1, varies: "fast", what: "virtual CPUs, 1 to 1024" },
  seed: {
    is: "count",
    min: 0,
    max: 4_294_967_295,
    default: 1,
    what: "start of every random choice; the same seed gives the same run",
  },
  host: { is: "section", fields: HOST as typeof HOST, what: "the machine below the guest" },
  vmm: {
    is: "section",
    short: "kind",
    fields: VMM as typeof VMM,
    byDefault: "q35",
    what: "the program that makes the guest's machine, and where it puts RAM; or a mapping",
  },
  memoryMap: {
    is: "list",
    fields: MEMORY_MAP as typeof MEMORY_MAP,
    what: "the map with which the kernel starts, in the place of the VMM's layout and the firmware's own map; all RAM of it that is not unaccepted has been accepted by the firmware",
  },
  numa: {
    is: "list",
    fields: NUMA as typeof NUMA,
    what: "NUMA nodes of the guest's memory, ascending, as the kernel prints SRAT lines; all of it on one node otherwise",
  },
  handOver: {
    is: "section",
    optional: true,
    needs: [EXPLICIT_MAP] as readonly Need[],
    fields: HAND_OVER as typeof HAND_OVER,
    what: "what else the kernel finds, to repeat a boot exactly; the command line is guest.commandLine alone then",
  },
  firmware: {
    is: "section",
    fields: FIRMWARE as typeof FIRMWARE,
    what: "the firmware that starts the guest",
  },
  guest: { is: "section", fields: GUEST as typeof GUEST, what: "the guest kernel and its work" },
  hotplug: {
    is: "section",
    optional: true,
    fields: HOTPLUG as typeof HOTPLUG,
    what: "when init runs, a memory device is plugged in after the guest's RAM and goes online",
  },
  drain: {
    is: "section",
    optional: true,
    fields: DRAIN as typeof DRAIN,
    what: "after the boot, processes touch anonymous memory until nothing is left to accept",
  },
  attack: {
    is: "section",
    optional: true,
    fields: ATTACK as typeof ATTACK,
    what: "when the guest is ready, the host takes accepted pages away and gives them back",
  },
  kexec: {
    is: "section",
    optional: true,
    fields: KEXEC as typeof KEXEC,
    what: "after everything else, another kernel takes the guest over",
  },
} as const;

/** One run, with every choice made. Sizes in bytes, times in nanoseconds, paths as written; always frozen. */
export type Scenario = Omit<SettledOf<typeof SCENARIO>, "prices"> & {
  /** Those that the file names, read; absent for the platform's own. */
  readonly prices?: PriceSet;
};

type Written = FileOf<typeof SCENARIO>;

/** A scenario file as users write it, before presets, defaults and lists are worked out. */
export type ScenarioDocument = Omit<Written, "platform" | "vmm"> & {
  readonly platform?: OneOrMore<PlatformKind> | PlatformDocument;
  readonly vmm?: OneOrMore<VmmKind> | FileOf<typeof VMM>;
};

/** `platform` as a mapping: the kind, and prices to change by name. */
export interface PlatformDocument {
  readonly kind?: OneOrMore<PlatformKind>;
  readonly [price: string]: OneOrMore<Quantity>;
}

/** A document without presets, its platform a mapping with the prices in one of their own. Platform and memory can still be missing. */
export type CompleteDocument = Omit<Written, "preset" | "machine">;

let schema: { readonly of: Policies; readonly type: z.ZodType<ScenarioDocument> } | undefined;

/** A scenario file as a schema, with the policies there are; every mapping refuses keys it does not know. */
export function scenarioSchema(): z.ZodType<ScenarioDocument> {
  const of = policies();
  if (schema?.of !== of) schema = { of, type: schemaOf(SCENARIO) as z.ZodType<ScenarioDocument> };
  return schema.type;
}

function prices(): Record<string, Time> {
  const names = new Set(PLATFORM_KINDS.flatMap((kind) => Object.keys(PLATFORMS[kind].parameters)));
  return Object.fromEntries([...names].map((name) => [name, price(name)]));
}

function price(name: string): Time {
  const defaults = PLATFORM_KINDS.filter((kind) => hasPrice(kind, name)).map(
    (kind) => `${kind} ${formatDuration(PLATFORMS[kind].parameters[name]!.value)}`,
  );
  return { is: "time", what: "a time with its unit", more: `Default: ${defaults.join(", ")}` };
}

function hasPrice(kind: string, name: string): boolean {
  return Object.hasOwn(PLATFORMS[kind as PlatformKind].parameters, name);
}

function hasParameter(policy: string, name: string): boolean {
  return Object.hasOwn(policyNamed(policy).parameters, name);
}

function strategyDefaults(policy: string): Record<string, Quantity | boolean> {
  const { parameters } = policyNamed(policy);
  return Object.fromEntries(Object.entries(parameters).map(([name, field]) => [name, field.default]));
}

/** A file of a policy is code, which nobody runs for what a scenario says. */
function refusePolicyFile(value: string): string | undefined {
  return isPolicyFile(value)
    ? "the name of a policy, as a file of one is code and loaded only by --policy FILE"
    : undefined;
}

function kernelChanges(): string {
  const changes = releasesThatDiffer()
    .slice(1)
    .map((name) => `${name} ${changesIn(name).join(", ")}`);
  return `What changed: ${changes.join(". ")}`;
}
