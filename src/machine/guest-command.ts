import { unexpected } from "./findings.js";
import { commandsOf, type ShellCommand } from "./shell-text.js";
import { MachineError } from "./statement.js";

/** How the commands of a VMM are told from other words. */
export interface Program {
  /** For messages. */
  readonly name: string;
  /** Names of its file, without the folder. */
  readonly file: RegExp;
  /** Whether a command starts a guest, and does not ask for a version. */
  readonly starts: (command: ShellCommand) => boolean;
}

/** Whether a text has a command that starts a guest, be it one whose quotes do not end. */
export function hasGuestCommand(text: string, program: Program): boolean {
  try {
    return guestCommands(text, program).length > 0;
  } catch (error) {
    if (error instanceof MachineError) return true;
    throw error;
  }
}

/**
 * The last command that starts a guest: of a log with several starts the newest.
 *
 * @returns also how many there are
 * @throws MachineError where there is none that can be read
 */
export function lastGuestCommand(
  text: string,
  program: Program,
): { readonly command: ShellCommand; readonly count: number } {
  const commands = guestCommands(text, program);
  const command = commands.at(-1);
  if (command === undefined)
    throw unexpected({ line: 1, column: 1 }, `a command of ${program.name} that starts a guest`, "none");
  return { command, count: commands.length };
}

function guestCommands(text: string, { file, starts }: Program): ShellCommand[] {
  return commandsOf(text, (name) => file.test(name)).filter(starts);
}

/** Whether a command has an option, and none that only asks. */
export function hasOptions({ words }: ShellCommand): boolean {
  const asks = words.some(({ text }) => /^(?:--?(?:version|help)|-[hV])$/.test(text));
  return !asks && words.some(({ text }) => text.startsWith("-"));
}
