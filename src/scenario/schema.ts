/**
 * What a scenario file may say. Only types, ranges and names are checked here and nothing
 * is converted, so that the schema can be printed as JSON Schema for editors.
 */

import { z } from "zod";
import { changesIn, releasesThatDiffer } from "../linux/kernel-rules.js";
import { STRATEGY_PARAMETERS, type StrategyParameter } from "../policy/parameters.js";
import { POLICY_NAMES } from "../policy/policies.js";
import { formatDuration, MiB } from "../units.js";
import { GeneratorError, isGenerated, parseGeneratedWorkload } from "../workload/generators/index.js";
import { expectedOfCommandLine } from "./command-line.js";
import type { OneOrMore, PlatformDocument, Quantity, ScenarioDocument } from "./document.js";
import { EXPECTED_KERNEL, kernelHint, kernelOf } from "./kernel.js";
import { parameterDefaults, parameterNames } from "./platform-parameters.js";
import { MACHINES, PRESETS } from "./presets.js";
import {
  durationNs,
  hostAddressBytes,
  hostPageSizeBytes,
  memoryBytes,
  preAcceptLimitBytes,
} from "./quantities.js";
import { attack, drain, hotplug, kexec } from "./schema-after-boot.js";
import { integer, names, oneOrMore, quantity } from "./schema-leaves.js";
import { tdxModule } from "./schema-tdx-module.js";
import { expectedOf, strategyNumber } from "./strategy.js";

const kind: z.ZodType<"tdx" | "snp" | "none"> = names(["tdx", "snp", "none"]);
const kernel: z.ZodType<Quantity> = z
  .union([z.string(), z.number()], { error: `expected ${EXPECTED_KERNEL}` })
  .check((context) => {
    if (kernelOf(context.value) !== undefined) return;
    context.issues.push({
      code: "custom",
      input: context.value,
      message: `expected ${EXPECTED_KERNEL}`,
      params: { hint: kernelHint(context.value) },
    });
  })
  .meta({ title: EXPECTED_KERNEL, examples: ["6.12", "6.8.0-1028-intel"] });
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
      .describe("tdx, snp, or none for a plain virtual machine; default that of `preset`, or required")
      .exactOptional(),
    ...Object.fromEntries(parameterNames().map((name) => [name, parameterLeaf(name).exactOptional()])),
  },
  { error: (issue) => (issue.code === "unrecognized_keys" ? "unknown parameter" : undefined) },
);

function parameterLeaf(name: string): z.ZodType<OneOrMore<Quantity>> {
  const defaults = parameterDefaults(name).map(({ kind, value }) => `${kind} ${formatDuration(value)}`);
  return oneOrMore(quantity("a time such as 250us", durationNs, ["900ns"])).describe(
    `A time with its unit. Default: ${defaults.join(", ")}`,
  );
}

function strategyLeaf(parameter: StrategyParameter): z.ZodType<Quantity | boolean> {
  if (parameter.kind === "flag") return z.boolean();
  if (parameter.kind === "count") return integer(parameter.min, parameter.max);
  const { min, max } = parameter;
  const examples = max === Number.POSITIVE_INFINITY ? ["256MiB", "all"] : [`${Math.max(min / MiB, 2)}MiB`];
  return quantity(expectedOf(parameter), (value) => strategyNumber(parameter, value), examples);
}

function sentence(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}

/** A scenario file; every mapping refuses keys it does not know. */
export const scenarioSchema: z.ZodType<ScenarioDocument> = z.strictObject({
  name: z.string().min(1).describe("Short name of the scenario, the first column of every table"),
  description: z.string().describe("One sentence about what it shows").exactOptional(),
  workload: oneOrMore(workload).describe(
    "What the guest does: a recording (recording.yaml) or a trace, relative to this file, or " +
      "generate:NAME?PARAMETER=VALUE&..., which unaccepted trace list names; what is no boot comes after the standard one",
  ),
  preset: oneOrMore(names(Object.keys(PRESETS)))
    .describe("Platform, firmware and host to start from; what this file says itself comes first")
    .exactOptional(),
  machine: oneOrMore(names(Object.keys(MACHINES)))
    .describe("Memory and CPUs to start from; what this file says itself comes first")
    .exactOptional(),
  platform: z
    .union([platformMapping, kind, z.array(kind).min(1)])
    .describe(
      "What protects the memory: tdx, snp or none, or a mapping of `kind` and prices; default that of `preset`, or required",
    )
    .exactOptional(),
  policy: oneOrMore(names(POLICY_NAMES))
    .describe("When memory is accepted and by whom; unaccepted run --list-policies explains each")
    .exactOptional(),
  strategy: z
    .strictObject(
      Object.fromEntries(
        Object.entries(STRATEGY_PARAMETERS).map(([name, parameter]) => [
          name,
          oneOrMore(strategyLeaf(parameter)).describe(sentence(parameter.what)).exactOptional(),
        ]),
      ),
    )
    .describe(
      "What can be tuned about the policy; a parameter counts for those policies of the file that have it",
    )
    .exactOptional(),
  memory: oneOrMore(quantity("a memory size from 256MiB to 4PiB in whole MiB", memoryBytes, ["4GiB", "1TiB"]))
    .describe(
      "RAM of the guest; units are binary (2M is 2MiB), a bare number is bytes; none lies at 2^52 or above; default that of `machine`, or required",
    )
    .exactOptional(),
  vcpus: oneOrMore(integer(1, 1024)).describe("Virtual CPUs, 1 to 1024").exactOptional(),
  kernel: oneOrMore(kernel)
    .describe(
      "Linux release whose rules for unaccepted memory apply, as uname -r prints it; 6.12 is the stable " +
        "series as of 6.12.107, any other name of two numbers the first release. What changed: " +
        `${releasesThatDiffer()
          .slice(1)
          .map((name) => `${name} ${changesIn(name).join(", ")}`)
          .join(". ")}`,
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
      memory: oneOrMore(quantity("a size in whole pages such as 64GiB", hostAddressBytes, ["64GiB"]))
        .describe(
          "TDX, SNP: what the host has for this guest, with the PAMT or RMP for it; default as much as the guest takes",
        )
        .exactOptional(),
      tdxModule: tdxModule.exactOptional(),
    })
    .describe("The machine below the guest")
    .exactOptional(),
  firmware: z
    .strictObject({
      preset: oneOrMore(
        names([
          "auto",
          "tdvf",
          "tdvf-2022",
          "td-shim",
          "ovmf-snp",
          "ovmf-snp-2022",
          "ovmf-snp-no-protocol",
          "ovmf",
        ]),
      )
        .describe(
          "Which firmware starts the guest; auto is tdvf for tdx, ovmf-snp for snp, ovmf for none; those of " +
            "2022 accept everything; td-shim and ovmf-snp-no-protocol do not go with policy firmware-delegated",
        )
        .exactOptional(),
      acceptAll: oneOrMore(flag)
        .describe("Whether the VMM or a switch of the firmware makes it accept everything")
        .exactOptional(),
      acceptOnDemand: oneOrMore(flag)
        .describe("Whether the firmware accepts more memory when it runs out of it, which edk2 does not")
        .exactOptional(),
      highMemory: oneOrMore(names(["type-15", "acpi", "both"]))
        .describe(
          "How the firmware tells of memory that it leaves unaccepted: in its map, as ACPI memory devices whose " +
            "blocks it accepts when they go online, or in both ways",
        )
        .exactOptional(),
      preAcceptLimit: oneOrMore(
        quantity("an address in whole MiB such as 4GiB, or all", preAcceptLimitBytes, [
          "4GiB",
          "512MiB",
          "all",
        ]),
      )
        .describe(
          "The firmware accepts memory below this physical address before it starts the kernel; default 4GiB, " +
            "256MiB with td-shim",
        )
        .exactOptional(),
      preAcceptBy: oneOrMore(names(["firmware", "vmm"]))
        .describe(
          "Who accepts that memory: the firmware, or the VMM, which puts it into the guest before that runs",
        )
        .exactOptional(),
    })
    .describe("The firmware that starts the guest")
    .exactOptional(),
  guest: z
    .strictObject({
      timeScale: oneOrMore(z.number({ error: "expected a number above 0" }).positive())
        .describe("Guest work for each unit of recorded work; default what the recording itself says")
        .exactOptional(),
      transparentHugePages: oneOrMore(flag)
        .describe(
          "Whether the guest kernel uses transparent huge pages, which raises its free-memory targets",
        )
        .exactOptional(),
      commandLine: oneOrMore(commandLine)
        .describe(
          "More words for the kernel's command line; those that take memory or CPUs act as in the kernel, are " +
            "refused, or the run says that it ignores them",
        )
        .exactOptional(),
      septVeDisable: oneOrMore(flag)
        .describe(
          "TDX: whether touching unaccepted memory ends the guest; otherwise it raises #VE; default true, but false " +
            "for policies that live on the exception",
        )
        .exactOptional(),
      svsm: oneOrMore(flag)
        .describe("SNP: whether the guest runs below an SVSM, which validates pages for it")
        .exactOptional(),
      coherencyErratum: oneOrMore(flag)
        .describe(
          "SNP: whether the guest has to touch each page it validates, as on processors with the erratum",
        )
        .exactOptional(),
      unacceptedMemory: oneOrMore(names(["asks", "knows", "drops", "zero-page"]))
        .describe(
          "What the kernel knows of unaccepted memory: asks (6.5 and later) takes it and tells the firmware, knows " +
            "takes it, drops ignores it, zero-page keeps the bitmap of the series v10",
        )
        .exactOptional(),
      bootLoader: oneOrMore(names(["stub", "unaware", "aware", "other-version"]))
        .describe(
          "Who ends boot services: the kernel's EFI stub, or a boot loader that drops unaccepted memory, makes the " +
            "table for the kernel, or makes one of another version",
        )
        .exactOptional(),
      firstTouch: oneOrMore(names(["nmi", "syscall-gap", "handler-stack"]))
        .describe(
          "Where the kernel is when it first touches unaccepted memory, for policies that accept by the exception; " +
            "none of these places can take it; default where a handler can run",
        )
        .exactOptional(),
      kaslr: oneOrMore(flag)
        .describe("Whether the kernel lies at a random address, chosen by the seed; otherwise at 16 MiB")
        .exactOptional(),
      checksAcpiMemory: oneOrMore(flag)
        .describe("Whether the kernel looks into its map before it takes memory that ACPI describes")
        .exactOptional(),
      shareWithoutAccept: oneOrMore(flag)
        .describe("Whether the DMA bounce buffer becomes shared with the host without being accepted first")
        .exactOptional(),
      decryptedSection: oneOrMore(flag)
        .describe("SNP: whether the GHCB pages of all CPUs lie in one section that is shared as a whole")
        .exactOptional(),
      record: oneOrMore(names(["bitmap", "e820-zero-page", "e820-kernel"]))
        .describe(
          "Where the kernel keeps what is accepted: the bitmap of 6.5, or ranges of its e820 table, of 128 entries " +
            "(e820-zero-page) or 3200 (e820-kernel); where that is full, the smallest gap is accepted",
        )
        .exactOptional(),
      staysInAccepted: oneOrMore(flag)
        .describe(
          "Whether the kernel takes memory that is accepted already until setup_arch() ends, while there is any " +
            "below the first that is not",
        )
        .exactOptional(),
      splitTables: oneOrMore(names(["by-phase", "slab", "memblock", "memblock-free"]))
        .describe(
          "Who hands out page tables when a leaf of the direct map is split: whoever can (by-phase), always the page " +
            "allocator (slab), always memblock, or whoever can while memblock takes back what is left over (memblock-free)",
        )
        .exactOptional(),
      splitRaces: oneOrMore(flag)
        .describe(
          "Whether, once init runs, another CPU is first to split each leaf that a driver shares a part of; none " +
            "is there with one CPU",
        )
        .exactOptional(),
      dmaBuffers: oneOrMore(integer(0, 1_048_576))
        .describe(
          "Pages of DMA memory that drivers allocate once init runs, each shared with the host by itself",
        )
        .exactOptional(),
    })
    .describe("The guest kernel and its work")
    .exactOptional(),
  hotplug: hotplug.exactOptional(),
  drain: drain.exactOptional(),
  attack: attack.exactOptional(),
  kexec: kexec.exactOptional(),
});
