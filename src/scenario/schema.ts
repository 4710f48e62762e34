/**
 * What a scenario file may say. Only types, ranges and names are checked here and nothing
 * is converted, so that the schema can be printed as JSON Schema for editors.
 */

import { z } from "zod";
import { formatDuration } from "../units.js";
import { GeneratorError, isGenerated, parseGeneratedWorkload } from "../workload/generators/index.js";
import { expectedOfCommandLine } from "./command-line.js";
import type {
  OneOrMore,
  PlatformDocument,
  Quantity,
  ScenarioDocument,
  TdxModuleDocument,
} from "./document.js";
import {
  KERNEL_VERSION_NAMES,
  KERNEL_VERSIONS,
  kernelVersion,
  nearestKernelVersion,
} from "./kernel-versions.js";
import { parameterDefaults, parameterNames } from "./platform-parameters.js";
import { MACHINES, PRESETS } from "./presets.js";
import {
  binarySizeFor,
  durationNs,
  hostAddressBytes,
  hostPageSizeBytes,
  memoryBytes,
  preAcceptLimitBytes,
} from "./quantities.js";

/** One value, or a list of at least one. */
function oneOrMore<T>(leaf: z.ZodType<T>): z.ZodType<T | T[]> {
  return z.union([leaf, z.array(leaf).min(1)]);
}

/** Text with a unit or a bare number, valid where `parse` gives a number. */
function quantity(
  expected: string,
  parse: (value: Quantity) => number | undefined,
  examples: readonly Quantity[],
): z.ZodType<Quantity> {
  const message = `expected ${expected}`;
  return z
    .union([z.string(), z.number()], { error: message })
    .check((context) => {
      if (parse(context.value) !== undefined) return;
      const binary = binarySizeFor(context.value);
      const suggestion = binary !== undefined && parse(binary) !== undefined ? binary : undefined;
      context.issues.push({ code: "custom", input: context.value, message, params: { suggestion } });
    })
    .meta({ examples: [...examples] });
}

function integer(min: number, max: number): z.ZodType<number> {
  return z
    .int({ error: `expected a whole number from ${min} to ${max}` })
    .min(min)
    .max(max);
}

function names<const Name extends string>(values: readonly Name[]): z.ZodType<Name> {
  return z.enum(values);
}

const kind: z.ZodType<"tdx" | "snp" | "none"> = names(["tdx", "snp", "none"]);
const kernel: z.ZodType<Quantity> = z
  .union([z.string(), z.number()], { error: `expected one of ${KERNEL_VERSION_NAMES.join(", ")}` })
  .check((context) => {
    if (kernelVersion(context.value) !== undefined) return;
    context.issues.push({
      code: "custom",
      input: context.value,
      message: `expected one of ${KERNEL_VERSION_NAMES.join(", ")}`,
      params: { suggestion: nearestKernelVersion(context.value) },
    });
  })
  .meta({ enum: [...KERNEL_VERSION_NAMES, ...KERNEL_VERSION_NAMES.map(Number).filter(Number.isFinite)] });
const commandLine: z.ZodType<string> = z
  .string()
  .check((context) => {
    const expected = expectedOfCommandLine(context.value);
    if (expected === undefined) return;
    context.issues.push({ code: "custom", input: context.value, message: `expected ${expected}` });
  })
  .meta({ examples: ["mem=2G"] });
const flag: z.ZodType<boolean> = z.boolean();

/** A path, or a generated workload, which must be one. */
const workload: z.ZodType<string> = z
  .string()
  .min(1)
  .check((context) => {
    if (!isGenerated(context.value)) return;
    try {
      parseGeneratedWorkload(context.value);
    } catch (error) {
      if (!(error instanceof GeneratorError)) throw error;
      context.issues.push({ code: "custom", input: context.value, message: error.message.split("\n")[0]! });
    }
  })
  .meta({ examples: ["recorded/linux-6.12.95-1c4g/recording.yaml", "generate:heap?size=1GiB"] });

const platformMapping: z.ZodType<PlatformDocument> = z.strictObject(
  {
    kind: oneOrMore(kind)
      .describe("tdx, snp, or none for a plain virtual machine; may come from `preset`")
      .exactOptional(),
    ...Object.fromEntries(parameterNames().map((name) => [name, parameterLeaf(name).exactOptional()])),
  },
  { error: (issue) => (issue.code === "unrecognized_keys" ? "unknown parameter" : undefined) },
);

function parameterLeaf(name: string): z.ZodType<OneOrMore<Quantity>> {
  const defaults = parameterDefaults(name).map(({ kind, value }) => `${kind} ${formatDuration(value)}`);
  return oneOrMore(quantity("a time such as 250us", durationNs, ["900ns"])).describe(
    `A time; a bare number is nanoseconds. Default: ${defaults.join(", ")}`,
  );
}

const hostAddress: z.ZodType<Quantity> = quantity(
  "an address on a page boundary such as 2GiB",
  hostAddressBytes,
  ["1MiB", "2GiB"],
);
const hostRange = {
  start: hostAddress.describe("First byte"),
  end: hostAddress.describe("First byte behind the range"),
} as const;

const tdxModule: z.ZodType<TdxModuleDocument> = z
  .strictObject({
    memory: z
      .array(z.strictObject({ ...hostRange, node: integer(0, 1023).exactOptional() }))
      .min(1)
      .describe("The host's memory in ascending order, with its NUMA node (default 0)"),
    convertible: z.array(z.strictObject(hostRange)).min(1).describe("Memory the platform can protect (CMRs)"),
    hotplug: z
      .array(z.strictObject(hostRange))
      .describe("Memory plugged in after the module has started")
      .exactOptional(),
    maxTdmrs: integer(1, 1024).describe("Most regions the module can be told; default 64").exactOptional(),
    maxReservedPerTdmr: integer(1, 1024)
      .describe("Most reserved areas in a region; default 16")
      .exactOptional(),
  })
  .describe("TDX: the whole host, to simulate the start of its TDX module as well");

/** A scenario file; every mapping refuses keys it does not know. */
export const scenarioSchema: z.ZodType<ScenarioDocument> = z.strictObject({
  name: z.string().min(1).describe("Short name of the scenario, the first column of every table"),
  description: z.string().describe("One sentence about what it shows").exactOptional(),
  workload: oneOrMore(workload).describe(
    "What the guest does: a recording (recording.yaml) or a trace, relative to this file, or " +
      "generate:NAME?PARAMETER=VALUE&...; what is no boot comes after the standard one",
  ),
  preset: oneOrMore(names(Object.keys(PRESETS)))
    .describe("Platform, firmware and host to start from; what this file says itself comes first")
    .exactOptional(),
  machine: oneOrMore(names(Object.keys(MACHINES)))
    .describe("Memory and CPUs to start from; what this file says itself comes first")
    .exactOptional(),
  platform: z
    .union([kind, z.array(kind).min(1), platformMapping])
    .describe("What protects the memory: tdx, snp or none, or a mapping of `kind` and timing parameters")
    .exactOptional(),
  policy: oneOrMore(names(["eager", "lazy", "firmware-delegated"]))
    .describe("When memory is accepted: by the kernel at boot, by the kernel on demand, by the firmware")
    .exactOptional(),
  memory: oneOrMore(quantity("a memory size from 256MiB to 4PiB in whole MiB", memoryBytes, ["4GiB", "1TiB"]))
    .describe("RAM of the guest; units are binary (2M is 2MiB), a bare number is bytes")
    .exactOptional(),
  vcpus: oneOrMore(integer(1, 1024)).describe("Virtual CPUs, 1 to 1024").exactOptional(),
  kernel: oneOrMore(kernel)
    .describe(
      "Linux version whose rules for unaccepted memory apply; 6.12 is the stable series as of 6.12.107, " +
        `the others are first releases. ${KERNEL_VERSION_NAMES.map((name) => `${name} ${KERNEL_VERSIONS[name]}`).join(". ")}`,
    )
    .exactOptional(),
  seed: oneOrMore(integer(0, 2 ** 32 - 1))
    .describe("Start of every random choice; the same seed gives the same run")
    .exactOptional(),
  host: z
    .strictObject({
      pageSize: oneOrMore(quantity("4KiB, 2MiB or 1GiB", hostPageSizeBytes, ["4KiB", "2MiB", "1GiB"]))
        .describe("Largest page with which the host backs private memory: 4KiB, 2MiB or 1GiB")
        .exactOptional(),
      prefault: oneOrMore(flag)
        .describe("Whether the host backs memory when the guest asks for private pages, not at first touch")
        .exactOptional(),
      contiguity: oneOrMore(z.number({ error: "expected a probability from 0 to 1" }).min(0).max(1))
        .describe("Probability from 0 to 1 that the host finds a page of pageSize; otherwise it takes 4 KiB")
        .exactOptional(),
      dynamicPamt: oneOrMore(flag)
        .describe("TDX: whether the module's tracking of 4 KiB pages is allocated as they come into use")
        .exactOptional(),
      keepsConverted: oneOrMore(flag)
        .describe("Whether the host keeps the private copy of memory that the guest has made shared")
        .exactOptional(),
      tdxModule: tdxModule.exactOptional(),
    })
    .describe("The machine below the guest")
    .exactOptional(),
  firmware: z
    .strictObject({
      preset: oneOrMore(names(["auto", "tdvf", "ovmf-snp", "ovmf"]))
        .describe("Which firmware starts the guest; auto is tdvf for tdx, ovmf-snp for snp, ovmf for none")
        .exactOptional(),
      preAcceptLimit: oneOrMore(
        quantity("an address in whole MiB such as 4GiB, or all", preAcceptLimitBytes, [
          "4GiB",
          "512MiB",
          "all",
        ]),
      )
        .describe("The firmware accepts memory below this physical address before it starts the kernel")
        .exactOptional(),
    })
    .describe("The firmware that starts the guest")
    .exactOptional(),
  guest: z
    .strictObject({
      timeScale: oneOrMore(z.number({ error: "expected a number above 0" }).positive())
        .describe("Guest work for each unit of recorded work; without it, what the recording itself says")
        .exactOptional(),
      transparentHugePages: oneOrMore(flag)
        .describe(
          "Whether the guest kernel uses transparent huge pages, which raises its free-memory targets",
        )
        .exactOptional(),
      commandLine: oneOrMore(commandLine)
        .describe(
          "More words for the kernel's command line; mem=, memmap= and early_page_ext have an effect, others none",
        )
        .exactOptional(),
      septVeDisable: oneOrMore(flag)
        .describe("TDX: whether touching unaccepted memory ends the guest; otherwise it raises #VE")
        .exactOptional(),
      svsm: oneOrMore(flag)
        .describe("SNP: whether the guest runs below an SVSM, which validates pages for it")
        .exactOptional(),
      coherencyErratum: oneOrMore(flag)
        .describe(
          "SNP: whether the guest has to touch each page it validates, as on processors with the erratum",
        )
        .exactOptional(),
    })
    .describe("The guest kernel and its work")
    .exactOptional(),
  drain: z
    .strictObject({
      workers: oneOrMore(integer(1, 4096))
        .describe("Processes that touch memory, 1 to 4096; default 1")
        .exactOptional(),
    })
    .describe("After the boot, processes touch anonymous memory until nothing is left to accept")
    .exactOptional(),
  attack: z
    .strictObject({
      pages: oneOrMore(integer(1, 2 ** 20))
        .describe("How many pages of 4 KiB the host takes away and gives back; default 1")
        .exactOptional(),
      answer: oneOrMore(names(["terminate", "warn", "ignore"]))
        .describe("What the guest does when it finds such a page unaccepted again; default terminate")
        .exactOptional(),
    })
    .describe("When the guest is ready, the host takes accepted pages away and gives them back")
    .exactOptional(),
});
