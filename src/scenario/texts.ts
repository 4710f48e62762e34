/** Texts of a scenario file that only some room can tell good from bad: kernels, their command lines, workloads. */

import { wordEffect } from "../command-line/catalogue.js";
import { commandLineWords, type Word } from "../command-line/words.js";
import type { Problem, Quantity } from "../fields/field.js";
import { kernelName, knowsUnacceptedMemory } from "../linux/kernel-rules.js";
import { formatBytes } from "../units.js";
import { GeneratorError, isGenerated, parseGeneratedWorkload } from "../workload/generators/index.js";
import { MIN_MEMORY_BYTES, parseMemoryOptions } from "../x86/memory-options.js";

/** What a value of `kernel` must be. */
export const EXPECTED_KERNEL = "a Linux release from 6.5 on, as uname -r prints it";

/** The name of a kernel that can be simulated; undefined for any other value. */
export function kernelOf(value: Quantity): string | undefined {
  const name = kernelName(textOf(value));
  return name !== undefined && knowsUnacceptedMemory(name) ? name : undefined;
}

/** For `kernel`: what to do about a release that is too old. */
export function checkKernel(value: Quantity): Problem | undefined {
  if (kernelOf(value) !== undefined) return undefined;
  const message = `expected ${EXPECTED_KERNEL}`;
  const name = kernelName(textOf(value));
  if (name === undefined) return { message };
  const quotes =
    typeof value === "number" && !Number.isInteger(value)
      ? ` (YAML reads ${name}0 without quotes as ${name})`
      : "";
  const hint =
    `Linux ${name} knows nothing of unaccepted memory${quotes}: for such a guest leave kernel out and take policy ` +
    "firmware-delegated, where the firmware accepts all, or guest.unacceptedMemory=drops, where it is lost; " +
    "unaccepted matrix shows both";
  return { message, hint };
}

/** YAML takes `6.12` for a number, and `7.0` for 7. */
function textOf(value: Quantity): string {
  return typeof value === "number" && Number.isInteger(value) ? `${value}.0` : String(value);
}

/** For `workload`: a path, or a generated one, which must be one. */
export function checkWorkload(workload: string): Problem | undefined {
  if (!isGenerated(workload)) return undefined;
  try {
    parseGeneratedWorkload(workload);
    return undefined;
  } catch (error) {
    if (!(error instanceof GeneratorError)) throw error;
    return { message: error.message.split("\n")[0]! };
  }
}

/** What fits beside the simulator's own words (COMMAND_LINE_SIZE is 2048 on x86). */
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

/** The word, without a value that does not matter. */
function refusedText(text: string, name: string): string {
  if (wordEffect(name, undefined)?.does !== "refused") return text;
  return text.includes("=") ? `${name}=` : name;
}
