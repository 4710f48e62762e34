/** QEMU's command line, as scripts, `ps`, `/proc/PID/cmdline`, units of systemd, Proxmox and the log of libvirt have it. */

import { Findings } from "../findings.js";
import { hasGuestCommand, hasOptions, lastGuestCommand, type Program } from "../guest-command.js";
import { qemuArguments } from "../qemu/arguments.js";
import { readQemu } from "../qemu/machine.js";
import type { MachineReader, MachineReading } from "../statement.js";

const PROGRAM: Program = {
  name: "QEMU",
  /** Upstream, Red Hat's, Debian's old wrapper and Proxmox', Kata's builds. */
  file: /^(?:qemu-system-x86_64|qemu-system-i386|qemu-kvm|kvm)(?:[-_.][\w.-]*)?$/,
  starts: hasOptions,
};

/** The name of the program as a word, or as the end of a path. */
const NAME =
  /(?:^|[\s\0/"'=])(?:qemu-system-(?:x86_64|i386)|qemu-kvm|kvm)(?:[-_.][\w.-]*)?(?=["'\s\0\\;]|$)/m;
const OPTION =
  /(?:^|[\s\0"'(])--?(?:m|smp|machine|M|cpu|object|drive|device|kernel|bios|enable-kvm|nodefaults)(?=[\s\0"']|$)/m;

export const QEMU: MachineReader = {
  kind: "qemu",
  what: "a command line of QEMU (a script, ps, /proc/PID/cmdline, libvirt's log)",
  recognises: (text) => NAME.test(text) && OPTION.test(text) && hasGuestCommand(text, PROGRAM),
  read(text): MachineReading {
    const findings = new Findings();
    const { command, count } = lastGuestCommand(text, PROGRAM);
    if (count > 1) {
      const { line } = command.words[0]!;
      findings.remark(line, `${count} commands of QEMU: the last one is read, which begins here`);
    }
    readQemu(qemuArguments(command), findings);
    return findings.reading();
  },
};
