/** The program without the process around it: arguments in, text and an exit code out. */

import yargs, { type Argv } from "yargs";
import { nearestName } from "../nearest-name.js";
import { printable } from "../printable.js";
import { ScenarioError } from "../scenario/error.js";
import { compareCommand } from "./commands/compare.js";
import { largestCommand } from "./commands/largest.js";
import { matrixCommand } from "./commands/matrix.js";
import { mergeCommand } from "./commands/merge.js";
import { plotCommand } from "./commands/plot.js";
import { runCommand } from "./commands/run.js";
import { schemaCommand } from "./commands/schema.js";
import { sweepCommand } from "./commands/sweep.js";
import { type RunCommand, TRACE_ACTIONS, traceCommand } from "./commands/trace.js";
import { trackersCommand } from "./commands/trackers.js";
import { tuneCommand } from "./commands/tune.js";
import { validateCommand } from "./commands/validate.js";
import { verifyCommand } from "./commands/verify.js";
import type { CliContext } from "./context.js";
import type { ParsedArguments } from "./options.js";
import { print } from "./print.js";
import { STDIN_PATH } from "./trace-input.js";
import { isUsersFault, UsageError } from "./usage-error.js";
import { packageVersion } from "./version.js";
import { loadZstd } from "./zstd.js";

/** Exit codes, as scripts rely on them. */
export const ExitCode = {
  done: 0,
  /** A run did not get ready, or a check did not hold. */
  failed: 1,
  /** Flags or input files are wrong. */
  usage: 2,
  /** 128 + SIGINT, as shells count. */
  interrupted: 130,
} as const;

const COMMANDS = [
  runCommand,
  compareCommand,
  largestCommand,
  tuneCommand,
  sweepCommand,
  mergeCommand,
  plotCommand,
  verifyCommand,
  validateCommand,
  traceCommand,
  trackersCommand,
  matrixCommand,
  schemaCommand,
] as const;
const COMMAND_NAMES: readonly string[] = COMMANDS.map(({ command }) => command.split(" ")[0]!);

/** What commands call their files. */
const POSITIONALS: ReadonlySet<string> = new Set(
  [...COMMANDS.map(({ command }) => command), ...TRACE_ACTIONS].flatMap((command) =>
    [...command.matchAll(/[<[](\w+)/g)].map(([, name]) => name!),
  ),
);

const HELP_WIDTH = 110;

/** What the arguments ask for: text to print, or a command to run. */
type Request = { readonly text: string } | { readonly run: () => Promise<number> };

/**
 * Runs the program. An error that the user can put right is one line on stderr; any other is a
 * bug, or what `--check` found, and comes with its stack.
 *
 * @param argv without the interpreter and the script
 * @returns the exit code
 */
export async function main(argv: readonly string[], context: CliContext): Promise<number> {
  const { stdout, stderr, interrupted } = context.io;
  try {
    await loadZstd();
    const request = await parseArguments(argv, context);
    if ("run" in request) return await request.run();
    print(stdout, `${request.text}\n`);
    return ExitCode.done;
  } catch (error) {
    if (interrupted.aborted) return ExitCode.interrupted;
    if (isUsersFault(error)) {
      print(stderr, `unaccepted: ${printable(errorLine(error))}\n`);
      return ExitCode.usage;
    }
    print(stderr, `unaccepted: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return ExitCode.failed;
  }
}

async function parseArguments(argv: readonly string[], context: CliContext): Promise<Request> {
  const word = argv[0] ?? "-";
  if (!COMMAND_NAMES.includes(word) && !["--help", "-h", "--version"].includes(word)) {
    if (word.startsWith("-")) throw new UsageError(COMMAND_EXPECTED);
    const nearest = nearestName(word, COMMAND_NAMES);
    throw new UsageError(
      `unknown command ${word}${nearest === undefined ? "" : `, did you mean ${nearest}?`}`,
    );
  }
  let request: Request | undefined;
  const parser = newParser(argv);
  const choose =
    (run: RunCommand) =>
    (parsed: unknown): void => {
      request = { run: () => run(parsed as ParsedArguments, context) };
    };
  for (const command of COMMANDS) {
    parser.command(
      command.command,
      command.describe,
      (inner) => command.builder(inner, choose),
      choose((parsed, given) => command.run(parsed, given)),
    );
  }
  // With a callback yargs hands over what it would have printed.
  await parser.parseAsync(argv.map(nameStdin), {}, (_error: unknown, _parsed: unknown, output: string) => {
    if (output !== "") request = { text: output };
  });
  if (request === undefined) throw new UsageError(COMMAND_EXPECTED);
  return request;
}

/** yargs loses a dash that stands alone. */
function nameStdin(word: string): string {
  return word === "-" ? STDIN_PATH : word;
}

const COMMAND_EXPECTED = `expected a command first: ${COMMAND_NAMES.join(" or ")}; --help says more`;

function newParser(argv: readonly string[]): Argv {
  const parser: Argv = yargs([]);
  return parser
    .scriptName("unaccepted")
    .usage("$0 COMMAND\n\nWhen should a TDX or SEV-SNP guest accept its memory?")
    .parserConfiguration({
      "dot-notation": false,
      "parse-positional-numbers": false,
      "boolean-negation": false,
      "short-option-groups": false,
    })
    .locale("en")
    .strict()
    .exitProcess(false)
    .showHelpOnFail(false)
    .help("help", "show this help")
    .alias("help", "h")
    .version("version", "show the version", packageVersion())
    .wrap(HELP_WIDTH)
    .fail((message: string | null, error: unknown) => {
      // yargs has words for what it found itself, and none for what others threw.
      if (message === null || message === "") throw error;
      throw new UsageError(explain(message, argv, parser));
    });
}

/** The messages of yargs that users meet, in the words of this program. */
const EXPLANATIONS: readonly (readonly [RegExp, string])[] = [
  [/^Not enough arguments following: (.*)/, "expected a value after --$1"],
  [/^Missing required arguments?: \S+\s+/, ""],
  [/^Arguments (\S+) and (\S+) are mutually exclusive/, "--$1 and --$2 exclude each other"],
];

function explain(message: string, argv: readonly string[], parser: Argv): string {
  // yargs counts files and flags first; one that the command has not may be why another is missing.
  const foreign = typedFlags(argv).find((name) => !(name in optionsOf(parser).key));
  const unknown = foreign ?? /^Unknown arguments?: ([^,]*)/.exec(message)?.[1];
  if (unknown !== undefined) return explainUnknown(unknown, argv, parser);
  if (message.startsWith("Not enough non-option arguments")) return `expected ${expectedFile(argv)}`;
  return EXPLANATIONS.reduce((text, [pattern, words]) => text.replace(pattern, words), message);
}

/** What a command with too few arguments is to be given. */
function expectedFile([word]: readonly string[]): string {
  const command = COMMANDS.find((known) => known.command.split(" ")[0] === word);
  return command !== undefined && "takes" in command ? command.takes : "a trace";
}

/** Names of flags in the order in which they were typed. */
function typedFlags(argv: readonly string[]): string[] {
  return argv.flatMap((word) => /^--([^=]+)/.exec(word)?.[1] ?? []);
}

/** A flag or a file too many: how it was typed, and what the command at hand has instead. */
function explainUnknown(name: string, argv: readonly string[], parser: Argv): string {
  const typed = argv
    .find((word) => word.replace(/=.*/s, "").replace(/^--?/, "") === name)
    ?.replace(/=.*/s, "");
  if (typed === undefined || !typed.startsWith("-")) return `unexpected argument ${name}`;
  const flags = flagsOf(parser);
  const nearest = nearestName(name, flags);
  const hint =
    nearest === undefined
      ? `; it has ${flags.map((flag) => `--${flag}`).join(", ")}`
      : `, did you mean --${nearest}?`;
  return `${commandWords(argv)} has no ${typed}${hint}`;
}

/** Every flag of the command that yargs was about to run, without dashes; positionals count as options there. */
function flagsOf(parser: Argv): string[] {
  const { key } = optionsOf(parser);
  const isFlag = (name: string): boolean => name.length > 1 && !POSITIONALS.has(name);
  return Object.keys(key)
    .filter(isFlag)
    .sort((one, other) => Number(EVERYWHERE.has(one)) - Number(EVERYWHERE.has(other)));
}

/** Flags that every command has, and hints name last. */
const EVERYWHERE: ReadonlySet<string> = new Set(["help", "version"]);

/** What yargs knows of the command's flags; its published types leave this out. */
interface ParserOptions {
  readonly key: Readonly<Record<string, unknown>>;
}

function optionsOf(parser: Argv): ParserOptions {
  return (parser as unknown as { getOptions(): ParserOptions }).getOptions();
}

/** The command and its subcommand as they were typed. */
function commandWords([word = "", next = ""]: readonly string[]): string {
  return word === "trace" && !next.startsWith("-") ? `${word} ${next}`.trim() : word;
}

/** One line, even for an error whose message has several. */
function errorLine(error: Error): string {
  const more =
    error instanceof ScenarioError && error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : "";
  return `${error.message.replaceAll(/\s*\n\s*/g, " ")}${more}`;
}
