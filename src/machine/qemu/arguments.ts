import { didYouMean } from "../../nearest-name.js";
import { unexpected } from "../findings.js";
import type { ShellCommand, ShellWord } from "../shell-text.js";
import { QEMU_OPTIONS, takesValue } from "./options.js";

/** One option of QEMU's command line. */
export interface QemuArgument {
  /** Without dashes; `M` is `machine`, and an image of a disk without an option is `hda`. */
  readonly name: string;
  readonly word: ShellWord;
  /** Of an option that takes one. */
  readonly value: ShellWord | undefined;
}

/**
 * The options of a command, in its order (system/vl.c: lookup_opt takes one dash or two).
 *
 * @throws MachineError for an option that QEMU does not have, and one whose value is missing
 */
export function qemuArguments({ words, isLiteral }: ShellCommand): QemuArgument[] {
  const found: QemuArgument[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (!word.text.startsWith("-") || word.text === "-") {
      found.push({ name: "hda", word, value: word });
      continue;
    }
    const name = word.text.replace(/^--?/, "");
    const takes = takesValue(name);
    if (takes === undefined) {
      const hint = didYouMean(name, QEMU_OPTIONS).replace(/\?$/, "");
      throw unexpected(
        word,
        `an option of QEMU${hint === "" ? "" : `${hint.replace("mean ", "mean -")}?`}`,
        word.text,
      );
    }
    if (!takes) {
      found.push({ name, word, value: undefined });
      continue;
    }
    const first = words[++at];
    if (first === undefined) throw unexpected(word, `a value after ${word.text}`, "the end of the command");
    const value =
      name === "append" && isLiteral ? joined(first, words, at + 1) : { word: first, next: at + 1 };
    at = value.next - 1;
    found.push({ name: name === "M" ? "machine" : name, word, value: value.word });
  }
  return found;
}

/** The kernel's command line, which `ps` prints without its quotes: up to the next option of QEMU. */
function joined(
  first: ShellWord,
  words: readonly ShellWord[],
  from: number,
): { word: ShellWord; next: number } {
  let next = from;
  while (next < words.length && !isOption(words[next]!.text)) next++;
  const text = [first, ...words.slice(from, next)].map((word) => word.text).join(" ");
  return { word: { ...first, text }, next };
}

function isOption(text: string): boolean {
  return text.startsWith("-") && takesValue(text.replace(/^--?/, "")) !== undefined;
}
