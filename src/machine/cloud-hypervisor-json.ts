import type { At, CloudGuest, CloudMemory } from "./cloud-hypervisor.js";
import type { Findings, Place } from "./findings.js";
import { parseJson } from "./json-text.js";
import { flagOf, objectOf, type PlacedValue, textOf, wholeOf, within } from "./placed-value.js";

/** Members of a VmConfig that say something here; all others are counted. */
const READ: ReadonlySet<string> = new Set(
  "balloon cpus devices memory numa payload platform pmem user_devices".split(" "),
);

/** The VmConfig that `vm.create` takes and `vm.info` prints within `config`. @throws MachineError */
export function cloudGuestOfJson(text: string, findings: Findings): CloudGuest {
  const root = objectOf(parseJson(text), "a VmConfig");
  const config = within(root, "config") ?? root;
  for (const [name, { line, is }] of config.members)
    if (!READ.has(name) && is !== "null") findings.idle(line, name);
  for (const { line } of within(config, "pmem")?.items ?? [])
    findings.remark(line, "pmem: persistent memory besides the guest's RAM is not simulated");
  const memory = within(config, "memory");
  const devices = [
    ...(within(config, "devices")?.items ?? []),
    ...(within(config, "user_devices")?.items ?? []),
  ];
  return {
    place: { line: config.line, column: config.column },
    memory: memoryOf(memory),
    zones: within(memory, "zones")?.items.map(memoryOf) ?? [],
    bootVcpus: numberAt(within(config, "cpus", "boot_vcpus"), "boot_vcpus", 1),
    maxVcpus: numberAt(within(config, "cpus", "max_vcpus"), "max_vcpus", 1),
    tdx: flagAt(within(config, "platform", "tdx"), "tdx"),
    snp: flagAt(within(config, "platform", "sev_snp"), "sev_snp"),
    kernel: pathAt(within(config, "payload", "kernel") ?? within(config, "kernel", "path"), "kernel"),
    firmware: pathAt(within(config, "payload", "firmware"), "firmware"),
    igvm: pathAt(within(config, "payload", "igvm"), "igvm"),
    initramfs: pathAt(within(config, "payload", "initramfs"), "initramfs"),
    commandLine: pathAt(within(config, "payload", "cmdline") ?? within(config, "cmdline", "args"), "cmdline"),
    nodes: within(config, "numa")?.items ?? [],
    passed: devices.map((device) => ({ ...placeOf(device), value: "", says: "a device of the host" })),
    balloon: numberAt(within(config, "balloon", "size"), "balloon size", 0),
  };
}

function memoryOf(memory: PlacedValue | undefined): CloudMemory {
  const method = within(memory, "hotplug_method");
  return {
    size: numberAt(within(memory, "size"), "size", 0),
    hotplugSize: numberAt(within(memory, "hotplug_size"), "hotplug_size", 0),
    hotplugMethod: method === undefined ? undefined : textOf(method, "hotplug_method"),
    hugePages: flagAt(within(memory, "hugepages"), "hugepages"),
    hugePageSize: numberAt(within(memory, "hugepage_size"), "hugepage_size", 0),
    prefault: flagAt(within(memory, "prefault"), "prefault"),
    hostNode: nodeAt(within(memory, "host_numa_node")),
  };
}

function placeOf({ line, column }: Place): Place {
  return { line, column };
}

function numberAt(value: PlacedValue | undefined, name: string, atLeast: number): At<number> | undefined {
  if (value === undefined) return undefined;
  const number = wholeOf(value, name, atLeast);
  return { ...placeOf(value), value: number, says: `"${name}": ${number}` };
}

function nodeAt(value: PlacedValue | undefined): At<string> | undefined {
  const node = numberAt(value, "host_numa_node", 0);
  return node === undefined ? undefined : { ...node, value: String(node.value) };
}

function flagAt(value: PlacedValue | undefined, name: string): At<boolean> | undefined {
  if (value === undefined) return undefined;
  const flag = flagOf(value, name);
  return { ...placeOf(value), value: flag, says: `"${name}": ${flag}` };
}

function pathAt(value: PlacedValue | undefined, name: string): At<string> | undefined {
  if (value === undefined) return undefined;
  const text = textOf(value, name);
  return { ...placeOf(value), value: text, says: `"${name}": "${text}"` };
}
