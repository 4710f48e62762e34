/** What `--help` prints. */

import {
  type Command,
  type CommandGroup,
  EVERYWHERE,
  type Files,
  type Flag,
  type Words,
} from "./arguments.js";

const PROGRAM = "unaccepted";
const WIDTH = 110;
const OPTIONS = "Options:";

/** A line of help: what is typed, what it means, and of what kind it is. */
interface Row {
  readonly left: string;
  readonly words: string;
  readonly kind: string;
}

/** Help for the program, or for a command that is its actions. @param usage how it is typed */
export function groupHelp(
  usage: string,
  describe: string,
  commands: readonly (Command | CommandGroup)[],
): string {
  const rows = commands.map((command) => ({
    left: `${PROGRAM} ${usageOf(command)}`,
    words: command.describe,
    kind: "",
  }));
  const options = Object.entries(EVERYWHERE).map(([name, flag]) =>
    flagRow(name, flag, flag.describe as string),
  );
  return pages(`${PROGRAM} ${usage}`, describe, section("Commands:", rows), section(OPTIONS, options));
}

/** Help for a command that does something. */
export async function commandHelp(command: Command): Promise<string> {
  const { files, flags, describe, examples } = command;
  const groups = new Map<string, Row[]>();
  for (const { group } of Object.values(flags)) if (group !== undefined) groups.set(group, []);
  if (files !== undefined) groups.set("Positionals:", [filesRow(files, await textOf(files.describe))]);
  groups.set(OPTIONS, []);
  for (const [name, flag] of Object.entries({ ...EVERYWHERE, ...flags })) {
    groups.get(flag.group ?? OPTIONS)!.push(flagRow(name, flag, await textOf(flag.describe)));
  }
  return pages(
    `${PROGRAM} ${usageOf(command)}`,
    describe,
    ...Array.from(groups, ([heading, rows]) => section(heading, rows)),
    ["Examples:", ...examples.map((line) => `  ${line}`)].join("\n"),
  );
}

function pages(...parts: readonly string[]): string {
  return parts.join("\n\n");
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

function filesRow({ name, isList, required }: Files, words: string): Row {
  const kind = `[${isList === true ? "array" : "string"}]${required === undefined ? "" : " [required]"}`;
  return { left: name, words, kind };
}

function flagRow(name: string, { type, short, required }: Flag, words: string): Row {
  const kind = `[${type}]${required === undefined ? "" : " [required]"}`;
  return { left: `${short === undefined ? "    " : `-${short}, `}--${name}`, words, kind };
}

/** A table of two columns, with the kind at the end of the last line or, where there is no room, below it. */
function section(heading: string, rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ left }) => left.length)) + 4;
  const lines = rows.flatMap(({ left, words, kind }) => {
    const [first, ...more] = wrapped(words, WIDTH - width);
    const own = [`  ${left}`.padEnd(width) + first!, ...more.map((line) => " ".repeat(width) + line)];
    if (kind === "") return own;
    const last = own.at(-1)!;
    return last.length + kind.length <= WIDTH
      ? [...own.slice(0, -1), last.padEnd(WIDTH - kind.length) + kind]
      : [...own, kind.padStart(WIDTH)];
  });
  return [heading, ...lines].join("\n");
}

function wrapped(text: string, width: number): string[] {
  const [first, ...words] = text.split(" ");
  const lines = [first!];
  for (const word of words) {
    const longer = `${lines.at(-1)} ${word}`;
    if (longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

async function textOf(words: Words): Promise<string> {
  return typeof words === "string" ? words : await words();
}
