/** The program without the process around it: arguments in, text and an exit code out. */

import { didYouMean, nearestName } from "../nearest-name.js";
import { type CommandGroup, STDIN_PATH } from "./arguments.js";
import { COMMANDS } from "./commands.js";
import { ExitCode, placeOf, print, type World } from "./io.js";
import type { Program } from "./program.js";
import { reported } from "./reported.js";
import { UsageError } from "./usage-error.js";
import { packageVersion } from "./version.js";

/** How the program starts: what commands do takes long to load, and only they need it. */
export interface Start extends World {
  readonly program: (command: string) => Promise<Program>;
}

/**
 * Answers what needs no command, such as help and mistakes in flags, and has the program do the rest.
 *
 * @param argv without the interpreter and the script
 * @returns the exit code
 */
export function main(argv: readonly string[], start: Start): Promise<number> {
  const words = argv.map((word) => (word === "-" ? STDIN_PATH : word));
  return reported(start.io, () => obey(words, start));
}

async function obey([word, ...rest]: readonly string[], { program, ...world }: Start): Promise<number> {
  const { io } = world;
  const place = placeOf(io.stdout, io);
  const show = (text: string): number => {
    print(io.stdout, `${text}\n`);
    return ExitCode.done;
  };
  if (word === undefined) {
    const { orientation } = await import("./help.js");
    print(io.stderr, `${orientation(placeOf(io.stderr, io))}\n`);
    return ExitCode.usage;
  }
  const command = COMMANDS.find(({ name }) => name === word);
  const [isHelp, isVersion] = [
    ["--help", "-h"].some((flag) => flag === word || (command !== undefined && rest.includes(flag))),
    ["--version", "-V"].includes(word) ||
      (command !== undefined && ["--version", "-V"].some((flag) => rest.includes(flag))),
  ];
  if (isVersion && !isHelp) return show(packageVersion());
  if (command === undefined) {
    if (!isHelp) throw unknownCommand(word);
    const { programHelp } = await import("./help.js");
    return show(await programHelp(COMMANDS, place));
  }
  const action =
    "actions" in command ? command.actions.find(({ name }) => name === `${word} ${rest[0]}`) : undefined;
  const chosen = action ?? command;
  if (isHelp) {
    const { commandHelp, groupHelp } = await import("./help.js");
    return show(await ("actions" in chosen ? groupHelp(chosen, place) : commandHelp(chosen, place)));
  }
  const { parseWords } = await import("./parser.js");
  if (!("actions" in chosen)) {
    const words = action === undefined ? rest : rest.slice(1);
    // Mistakes are told before anything else is loaded.
    parseWords(words, chosen);
    return (await program(chosen.name)).runCommand(chosen.name, words, world);
  }
  const syntax = { name: chosen.name, files: { name: "action", isList: true }, flags: {} };
  throw unknownAction(chosen, parseWords(rest, syntax).files[0]);
}

function unknownCommand(word: string): UsageError {
  const names = COMMANDS.map(({ name }) => name);
  if (word.startsWith("-")) {
    return new UsageError(`expected a command first: ${names.join(" or ")}; --help says more`);
  }
  return new UsageError(`unknown command ${word}${didYouMean(word, names)}`);
}

function unknownAction({ name: group, actions }: CommandGroup, word: string | undefined): UsageError {
  const names = actions.map(({ name }) => name.slice(group.length + 1));
  const nearest = word === undefined ? undefined : nearestName(word, names);
  return new UsageError(
    nearest === undefined
      ? `expected ${names.join(", ")} after ${group}; --help says more`
      : `unknown action ${word} of ${group}, did you mean ${nearest}?`,
  );
}
