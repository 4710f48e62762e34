/** What several texts say, as one: the same is said once, and what contradicts is named. */

import { commandLineWords } from "../command-line/words.js";
import { parseSize } from "../units.js";
import type { MachineReading, Statement } from "./statement.js";

/** A text with a name. */
export interface NamedReading extends MachineReading {
  /** As users know it: a path, or stdin. */
  readonly file: string;
}

export interface Source {
  readonly file: string;
  readonly line: number;
  readonly says: string;
  readonly derived?: string;
}

/** A key of a scenario, its value, and all that say so. */
export interface Joined {
  readonly key: string;
  readonly value: unknown;
  readonly sources: readonly Source[];
}

/** Two texts, or two lines, that cannot be of one machine. */
export interface Contradiction {
  readonly key: string;
  readonly first: { readonly value: unknown; readonly source: Source };
  readonly second: { readonly value: unknown; readonly source: Source };
}

export interface JoinedMachine {
  readonly joined: readonly Joined[];
  readonly contradictions: readonly Contradiction[];
}

export function join(readings: readonly NamedReading[]): JoinedMachine {
  const byKey = new Map<string, { value: unknown; sources: Source[] }>();
  const contradictions: Contradiction[] = [];
  for (const { file, statements } of readings) {
    for (const statement of statements) {
      const { key, value } = statement;
      const source = sourceOf(file, statement);
      const known = byKey.get(key);
      if (known === undefined) {
        byKey.set(key, { value, sources: [source] });
        continue;
      }
      const both = valueOfBoth(key, known.value, value);
      if (both === undefined)
        contradictions.push({
          key,
          first: { value: known.value, source: known.sources[0]! },
          second: { value, source },
        });
      else {
        known.value = both;
        known.sources.push(source);
      }
    }
  }
  return { joined: Array.from(byKey, ([key, one]) => ({ key, ...one })), contradictions };
}

function sourceOf(file: string, { line, says, derived }: Statement): Source {
  return { file, line, says, ...(derived === undefined ? {} : { derived }) };
}

/**
 * The value that agrees with two texts; undefined where none does. Sizes are the same however they are written. A VMM, its
 * firmware and a boot loader add words to a command line, of which the guest shows all.
 */
function valueOfBoth(key: string, a: unknown, b: unknown): unknown {
  const plain = (value: unknown): unknown =>
    typeof value === "string" && key !== "kernel" ? (parseSize(value) ?? value) : value;
  if (JSON.stringify(plain(a)) === JSON.stringify(plain(b))) return a;
  if (typeof a !== "string" || typeof b !== "string") return undefined;
  // A guest cannot tell releases of a VMM apart.
  if (key === "vmm.kind" && (a.startsWith(`${b}-`) || b.startsWith(`${a}-`)))
    return a.length > b.length ? a : b;
  if (key !== "guest.commandLine") return undefined;
  if (hasWordsOf(a, b)) return a;
  return hasWordsOf(b, a) ? b : undefined;
}

function hasWordsOf(line: string, other: string): boolean {
  const words = new Set(commandLineWords(line).map(({ text }) => text));
  return commandLineWords(other).every(({ text }) => words.has(text));
}

/** `guest.txt:9: memory 4GiB ("...")`, for both sides. */
export function contradictionText({ key, first, second }: Contradiction): string {
  const side = ({ value, source }: Contradiction["first"]): string =>
    `${source.file}:${source.line} says ${typeof value === "string" ? value : JSON.stringify(value)} ("${source.says}")`;
  return `${key}: ${side(first)}, ${side(second)}`;
}
