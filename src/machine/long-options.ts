/** Command lines with options such as `--memory size=4G`, as cloud-hypervisor, crosvm and Firecracker take them. */

import { didYouMean } from "../nearest-name.js";
import { unexpected } from "./findings.js";
import type { ShellCommand, ShellWord } from "./shell-text.js";

/** Values that an option takes: none, one, or all words up to the next option. */
export type Takes = "nothing" | "one" | "many";

export interface LongOption {
  /** Without dashes; empty for a word that belongs to no option. */
  readonly name: string;
  readonly word: ShellWord;
  readonly values: readonly ShellWord[];
}

/**
 * The options of a command in its order, with `--name value` and `--name=value`.
 *
 * @param takes by name
 * @param short names of one letter, by letter
 * @param program for messages
 * @param unknown what to do about a name that is not in the list; by default an error
 * @throws MachineError for an unknown option, and one whose value is missing
 */
export function longOptions(
  { words, isLiteral }: ShellCommand,
  takes: ReadonlyMap<string, Takes>,
  short: ReadonlyMap<string, string>,
  program: string,
  unknown?: (name: string, next: ShellWord | undefined) => Takes | undefined,
): LongOption[] {
  const found: LongOption[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const [, long, letter, value] = /^(?:--([\w-]+)|-([A-Za-z]))(?:=(.*))?$/s.exec(word.text) ?? [];
    const name = long ?? short.get(letter ?? "");
    if (name === undefined && !word.text.startsWith("-")) {
      found.push({ name: "", word, values: [word] });
      continue;
    }
    const kind = name === undefined ? undefined : (takes.get(name) ?? unknown?.(name, words[at + 1]));
    if (name === undefined || kind === undefined) {
      const hint = didYouMean(long ?? word.text, [...takes.keys()]).replace("mean ", "mean --");
      throw unexpected(word, `an option of ${program}${hint}`, word.text);
    }
    if (value !== undefined) {
      const column = word.column + word.text.indexOf("=") + 1;
      found.push({ name, word, values: [{ ...word, text: value, column }] });
    } else if (kind === "nothing") found.push({ name, word, values: [] });
    else {
      // Words of the kernel's command line have lost their quotes in what ps prints.
      const isText = isLiteral && (name === "cmdline" || name === "params");
      let end = at + 2;
      const ends = isText ? /^--/ : /^-/;
      while ((kind === "many" || isText) && end < words.length && !ends.test(words[end]!.text)) end++;
      const values = words.slice(at + 1, end);
      const [first] = values;
      if (first === undefined || first.text.startsWith("--"))
        throw unexpected(word, `a value after ${word.text}`, first?.text ?? "the end of the command");
      const text = values.map((one) => one.text).join(" ");
      found.push({ name, word, values: isText ? [{ ...first, text }] : values });
      at = end - 1;
    }
  }
  return found;
}
