/** What yargs does for the program: splits what was typed into flags and files, and lays out `--help`. */

import yargs, { type Argv } from "yargs";
import { type Command, type CommandGroup, EVERYWHERE, type Files, type Flags } from "./arguments.js";

const PROGRAM = "unaccepted";
const HELP_WIDTH = 110;

/** Every value as it was typed: no flag has parts, a negation or a number. */
const AS_TYPED = {
  "dot-notation": false,
  "boolean-negation": false,
  "camel-case-expansion": false,
  "short-option-groups": false,
  "parse-numbers": false,
  "parse-positional-numbers": false,
};

/** What was typed, by flags; files are in `_`. A text flag without its value is empty. */
export function typedWords(words: readonly string[], flags: Flags): Readonly<Record<string, unknown>> {
  const parser = yargs([]).parserConfiguration(AS_TYPED).help(false).version(false);
  for (const [name, { type, short }] of Object.entries(flags)) {
    parser.option(name, short === undefined ? { type } : { type, alias: short });
  }
  return parser.parseSync([...words]);
}

/** Help for the program, or for a command that is its actions. @param usage how it is typed */
export function groupHelp(
  usage: string,
  describe: string,
  commands: readonly (Command | CommandGroup)[],
): Promise<string> {
  const help = pageOf(PROGRAM).usage(`$0 ${usage}\n\n${describe}`);
  for (const command of commands) help.command(usageOf(command), command.describe);
  return help.getHelp();
}

/** Help for a command that does something. */
export async function commandHelp(command: Command): Promise<string> {
  const { files, flags, describe, examples } = command;
  const help = pageOf(`${PROGRAM} ${command.name}`);
  const words = files === undefined ? "" : await textOf(files.describe);
  help.usage(files === undefined ? "$0" : `$0 ${placeOf(files)}`, describe, (inner: Argv) =>
    files === undefined
      ? inner
      : inner.positional(files.name, {
          type: "string",
          array: files.isList === true,
          demandOption: files.required !== undefined,
          describe: words,
        }),
  );
  for (const [name, { type, short, group, required, describe: meaning }] of Object.entries(flags)) {
    help.option(name, {
      type,
      describe: await textOf(meaning),
      demandOption: required !== undefined,
      ...(short === undefined ? {} : { alias: short }),
      ...(group === undefined ? {} : { group }),
    });
  }
  return help.epilogue(["Examples:", ...examples.map((line) => `  ${line}`)].join("\n")).getHelp();
}

function pageOf(program: string): Argv {
  const { help, version } = EVERYWHERE;
  return yargs([])
    .scriptName(program)
    .locale("en")
    .help("help", help!.describe as string)
    .alias("help", help!.short!)
    .version("version", version!.describe as string, "")
    .wrap(HELP_WIDTH);
}

/** A command as it is typed. */
function usageOf(command: Command | CommandGroup): string {
  if ("actions" in command) return `${command.name} [action]`;
  return command.files === undefined ? command.name : `${command.name} ${placeOf(command.files)}`;
}

function placeOf({ name, isList, required }: Files): string {
  const place = `${name}${isList === true ? ".." : ""}`;
  return required === undefined ? `[${place}]` : `<${place}>`;
}

async function textOf(words: Files["describe"]): Promise<string> {
  return typeof words === "string" ? words : await words();
}
