/** `unaccepted completion SHELL`: the script by which a shell completes commands, flags and names. */

import type { Command, CommandGroup, Flags, RunCommand } from "../arguments.js";
import { EVERYWHERE } from "../arguments.js";
import { bashScript, type CompletedCommand, fishScript, zshScript } from "../completion-scripts.js";
import { SHELLS } from "../flags.js";
import { textOf } from "../help.js";
import { print } from "../io.js";
import { UsageError } from "../usage-error.js";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export const run: RunCommand = async ({ files }, { io, commands }) => {
  const shell = SHELLS.find((name) => name === files[0]);
  if (shell === undefined) throw new UsageError(`completion ${files[0]}: expected ${SHELLS.join(", ")}`);
  print(io.stdout, SCRIPTS[shell](await Promise.all(commands.map(completed))));
  return 0;
};

async function completed(command: Command | CommandGroup): Promise<CompletedCommand> {
  const { name, describe } = command;
  const own = { word: name.split(" ").at(-1)!, describe };
  if ("actions" in command) {
    const actions = await Promise.all(command.actions.map(completed));
    return { ...own, actions, flags: await completedFlags(EVERYWHERE), operands: [], takesFiles: false };
  }
  const { files, flags } = command;
  return {
    ...own,
    actions: [],
    flags: await completedFlags({ ...flags, ...EVERYWHERE }),
    operands: (await files?.offers?.()) ?? [],
    takesFiles: files !== undefined,
  };
}

function completedFlags(flags: Flags): Promise<CompletedCommand["flags"]> {
  return Promise.all(
    Object.entries(flags).map(async ([name, { type, short, takes = "VALUE", describe, offers }]) => ({
      name,
      short,
      takes: type === "string" ? takes : undefined,
      describe: await textOf(describe),
      values: (await offers?.()) ?? [],
    })),
  );
}
