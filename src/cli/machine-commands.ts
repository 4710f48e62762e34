/** The actions of `machine`. */

import type { CommandGroup } from "./arguments.js";
import { output, quiet } from "./flags.js";

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
        ...quiet("nothing on stderr: what was assumed, and what no scenario says"),
      },
      examples: [
        "unaccepted machine import dmesg.txt -o guest.yaml",
        "ssh guest sudo dmesg | unaccepted machine import - -o guest.yaml",
        "unaccepted machine import dmesg.txt iomem.txt meminfo.txt -o guest.yaml",
      ],
      load: async () => ({ run: (await import("./commands/machine.js")).importMachine }),
    },
  ],
};
