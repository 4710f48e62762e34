/** cloud-hypervisor: its command line, and the VmConfig of its API. */

import { stateCloudGuest } from "../cloud-hypervisor.js";
import { cloudGuestOfJson } from "../cloud-hypervisor-json.js";
import { cloudGuestOf } from "../cloud-hypervisor-options.js";
import { Findings } from "../findings.js";
import { hasGuestCommand, hasOptions, lastGuestCommand, type Program } from "../guest-command.js";
import type { MachineReader } from "../statement.js";

const PROGRAM: Program = {
  name: "cloud-hypervisor",
  file: /^cloud-hypervisor(?:[-_.][\w.-]*)?$/,
  starts: hasOptions,
};

const OPTION =
  /(?:^|[\s\0"'(])--(?:memory|memory-zone|cpus|kernel|firmware|igvm|platform|cmdline|disk|api-socket|tdx)(?=[\s\0"'=]|$)/m;

export const CLOUD_HYPERVISOR: MachineReader = {
  kind: "cloud-hypervisor",
  what: "a command line of cloud-hypervisor (a script, ps, /proc/PID/cmdline)",
  recognises: (text) =>
    text.includes("cloud-hypervisor") && OPTION.test(text) && hasGuestCommand(text, PROGRAM),
  read(text) {
    const findings = new Findings();
    const { command, count } = lastGuestCommand(text, PROGRAM);
    if (count > 1) {
      const { line } = command.words[0]!;
      findings.remark(line, `${count} commands of cloud-hypervisor: the last one is read, which begins here`);
    }
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
