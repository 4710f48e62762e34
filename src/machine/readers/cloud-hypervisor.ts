/** cloud-hypervisor: its command line, and the VmConfig of its API. */

import { stateCloudGuest } from "../cloud-hypervisor.js";
import { cloudGuestOfJson } from "../cloud-hypervisor-json.js";
import { cloudGuestOf } from "../cloud-hypervisor-options.js";
import { Findings } from "../findings.js";
import { commandsOf, type ShellCommand } from "../shell-text.js";
import type { MachineReader } from "../statement.js";

const PROGRAM = /^cloud-hypervisor(?:[-_.][\w.-]*)?$/;

export const CLOUD_HYPERVISOR: MachineReader = {
  kind: "cloud-hypervisor",
  what: "a command line of cloud-hypervisor (a script, ps, /proc/PID/cmdline)",
  recognises: (text) =>
    /cloud-hypervisor[\w.-]*["']?(?:[\s\0]|\\$)+["']?-/m.test(text) &&
    /(?:^|[\s\0"'])--(?:memory|memory-zone|cpus|kernel|firmware|igvm|platform|cmdline|disk|api-socket|tdx)(?:[\s\0"'=]|$)/m.test(
      text,
    ),
  read(text) {
    const findings = new Findings();
    const commands = commandsOf(text, (name) => PROGRAM.test(name)).filter(startsGuest);
    const command = commands.at(-1);
    if (command === undefined) return findings.reading();
    if (commands.length > 1)
      findings.remark(
        command.words[0]!.line,
        `${commands.length} commands of cloud-hypervisor: the last one is read`,
      );
    stateCloudGuest(cloudGuestOf(command, findings), findings);
    return findings.reading();
  },
};

export const CLOUD_HYPERVISOR_JSON: MachineReader = {
  kind: "cloud-hypervisor-json",
  what: "a VmConfig of cloud-hypervisor's API (JSON)",
  recognises: (text) =>
    /^\uFEFF?\s*\{/.test(text) &&
    /"(?:boot_vcpus|hotplug_method|payload)"\s*:/.test(text) &&
    !/"machine-config"\s*:/.test(text),
  read(text) {
    const findings = new Findings();
    stateCloudGuest(cloudGuestOfJson(text, findings), findings);
    return findings.reading();
  },
};

function startsGuest({ words }: ShellCommand): boolean {
  return (
    words.some(({ text }) => text.startsWith("-")) &&
    !words.some(({ text }) => /^(?:--version|--help|-[hV])$/.test(text))
  );
}
