import { stateSpareVcpus } from "../backing.js";
import type { Place } from "../findings.js";
import { type Findings, unexpected } from "../findings.js";
import { type Setting, wholeNumberOf } from "../option-list.js";

interface Settings {
  get(...keys: string[]): Setting | undefined;
}

const TOPOLOGY = ["drawers", "books", "sockets", "dies", "clusters", "modules", "cores", "threads"] as const;

/**
 * CPUs by `-smp` (hw/core/machine-smp.c: machine_parse_smp_config): those that are there at start, from `cpus`, else
 * `maxcpus`, else the product of the topology.
 *
 * @throws MachineError where QEMU would refuse it
 */
export function stateVcpus(smp: Settings, machine: Settings, findings: Findings, first: Place): void {
  const value = (name: string): Setting | undefined => smp.get(name) ?? machine.get(`smp.${name}`);
  const number = (name: string): number => {
    const setting = value(name);
    return setting === undefined ? 0 : wholeNumberOf(setting, 1);
  };
  const cpusSetting = value("cpus");
  const maxSetting = value("maxcpus");
  const given = TOPOLOGY.map((name) => ({ name, setting: value(name), count: number(name) })).filter(
    ({ count }) => count > 0,
  );
  const product = given.reduce((all, { count }) => all * count, 1);
  const max = number("maxcpus") || number("cpus") || product;
  const cpus = number("cpus") || max;
  if (cpus > max) throw unexpected(cpusSetting!, `at most maxcpus=${max}`, cpusSetting!.value ?? "");
  if (given.length > 0 && !fits(given, max)) {
    const { setting } = given[0]!;
    const found = given.map(({ name, count }) => `${name}=${count}`).join(",");
    throw unexpected(setting!, `a topology of ${max} CPUs`, found);
  }
  const topology = given.map(({ name, count }) => `${name}=${count}`).join(",");
  if (cpusSetting !== undefined) findings.says("vcpus", cpus, cpusSetting.line, `-smp ${cpusSetting.value}`);
  else if (maxSetting !== undefined)
    findings.says(
      "vcpus",
      cpus,
      maxSetting.line,
      `maxcpus=${maxSetting.value}`,
      "as many as maxcpus where cpus is not said",
    );
  else if (given.length > 0)
    findings.says("vcpus", cpus, given[0]!.setting!.line, `-smp ${topology}`, "the product of the topology");
  else findings.says("vcpus", 1, first.line, "no -smp", "QEMU's default");
  if (maxSetting !== undefined) stateSpareVcpus(findings, max - cpus, maxSetting.line, `maxcpus=${max}`);
}

/** Whether CPUs divide into what is given; QEMU chooses sockets, cores or threads that are not. */
function fits(given: readonly { readonly name: string; readonly count: number }[], max: number): boolean {
  const product = given.reduce((all, { count }) => all * count, 1);
  const isOpen = ["sockets", "cores", "threads"].some((name) => !given.some((one) => one.name === name));
  return isOpen ? max % product === 0 : max === product;
}
