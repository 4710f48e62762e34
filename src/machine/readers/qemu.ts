/** QEMU's command line, as scripts, `ps`, `/proc/PID/cmdline` and the log of libvirt have it. */

import { Findings } from "../findings.js";
import { qemuArguments } from "../qemu/arguments.js";
import { readQemu } from "../qemu/machine.js";
import { commandsOf, type ShellCommand } from "../shell-text.js";
import type { MachineReader, MachineReading } from "../statement.js";

/** Names of the program: upstream, Red Hat's, Debian's old wrapper, Kata's builds. */
const PROGRAM = /^(?:qemu-system-x86_64|qemu-system-i386|qemu-kvm|kvm)(?:[-_.][\w.-]*)?$/;

export const QEMU: MachineReader = {
  kind: "qemu",
  what: "a command line of QEMU (a script, ps, /proc/PID/cmdline, libvirt's log)",
  recognises(text) {
    if (
      !/(?:qemu-system-(?:x86_64|i386)|qemu-kvm|(?:^|[\s/])kvm)[\w.-]*["']?(?:[\s\0]|\\$)+["']?-/m.test(text)
    )
      return false;
    return /(?:^|[\s\0"'])--?(?:m|smp|machine|M|cpu|object|drive|device|kernel|bios|enable-kvm|nodefaults)(?:[\s\0"']|$)/m.test(
      text,
    );
  },
  read(text): MachineReading {
    const findings = new Findings();
    const commands = commandsOf(text, (name) => PROGRAM.test(name)).filter(startsGuest);
    const command = commands.at(-1);
    if (command === undefined) return findings.reading();
    if (commands.length > 1) {
      const line = command.words[0]!.line;
      findings.remark(
        line,
        `${commands.length} commands of QEMU: the last one is read, which ends here or further down`,
      );
    }
    readQemu(qemuArguments(command), findings);
    return findings.reading();
  },
};

/** Scripts also ask where QEMU is, and which. */
function startsGuest({ words }: ShellCommand): boolean {
  return (
    words.some(({ text }) => text.startsWith("-")) &&
    !words.some(({ text }) => /^--?(?:version|help|h)$/.test(text))
  );
}
