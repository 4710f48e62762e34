/** Commands as data, and the parsed command line: files and flags, or one line about what is missing. */

import type { CliContext } from "./io.js";
import { UsageError } from "./usage-error.js";

/** The path that `-` on the command line stands for. */
export const STDIN_PATH = "/dev/stdin";

/** Words for people; a promise of them where they name things that only their own command is to load. */
export type Words = string | (() => Promise<string>);

/** Names, which only who wants them loads. */
export type Offer = () => Promise<readonly string[]>;

export interface Flag {
  readonly type: "string" | "boolean";
  readonly describe: Words;
  /** One letter that stands for it. */
  readonly short?: string;
  /** What help calls its value. */
  readonly takes?: string;
  /** Values that a shell may complete; of others it knows nothing, and offers files. */
  readonly offers?: Offer;
  /** Its heading in help; `Flags:` if not given. */
  readonly group?: string;
  /** The error where it is missing; other flags may be left out. */
  readonly required?: string;
}

/** In the order of help. */
export type Flags = Readonly<Record<string, Flag>>;

/** What a command is given besides flags. */
export interface Files {
  readonly name: string;
  readonly describe: Words;
  readonly isList?: boolean;
  /** Names that a shell may complete, beside files. */
  readonly offers?: Offer;
  /** The error where there is none; a command without it checks for itself. */
  readonly required?: string;
}

/** What a command is run with. */
export interface CommandContext extends CliContext {
  /** All there are, for those that tell of others. */
  readonly commands: readonly (Command | CommandGroup)[];
}

export type RunCommand = (argv: Arguments, context: CommandContext) => Promise<number>;

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
  /** Imports the implementation, which nothing else needs. */
  readonly load: () => Promise<{ readonly run: RunCommand }>;
}

/** A command that is nothing but its actions. */
export interface CommandGroup {
  readonly name: string;
  readonly describe: string;
  readonly actions: readonly Command[];
}

export function text(describe: Words, more: Partial<Flag> = {}): Flag {
  return { type: "string", describe, ...more };
}

export function flag(describe: string, more: Partial<Flag> = {}): Flag {
  return { type: "boolean", describe, ...more };
}

export const EVERYWHERE: Flags = {
  help: flag("show this help", { short: "h" }),
  version: flag("show the version", { short: "V" }),
};

export class Arguments {
  readonly files: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(files: readonly string[], values: ReadonlyMap<string, readonly string[]>) {
    this.files = files;
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The same with other values of a flag. */
  with(name: string, values: readonly string[]): Arguments {
    return new Arguments(this.files, new Map([...this.#values, [name, values]]));
  }

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

  /** The value of `--format`, or json for `--json`; a table where neither is given. @throws UsageError */
  format<Format extends string>(formats: readonly Format[]): Format {
    const name = this.has("json") ? "json" : (this.one("format") ?? "table");
    const format = formats.find((known) => known === name);
    if (format !== undefined) return format;
    throw new UsageError(`--format ${name}: expected one of ${formats.join(", ")}`);
  }
}
