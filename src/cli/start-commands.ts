/** Commands for those who begin: a scenario of their own, what words mean, what shells complete. */

import { type Command, type Flags, flag } from "./arguments.js";
import { quiet, SCENARIO_FLAGS, SHELLS } from "./flags.js";

function grouped(flags: Flags, group: string): Flags {
  return Object.fromEntries(Object.entries(flags).map(([name, one]) => [name, { ...one, group }]));
}

async function topicNames(): Promise<string> {
  const { TOPICS } = await import("./topics.js");
  return `the name of a command, or ${TOPICS.map(({ name }) => name).join(", ")}; all of them are listed if not given`;
}

export const START_COMMANDS: readonly Command[] = [
  {
    name: "init",
    describe: "a scenario of your own, each of its keys explained, to be changed and run",
    files: { name: "file", describe: "the file to write, such as guest.yaml; stdout if not given" },
    flags: {
      ...grouped(SCENARIO_FLAGS, "What the guest is (a list, such as tdx,snp, makes a run of each):"),
      force: flag("write over a file that is there"),
      ...quiet(),
    },
    examples: [
      "unaccepted init guest.yaml",
      "unaccepted init guest.yaml --platform snp --memory 64GiB --vcpus 8",
      "unaccepted init --policy eager,lazy | unaccepted compare -",
    ],
    load: () => import("./commands/init.js"),
  },
  {
    name: "help",
    describe: "a command, or a topic such as policies, units, waits or prices",
    files: {
      name: "topic",
      describe: topicNames,
      isList: true,
      offers: async () => (await import("./topics.js")).TOPICS.map(({ name }) => name),
    },
    flags: {},
    examples: ["unaccepted help waits", "unaccepted help trace import"],
    load: () => import("./commands/help.js"),
  },
  {
    name: "completion",
    describe: "what a shell needs to complete commands, flags and names",
    files: {
      name: "shell",
      describe: `one of ${SHELLS.join(", ")}`,
      required: `a shell: ${SHELLS.join(", ")}`,
      offers: async () => SHELLS,
    },
    flags: {},
    examples: [
      'eval "$(unaccepted completion bash)"',
      'eval "$(unaccepted completion zsh)"',
      "unaccepted completion fish > ~/.config/fish/completions/unaccepted.fish",
    ],
    load: () => import("./commands/completion.js"),
  },
];
