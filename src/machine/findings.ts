/** What a reader collects: statements and remarks with their places, and how many words had no bearing. */

import { printable } from "../printable.js";
import { MiB } from "../units.js";
import { exactSize } from "./exact-size.js";
import { MachineError, type MachineReading, type Remark, type Statement } from "./statement.js";

/** A position in a text, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

const SAYS_CHARACTERS = 100;

/** Text from an input, as a message or a comment quotes it: one line, not long. */
export function short(text: string): string {
  const words = printable(text.trim());
  return words.length > SAYS_CHARACTERS ? `${words.slice(0, SAYS_CHARACTERS - 3)}...` : words;
}

/** An error at a piece of text that is not what it has to be. */
export function unexpected(place: Place, expected: string, found: string): MachineError {
  return new MachineError(place.line, place.column, expected, found === "" ? "nothing" : short(found));
}

/** A library's message, within one of ours. */
export function lowerFirst(message: string): string {
  return message.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase());
}

export class Findings {
  readonly #statements: Statement[] = [];
  readonly #remarks: Remark[] = [];
  readonly #idle = new Map<string, number>();
  #idleLine = 0;

  /** @param says the words that say so @param derived how it follows, where they do not say it literally */
  says(key: string, value: unknown, line: number, says: string, derived?: string): void {
    this.#statements.push({
      key,
      value,
      line,
      says: short(says),
      ...(derived === undefined ? {} : { derived }),
    });
  }

  /**
   * RAM of the guest. A scenario has whole MiB, so that the rest of one is left out, and said.
   *
   * @param bytes above 0
   */
  memory(bytes: number, line: number, says: string, derived?: string): void {
    const whole = bytes - (bytes % MiB);
    const rounded = whole === bytes ? undefined : `${bytes} bytes, rounded down to MiB`;
    const how = [derived, rounded].filter((part) => part !== undefined).join("; ");
    this.says("memory", exactSize(whole), line, says, how === "" ? undefined : how);
  }

  remark(line: number, text: string): void {
    this.#remarks.push({ line, text: printable(text) });
  }

  /** Something without bearing on memory, CPUs and acceptance; all of them are one remark. @param name as people write it */
  idle(line: number, name: string): void {
    this.#idle.set(name, (this.#idle.get(name) ?? 0) + 1);
    if (this.#idleLine === 0) this.#idleLine = line;
  }

  /** Whether a key was said. */
  has(key: string): boolean {
    return this.#statements.some((one) => one.key === key);
  }

  reading(): MachineReading {
    const names = Array.from(this.#idle, ([name, count]) =>
      count === 1 ? name : `${name} (${count} times)`,
    );
    const remarks = [...this.#remarks];
    if (names.length > 0) {
      const text = `without bearing on memory, CPUs and acceptance: ${names.map(printable).join(", ")}`;
      remarks.push({ line: this.#idleLine, text });
    }
    return { statements: this.#statements, remarks: remarks.toSorted((a, b) => a.line - b.line) };
  }
}
