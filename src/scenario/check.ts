/** Checks that the parts of a scenario file fit each other, which no single value shows. */

import type { Quantity } from "../fields/field.js";
import { readLeaf } from "../fields/read.js";
import { schemaOf } from "../fields/schema.js";
import type { Flavour } from "../firmware/edk2.js";
import type { FirmwareName } from "../firmware/firmware.js";
import { FIRMWARES } from "../firmware/firmwares.js";
import { checkMachine } from "../guest/check-machine.js";
import { behaviourOf, policyNamed } from "../policy/policies.js";
import type { Policy } from "../policy/policy.js";
import { formatBytes, parseSize } from "../units.js";
import type { DocumentPath } from "./error.js";
import { type Finding, findingsOf, unexpected } from "./findings.js";
import { type CompleteDocument, type PlatformKind, SCENARIO, type ScenarioDocument } from "./scenario.js";
import { asList, completeDocuments, variantsIn } from "./variants.js";

/** Most batches that the memory of a guest is divided into. */
const FAULT_UNITS_MAX: number = 2 ** 31;

export const PLATFORM_OF_FIRMWARE: Readonly<Record<Exclude<FirmwareName, "auto">, PlatformKind>> = {
  tdvf: "tdx",
  "tdvf-2022": "tdx",
  "td-shim": "tdx",
  "ovmf-snp": "snp",
  "ovmf-snp-2022": "snp",
  "ovmf-snp-no-protocol": "snp",
  ovmf: "none",
};

/** The build of edk2 that has no code for a platform. */
const STRANGE_FLAVOUR: Readonly<Partial<Record<PlatformKind, Flavour>>> = { tdx: "amdsev", snp: "inteltdx" };

/**
 * Checks a document together with its presets.
 *
 * @param document has passed `scenarioSchema`
 * @param fromFlag whether the value at a path was given on the command line
 * @returns nothing wrong: an empty list, and `expandVariants` can take the document
 */
export function checkTogether(
  document: ScenarioDocument,
  fromFlag: (path: DocumentPath) => boolean,
): Finding[] {
  const complete = completeDocuments(document);
  const findings = [
    ...complete.flatMap(checkPresence),
    ...checkParameters(complete, fromFlag),
    ...complete.flatMap((one) => checkFirmware(one, document)),
    ...complete.flatMap((one) => checkImage(one, document)),
    ...complete.flatMap(checkProtocol),
    ...complete.flatMap((one) => checkStrategy(one, fromFlag)),
    ...complete.flatMap(checkBounds),
    ...complete.flatMap(checkFaultBatch),
    ...complete.flatMap(checkRecord),
    ...complete.flatMap(checkHotplug),
    ...complete.flatMap(checkHostMemory),
    ...complete.flatMap(checkRoomToPlugIn),
    ...complete.flatMap(checkKnownWindow),
  ];
  // A list of presets finds the same mistake of the file once for each preset.
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

/** Whether the machine that is described can be one, in each run that describes another one. */
export function checkMachines(document: ScenarioDocument): Finding[] {
  const { memoryMap, numa } = document;
  if ((memoryMap?.length ?? 0) === 0 && (numa?.length ?? 0) === 0) return [];
  const findings: Finding[] = [];
  for (const run of variantsIn(document, DECIDE_MACHINE)) {
    for (const { path, message } of checkMachine(run))
      findings.push({ path: [...path], message, onKey: false });
  }
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

const DECIDE_MACHINE: readonly DocumentPath[] = [
  ["memory"],
  ["vcpus"],
  ["kernel"],
  ["policy"],
  ["platform", "kind"],
  ["firmware", "preset"],
  ["vmm", "kind"],
  ["vmm", "lowMemory"],
  ["guest", "hotplugCpus"],
  ["guest", "kernelBuild", "of"],
  ["guest", "unacceptedMemory"],
];

function checkPresence(complete: CompleteDocument): Finding[] {
  const findings: Finding[] = [];
  if (complete.platform === undefined) {
    findings.push(unexpected(["platform"], "tdx, snp or none, here or from a preset", undefined));
  } else if (complete.platform.kind === undefined) {
    findings.push(unexpected(["platform", "kind"], "tdx, snp or none, here or from a preset", undefined));
  }
  if (complete.memory === undefined) {
    findings.push(unexpected(["memory"], "a memory size, here or from a machine", undefined));
  }
  return findings;
}

/**
 * A parameter must belong to at least one of the platforms compared; the others go without it.
 * That a flag has left out its platform is no mistake of the file.
 */
function checkParameters(
  complete: readonly CompleteDocument[],
  fromFlag: (path: DocumentPath) => boolean,
): Finding[] {
  const kinds = [...new Set(complete.flatMap(kindsOf))];
  if (kinds.length === 0) return [];
  const { has } = SCENARIO.platform.fields.parameters;
  const names = new Set(complete.flatMap(({ platform }) => Object.keys(platform?.parameters ?? {})));
  return [...names]
    .filter((name) => !kinds.some((kind) => has(kind, name)))
    .filter((name) => fromFlag(["platform", name]) || !fromFlag(["platform", "kind"]))
    .map((name) => ({
      path: ["platform", name],
      message: `not a parameter of platform ${kinds.join(" or ")}`,
      onKey: true,
    }));
}

function checkFirmware(complete: CompleteDocument, document: ScenarioDocument): Finding[] {
  // Where the file leaves the firmware to its preset, the choice of the preset is what does not fit.
  const path = document.firmware?.preset === undefined ? ["preset"] : ["firmware", "preset"];
  return kindsOf(complete).flatMap((kind) =>
    asList(complete.firmware?.preset ?? "auto")
      .filter((firmware) => firmware !== "auto" && PLATFORM_OF_FIRMWARE[firmware] !== kind)
      .map((firmware) => ({
        path,
        message: `firmware ${firmware} does not start a guest on platform ${kind}; auto takes one that does`,
        onKey: false,
      })),
  );
}

/** An image of edk2 can be chosen where the firmware is edk2's, and starts guests of its platforms. */
function checkImage(complete: CompleteDocument, { firmware: said }: ScenarioDocument): Finding[] {
  const presets = asList(complete.firmware?.preset ?? "auto");
  const findings: Finding[] = [];
  for (const name of presets) {
    if (name === "auto" || (name !== "td-shim" && FIRMWARES[name].version === undefined)) continue;
    for (const key of ["version", "flavour"] as const) {
      if (said?.[key] === undefined) continue;
      const message = `firmware ${name} has no ${key} to choose`;
      findings.push({ path: ["firmware", key], message, onKey: true });
    }
  }
  for (const kind of kindsOf(complete)) {
    for (const flavour of asList(complete.firmware?.flavour ?? [])) {
      if (STRANGE_FLAVOUR[kind] !== flavour) continue;
      const message = `the ${flavour} image does not start a guest on platform ${kind}`;
      findings.push({ path: ["firmware", "flavour"], message, onKey: false });
    }
  }
  return findings;
}

/**
 * A kernel that takes nothing unaccepted needs a firmware that accepts all of it at ExitBootServices. That
 * TDVF does so is a what-if, which reports say; these are there to lack it, or have no such moment.
 */
function checkProtocol({ policy, firmware }: CompleteDocument): Finding[] {
  const relying = asList(policy ?? []).filter((name) => behaviourOf(policyNamed(name)).firmwareAcceptsAtExit);
  return asList(firmware?.preset ?? "auto")
    .filter((name) => name === "ovmf-snp-no-protocol" || name === "td-shim")
    .flatMap((name) =>
      relying.map((one) => ({
        path: ["firmware", "preset"],
        message: `firmware ${name} has no acceptance protocol, on which policy ${one} relies`,
        onKey: false,
      })),
    );
}

/** A parameter must belong to at least one of the policies compared; the others go without it. */
function checkStrategy(complete: CompleteDocument, fromFlag: (path: DocumentPath) => boolean): Finding[] {
  const policies = asList(complete.policy ?? []);
  return Object.keys(complete.strategy ?? {})
    .filter((name) => !policies.some((policy) => SCENARIO.strategy.has(policy, name)))
    .filter((name) => fromFlag(["strategy", name]) || !fromFlag(["policy"]))
    .map((name) => {
      const taken = [...new Set(policies.flatMap((policy) => Object.keys(policyNamed(policy).parameters)))];
      const has = taken.length === 0 ? "has none" : `has ${taken.join(", ")}`;
      return {
        path: ["strategy", name],
        message: `not a parameter of policy ${policies.join(" or ")}, which ${has}`,
        onKey: true,
      };
    });
}

/** Of each policy's parameters: sweeps come here for each point, and a schema takes longer to make than to use. */
const ownSchemas: WeakMap<Policy, ReturnType<typeof schemaOf>> = new WeakMap();

/** Of a parameter that several policies have, each may have bounds of its own. */
function checkBounds({ policy: chosen, strategy }: CompleteDocument): Finding[] {
  if (strategy === undefined) return [];
  return asList(chosen ?? []).flatMap((name) => {
    const policy = policyNamed(name);
    const { parameters } = policy;
    const own = Object.fromEntries(
      Object.entries(strategy).filter(([key]) => Object.hasOwn(parameters, key)),
    );
    const schema = ownSchemas.get(policy) ?? schemaOf(parameters);
    ownSchemas.set(policy, schema);
    const { error } = schema.safeParse(own);
    if (error === undefined) return [];
    return findingsOf(error, own, schema).map((finding) => ({
      ...finding,
      path: ["strategy", ...finding.path],
      message: `${finding.message}, for policy ${name}`,
    }));
  });
}

/**
 * Where faults accept, there is a bit for what the smallest fault accepts; and each fault is an event of its
 * own here, so that struct pages of a guest beyond this would take hours.
 */
function checkFaultBatch({ policy, strategy, memory, hotplug }: CompleteDocument): Finding[] {
  const [own, plugged] = [memory, hotplug?.memory].map((sizes) =>
    Math.max(0, ...asList(sizes ?? []).map((value) => parseSize(String(value)) ?? 0)),
  );
  const largest = own! + plugged!;
  return asList(policy ?? [])
    .flatMap((name) => batchesOf(policyNamed(name), asList(strategy?.batch ?? [])))
    .filter((batch) => largest / batch > FAULT_UNITS_MAX)
    .map((batch) => {
      const least = formatBytes(2 ** Math.ceil(Math.log2(largest / FAULT_UNITS_MAX)));
      return {
        path: ["strategy", "batch"],
        message:
          `a guest of ${formatBytes(largest)} that accepts when memory is touched needs a batch of ` +
          `${least} or more here, found ${formatBytes(batch)}`,
        onKey: false,
      };
    });
}

/** Bytes that first touches accept under a policy, by `strategy.batch` or its own default; none where touches do not accept. */
function batchesOf(policy: Policy, said: readonly (Quantity | boolean)[]): number[] {
  const field = policy.parameters.batch;
  const values = said.filter((value) => field !== undefined && readLeaf(field, value) !== undefined);
  const behaviours =
    values.length === 0 ? [behaviourOf(policy)] : values.map((batch) => behaviourOf(policy, { batch }));
  return behaviours.flatMap(({ touch }) => (touch === undefined ? [] : [touch.batchBytes]));
}

/** The e820 table of a running kernel does not get longer with plugged memory here, and flags are a record. */
function checkRecord({ policy, guest, hotplug }: CompleteDocument): Finding[] {
  if (asList(guest?.record ?? "bitmap").every((record) => record === "bitmap")) return [];
  const flags = asList(policy ?? []).filter((name) => behaviourOf(policyNamed(name)).flagsPages === true);
  const why = [
    ...flags.map((name) => `policy ${name} has flags in struct pages for a record`),
    ...(hotplug === undefined ? [] : ["not in one scenario with hotplug"]),
  ];
  return why.map((message) => ({ path: ["guest", "record"], message, onKey: false }));
}

/** A next kernel would find this memory neither in its map nor where it can ask. */
function checkHotplug({ hotplug, kexec }: CompleteDocument): Finding[] {
  if (hotplug === undefined || kexec === undefined) return [];
  return [{ path: ["hotplug"], message: "not in one scenario with kexec", onKey: true }];
}

/** The host as a whole says how much memory there is. */
function checkHostMemory({ host }: CompleteDocument): Finding[] {
  if (host?.memory === undefined) return [];
  const whole = (["tdxModule", "rmp"] as const).filter((key) => host[key] !== undefined);
  return whole.map((key) => ({
    path: ["host", "memory"],
    message: `not in one scenario with host.${key}`,
    onKey: true,
  }));
}

/** A VMM does not start otherwise (QEMU 10.1 hw/core/machine.c: machine_set_mem). */
function checkRoomToPlugIn({ memory, vmm }: CompleteDocument): Finding[] {
  const bytesOf = (size: Quantity): number => parseSize(String(size))!;
  const largest = Math.max(0, ...asList(memory ?? []).map(bytesOf));
  return asList(vmm?.maxMemory ?? []).flatMap((written) => {
    if (bytesOf(written) < largest) {
      const expected = `at least ${formatBytes(largest)}, the memory of the guest`;
      return [unexpected(["vmm", "maxMemory"], expected, written)];
    }
    if (bytesOf(written) > largest || asList(vmm?.slots ?? 0).every((slots) => slots === 0)) return [];
    const message = `slots for memory devices need a vmm.maxMemory above memory, found ${written}`;
    return [{ path: ["vmm", "slots"], message, onKey: false }];
  });
}

/** A kernel made for the window keeps record of what is plugged in. */
function checkKnownWindow({ guest, hotplug }: CompleteDocument): Finding[] {
  const takesForAccepted = asList(hotplug?.acceptance ?? "assumed").includes("assumed");
  if (
    hotplug === undefined ||
    !takesForAccepted ||
    !asList(guest?.knowsHotplugWindow ?? false).includes(true)
  )
    return [];
  const why = "as guest.knowsHotplugWindow is true: such a kernel takes nothing plugged in for accepted";
  return [unexpected(["hotplug", "acceptance"], `online, sub-block or lazy, ${why}`, "assumed")];
}

function kindsOf(complete: CompleteDocument): readonly PlatformKind[] {
  const kind = complete.platform?.kind;
  return kind === undefined ? [] : asList(kind);
}
