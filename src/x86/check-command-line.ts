import { wordEffect } from "../command-line/catalogue.js";
import { commandLineWords, type Word } from "../command-line/words.js";
import type { Problem } from "../fields/field.js";
import { formatBytes } from "../units.js";
import { MIN_MEMORY_BYTES, parseMemoryOptions } from "./memory-options.js";

/** Room left by the simulator's own words (COMMAND_LINE_SIZE is 2048 on x86). */
const MAX_CHARACTERS = 2000;

/** For `guest.commandLine`. The kernel would ignore an option it does not understand, which nobody who writes one wants. */
export function checkCommandLine(line: string): Problem | undefined {
  const expected = expectedOfCommandLine(line);
  return expected === undefined ? undefined : { message: `expected ${expected}` };
}

function expectedOfCommandLine(line: string): string | undefined {
  if (line.length > MAX_CHARACTERS) return `at most ${MAX_CHARACTERS} characters`;
  if (!/^[\x20-\x7e]*$/.test(line)) return "plain ASCII on one line";
  const words = commandLineWords(line);
  for (const word of words) {
    const expected = expectedOfWord(word);
    if (expected !== undefined) return expected;
  }
  if (seeksElsewhere(line, words)) {
    return "crashkernel= without quotes, as a word of its own and before --, since the kernel looks for it anywhere";
  }
  const { options, malformed } = parseMemoryOptions(line);
  if (malformed.length > 0)
    return `a size such as mem=2G or a range such as memmap=1G$4G, not ${malformed[0]}`;
  const tooSmall = options.some((option) => option.kind === "limit" && option.end < MIN_MEMORY_BYTES);
  return tooSmall
    ? `an address of ${formatBytes(MIN_MEMORY_BYTES)} or more after mem= or memmap=`
    : undefined;
}

/** Whether the kernel finds `crashkernel=` where no word begins (kernel/crash_reserve.c: get_last_crashkernel, Linux 6.12). */
function seeksElsewhere(line: string, words: readonly Word[]): boolean {
  const plain = words.filter(({ text }) => text.startsWith("crashkernel=") && !text.includes('"'));
  return line.split("crashkernel=").length - 1 !== plain.length;
}

function expectedOfWord({ text, name, value }: Word): string | undefined {
  const effect = wordEffect(name, value);
  if (effect?.does === "refused") return `no ${refusedText(text, name)}, ${effect.why}`;
  if (effect?.does !== "acts" || effect.isValid === undefined) return undefined;
  return effect.isValid(value ?? "") ? undefined : `${effect.expected} after ${name}=, not ${text}`;
}

/** The word as messages quote it: without a value that does not matter. */
function refusedText(text: string, name: string): string {
  if (wordEffect(name, undefined)?.does !== "refused") return text;
  return text.includes("=") ? `${name}=` : name;
}
