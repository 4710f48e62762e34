/** Commands as data, and what was typed after one: its files and flags, or one line about what it has not. */

import type { CliContext } from "./io.js";
import { UsageError } from "./usage-error.js";

/** What `-` on the command line stands for. */
export const STDIN_PATH = "/dev/stdin";

/** Words for people; a promise of them where they name what only their own command is to load. */
export type Words = string | (() => Promise<string>);

/** A flag of a command. */
export interface Flag {
  readonly type: "string" | "boolean";
  readonly describe: Words;
  /** One letter that stands for it. */
  readonly short?: string;
  /** The heading under which help has it; `Options:` if not given. */
  readonly group?: string;
  /** What is said where it is missing; others may be. */
  readonly required?: string;
}

/** Flags by their names, in the order of help. */
export type Flags = Readonly<Record<string, Flag>>;

/** The files, or the one word, that a command is given. */
export interface Files {
  readonly name: string;
  readonly describe: Words;
  readonly isList?: boolean;
  /** What is said to be expected where there is none; a command without it sees to that itself. */
  readonly required?: string;
}

/** What a command does; @returns the exit code. */
export type RunCommand = (argv: Arguments, context: CliContext) => Promise<number>;

/** What may be typed after a command's name. */
export interface Syntax {
  /** As it is typed: `run`, `trace import`. */
  readonly name: string;
  readonly files?: Omit<Files, "describe">;
  readonly flags: Flags;
}

/** A command, or an action of one. */
export interface Command extends Syntax {
  readonly describe: string;
  readonly files?: Files;
  /** Command lines for the end of its help, each to be copied. */
  readonly examples: readonly string[];
  /** Imports what the command does, which nothing else needs. */
  readonly load: () => Promise<{ readonly run: RunCommand }>;
}

/** A command that is nothing but its actions. */
export interface CommandGroup {
  readonly name: string;
  readonly describe: string;
  readonly actions: readonly Command[];
}

/** A flag that takes a value. */
export function text(describe: Words, more: Partial<Flag> = {}): Flag {
  return { type: "string", describe, ...more };
}

/** A flag that is given or not. */
export function flag(describe: string, more: Partial<Flag> = {}): Flag {
  return { type: "boolean", describe, ...more };
}

/** Flags that every command has. */
export const EVERYWHERE: Flags = {
  help: flag("show this help", { short: "h" }),
  version: flag("show the version"),
};

/** What was typed after a command. */
export class Arguments {
  readonly files: readonly string[];
  /** The values of each flag that was given. */
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(files: readonly string[], values: ReadonlyMap<string, readonly string[]>) {
    this.files = files;
    this.#values = values;
  }

  /** Whether a flag was given. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** Every value of a flag that may be repeated. */
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** The value of a flag; @throws UsageError if it was given twice */
  one(name: string): string | undefined {
    const values = this.all(name);
    if (values.length > 1) throw new UsageError(`--${name} was given twice`);
    return values[0];
  }

  /** The value of a flag that is a number; @throws UsageError if it is another one, or none */
  wholeNumber(name: string, least: number, most: number = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.one(name);
    if (value === undefined) return undefined;
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    const range = most === Number.MAX_SAFE_INTEGER ? `${least}` : `${least} to ${most}`;
    throw new UsageError(`--${name} ${value}: expected a whole number from ${range}`);
  }

  /** What `--format`, or `--json`, asks for; a table where neither is given. @throws UsageError */
  format<Format extends string>(formats: readonly Format[]): Format {
    const name = this.has("json") ? "json" : (this.one("format") ?? "table");
    const format = formats.find((known) => known === name);
    if (format !== undefined) return format;
    throw new UsageError(`--format ${name}: expected one of ${formats.join(", ")}`);
  }
}
