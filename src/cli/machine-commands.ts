/** The actions of `machine`. */

import { type CommandGroup, flag, text } from "./arguments.js";
import { output, quiet, SIMULATE_FLAGS, scenarioNames } from "./flags.js";

async function kindsRead(): Promise<string> {
  const { MACHINE_READERS } = await import("../machine/readers.js");
  const kinds = MACHINE_READERS.map(({ what }) => what).join("; ");
  return `what shows a machine, several files of one machine together; plain, .gz or .zst; - is stdin. Read are: ${kinds}`;
}

export const MACHINE_COMMANDS: CommandGroup = {
  name: "machine",
  describe: "your machine: a scenario from its logs, and what a run of it says beside them",
  actions: [
    {
      name: "machine import",
      describe: "a scenario from what a machine shows, each value with the line that says so",
      files: { name: "file", describe: kindsRead, isList: true },
      flags: {
        output: output("the scenario file to write; stdout if not given"),
        exact: flag(
          "the memory map and all that the kernel finds in it line for line, also where the layout of a VMM fits",
        ),
        ...quiet("nothing on stderr: what was assumed, and what no scenario says"),
      },
      examples: [
        "unaccepted machine import dmesg.txt -o guest.yaml",
        "ssh guest sudo dmesg | unaccepted machine import - -o guest.yaml",
        "unaccepted machine import dmesg.txt iomem.txt meminfo.txt -o guest.yaml",
      ],
      load: async () => ({ run: (await import("./commands/machine.js")).importMachine }),
    },
    {
      name: "machine check",
      describe:
        "a run of a scenario beside what a guest showed, line for line, each difference explained or not",
      files: {
        name: "scenario",
        describe: "scenario file (YAML) that makes one run",
        offers: scenarioNames,
        required: "a scenario file",
      },
      flags: {
        against: text(
          "a boot log, or meminfo, zoneinfo, vmstat or iomem of /proc, of the same boot; repeatable; - is stdin",
          { takes: "FILE", required: "expected --against, what a guest showed of its boot" },
        ),
        set: SIMULATE_FLAGS.set!,
        json: flag("as JSON"),
      },
      examples: [
        "unaccepted machine check guest.yaml --against dmesg.txt",
        "unaccepted machine check guest.yaml --against dmesg.txt --against meminfo.txt --against zoneinfo.txt --json",
      ],
      load: async () => ({ run: (await import("./commands/machine.js")).check }),
    },
  ],
};
