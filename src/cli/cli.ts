/** The program without the process around it: arguments in, text and an exit code out. */

import { didYouMean, nearestName } from "../nearest-name.js";
import { printable } from "../printable.js";
import { errorLine } from "../scenario/error.js";
import { type Arguments, type Command, type CommandGroup, STDIN_PATH } from "./arguments.js";
import { COMMANDS } from "./commands.js";
import { type CliIo, ExitCode, Interrupted, placeOf, print, type RunScenario } from "./io.js";
import { isUserError, UsageError } from "./usage-error.js";
import { packageVersion } from "./version.js";

/** The world around the program, and the stubs with which tests replace the simulator. */
export interface World {
  readonly io: CliIo;
  readonly runScenario?: RunScenario;
}

/**
 * Runs the program. An error that the user can put right is one line on stderr; any other is a
 * bug, or what `--check` found, and comes with its stack.
 *
 * @param argv without the interpreter and the script
 * @returns the exit code
 */
export async function main(argv: readonly string[], world: World): Promise<number> {
  const { stderr, interrupted } = world.io;
  try {
    return await obey(
      argv.map((word) => (word === "-" ? STDIN_PATH : word)),
      world,
    );
  } catch (error) {
    if (interrupted.aborted) {
      print(stderr, `unaccepted: interrupted${error instanceof Interrupted ? ` ${error.message}` : ""}\n`);
      return ExitCode.interrupted;
    }
    if (isUserError(error)) {
      print(stderr, `unaccepted: ${printable(errorLine(error))}\n`);
      return ExitCode.usage;
    }
    print(stderr, `unaccepted: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return ExitCode.failed;
  }
}

async function obey([word, ...rest]: readonly string[], world: World): Promise<number> {
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
  if (!("actions" in chosen))
    return run(chosen, parseWords(action === undefined ? rest : rest.slice(1), chosen), world);
  const syntax = { name: chosen.name, files: { name: "action", isList: true }, flags: {} };
  throw unknownAction(chosen, parseWords(rest, syntax).files[0]);
}

async function run(command: Command, argv: Arguments, world: World): Promise<number> {
  const [loaded, { loadZstd }] = await Promise.all([command.load(), import("../workload-files/zstd.js")]);
  await loadZstd();
  const runScenario = world.runScenario ?? (await import("../study/run-scenario.js")).runScenario;
  const context = { io: world.io, runScenario, policyFiles: [], commands: COMMANDS };
  if (!argv.has("policy") && !argv.has("baseline")) return loaded.run(argv, context);
  const { loadPolicies } = await import("./policy-files.js");
  const { argv: named, files, forget } = await loadPolicies(argv);
  try {
    return await loaded.run(named, { ...context, policyFiles: files });
  } finally {
    forget();
  }
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
