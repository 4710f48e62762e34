/** Pages of help: how a command is typed, what it is about, its flags by group, and command lines to be copied. */

import { type ColumnLook, type Place, tableLines, wrapText } from "../report/table.js";
import {
  type Command,
  type CommandGroup,
  EVERYWHERE,
  type Files,
  type Flags,
  type Words,
} from "./arguments.js";

const PROGRAM = "unaccepted";

/** Longer lines are hard to read. */
const MOST_WIDTH = 100;

/** What somebody needs who typed the name of the program alone. */
export function orientation(place: Place): string {
  const first = [
    ["compare boot --platform tdx", "early or late: time and memory"],
    ["init guest.yaml", "a scenario of your own, explained"],
    ["run guest.yaml", "its boot and workload in full"],
  ];
  return pageOf(place, (within) => [
    [`${PROGRAM}: when should a TDX or SEV-SNP guest accept its memory?`],
    section(
      "To begin with:",
      first.map(([words, what]) => [`${PROGRAM} ${words}`, what!]),
      within,
    ),
    wrapText(`${PROGRAM} --help lists all commands, ${PROGRAM} help the topics that it explains.`, within),
  ]);
}

export function programHelp(commands: readonly (Command | CommandGroup)[], place: Place): Promise<string> {
  return listHelp(
    {
      usage: "COMMAND",
      describe: "When should a TDX or SEV-SNP guest accept its memory?",
      heading: "Commands:",
    },
    commands,
    `${PROGRAM} COMMAND --help says more of one; ${PROGRAM} help names topics such as policies or units.`,
    place,
  );
}

export function groupHelp({ name, describe, actions }: CommandGroup, place: Place): Promise<string> {
  const end = `${PROGRAM} ${name} ACTION --help says more of one.`;
  return listHelp({ usage: `${name} ACTION`, describe, heading: "Actions:" }, actions, end, place);
}

async function listHelp(
  {
    usage,
    describe,
    heading,
  }: { readonly usage: string; readonly describe: string; readonly heading: string },
  commands: readonly (Command | CommandGroup)[],
  end: string,
  place: Place,
): Promise<string> {
  const rows = commands.map((command) => [typed(command), command.describe]);
  const flags = await flagRows(EVERYWHERE);
  return pageOf(place, (within) => [
    [`usage: ${PROGRAM} ${usage}`],
    wrapText(describe, within),
    section(heading, rows, within),
    section(
      "Flags:",
      flags.map(({ row }) => row),
      within,
    ),
    wrapText(end, within),
  ]);
}

export async function commandHelp(command: Command, place: Place): Promise<string> {
  const { files, describe, examples } = command;
  const operands = files === undefined ? [] : [[operandOf(files), await textOf(files.describe)]];
  const flags = await flagRows({ ...command.flags, ...EVERYWHERE });
  const groups = [...new Set(flags.map(({ group }) => group))];
  // Those of its own come first, and what all have last.
  const ordered = [...groups.filter((group) => group !== USUAL_GROUP), USUAL_GROUP];
  return pageOf(place, (within) => [
    [`usage: ${PROGRAM} ${typed(command)} [flags]`],
    wrapText(describe, within),
    ...(operands.length === 0 ? [] : [section("Operands:", operands, within)]),
    ...ordered.map((group) =>
      section(
        group,
        flags.filter((flag) => flag.group === group).map(({ row }) => row),
        within,
      ),
    ),
    ["Examples:", ...examples.flatMap((line) => commandLines(line, within))],
  ]);
}

/** To be copied, so that a line that is broken goes on as shells have it. */
function commandLines(line: string, { width }: Place): string[] {
  const [first, ...flags] = line.split(/ (?=--\w|-o |\| )/);
  const lines: string[] = [];
  let last = `  ${first}`;
  for (const flag of flags) {
    if (`${last} ${flag} \\`.length > width) {
      lines.push(`${last} \\`);
      last = `    ${flag}`;
    } else {
      last += ` ${flag}`;
    }
  }
  return [...lines, last];
}

const USUAL_GROUP = "Flags:";

/** As it is typed: `trace ACTION`, `run [SCENARIO]`, `compare SCENARIO...`. */
function typed(command: Command | CommandGroup): string {
  if ("actions" in command) return `${command.name} ACTION`;
  return command.files === undefined ? command.name : `${command.name} ${operandOf(command.files)}`;
}

function operandOf({ name, isList, required }: Files): string {
  const place = `${name.toUpperCase()}${isList === true ? "..." : ""}`;
  return required === undefined ? `[${place}]` : place;
}

async function flagRows(
  flags: Flags,
): Promise<{ readonly group: string; readonly row: readonly [string, string] }[]> {
  const hasShort = Object.values(flags).some(({ short }) => short !== undefined);
  return Promise.all(
    Object.entries(flags).map(
      async ([name, { type, short, takes = "VALUE", group = USUAL_GROUP, describe, required }]) => {
        const start = short === undefined ? (hasShort ? "    " : "") : `-${short}, `;
        const words = await textOf(describe);
        return {
          group,
          row: [
            `${start}--${name}${type === "string" ? ` ${takes}` : ""}`,
            required === undefined ? words : `${words} (required)`,
          ] as const,
        };
      },
    ),
  );
}

export async function textOf(words: Words): Promise<string> {
  return typeof words === "string" ? words : await words();
}

const LIST: readonly ColumnLook[] = [
  { head: "", align: "left", isWhole: true },
  { head: "", align: "left" },
];

function section(heading: string, rows: readonly (readonly string[])[], place: Place): string[] {
  return [...wrapText(heading, place), ...listLines(rows, place)];
}

/** What is typed, and beside it what it means. */
export function listLines(rows: readonly (readonly string[])[], place: Place): string[] {
  const indented = rows.map(([first, ...others]) => [`  ${first}`, ...others]);
  return tableLines(LIST, indented, place);
}

/** Parts with an empty line between them. */
function pageOf({ width }: Place, partsWithin: (place: Place) => readonly string[][]): string {
  return partsWithin({ width: Math.min(width, MOST_WIDTH) })
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}
