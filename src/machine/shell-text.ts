/**
 * Commands in a text: a script, a line of `ps`, `/proc/PID/cmdline`, the log of libvirt. Words are parted as a POSIX
 * shell does (IEEE 1003.1, Shell Command Language, 2.2 quoting and 2.6 expansions), with the arrays of bash, as scripts
 * that start guests have them. Only what the text itself assigns is expanded; what a running shell would have to tell
 * stays in the word, which says so.
 */

import { type Place, unexpected } from "./findings.js";
import type { MachineError } from "./statement.js";

export interface ShellWord extends Place {
  readonly text: string;
  /** A part that only the shell that runs it knows, such as `$(nproc)`; undefined where all is known. */
  readonly unknown?: string;
}

export interface ShellCommand {
  readonly words: readonly ShellWord[];
  /** Words as `ps` prints them, without the quotes that parted them. */
  readonly isLiteral: boolean;
}

/** Values of variables; a list is an array of bash. */
type Variables = Map<string, ShellWord | readonly ShellWord[]>;

/**
 * The commands whose program has a name.
 *
 * @param isProgram whether a word, without its folder, is the program meant
 * @returns each command from the word after its program on
 * @throws MachineError where quotes of such a command do not end
 */
export function commandsOf(text: string, isProgram: (name: string) => boolean): ShellCommand[] {
  if (text.includes("\0")) return fromProc(text, isProgram);
  const variables: Variables = new Map();
  const commands: ShellCommand[] = [];
  const lines = text.split("\n").map(withoutUnitKey);
  let at = 0;
  while (at < lines.length) {
    const literal = printedByPs(lines[at]!, at + 1, isProgram);
    if (literal !== undefined) {
      commands.push(literal);
      at++;
      continue;
    }
    if (isWithoutBearing(lines[at]!, isProgram)) {
      at++;
      continue;
    }
    const scanner = new Scanner(lines, at, variables);
    try {
      const read = scanner.readLogicalLine();
      const before = commands.length;
      for (const words of read) {
        const program = words.findIndex(({ text: word }) => isProgram(baseName(word)));
        if (program >= 0) commands.push({ words: words.slice(program + 1), isLiteral: false });
      }
      // Apostrophes of a log pair up over lines; what they enclose is looked at as well.
      const isProse = commands.length === before && scanner.hasLongQuote && read.length > 0;
      at = isProse ? at + 1 : scanner.line;
    } catch (error) {
      // Lines of a log have apostrophes; only a command that is meant has to be whole.
      if (!(error instanceof Unreadable) || scanner.wordsSoFar.some((word) => isProgram(baseName(word))))
        throw error instanceof Unreadable ? error.error : error;
      at++;
    }
  }
  return commands;
}

/** A line that neither sets a variable nor goes on, and does not have the program: most of a log. */
function isWithoutBearing(line: string, isProgram: (name: string) => boolean): boolean {
  return !/[=\\'"`$(;|&]/.test(line) && !line.split(/\s+/).some((word) => isProgram(baseName(word)));
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A line of a unit of systemd has the command behind a key, and marks before it (systemd.service(5)). */
function withoutUnitKey(line: string): string {
  return line.replace(/^\s*Exec(?:Start|StartPre|StartPost|Condition)=[-@:+!|]*/, (key) =>
    " ".repeat(key.length),
  );
}

/** Each argument ends with a NUL (proc_pid_cmdline(5)). */
function fromProc(text: string, isProgram: (name: string) => boolean): ShellCommand[] {
  const words: ShellWord[] = [];
  let line = 1;
  let column = 1;
  for (const word of text.replace(/\0?\n?$/, "").split("\0")) {
    words.push({ text: word, line, column });
    const breaks = word.split("\n");
    line += breaks.length - 1;
    column = breaks.length > 1 ? breaks.at(-1)!.length + 2 : column + word.length + 1;
  }
  const program = words.findIndex((word) => isProgram(baseName(word.text)));
  return program < 0 ? [] : [{ words: words.slice(program + 1), isLiteral: false }];
}

/** `ps aux`, `ps -ef`, `ps -eo pid,args`, `pgrep -a`, `systemctl status`: a user or a number before the program. */
const PS_LINE = /^\s*(?:[\w.+-]+\s+)?\d+\s|^\s*(?:[│├└─| ]+)\d+\s/;

function printedByPs(
  content: string,
  line: number,
  isProgram: (name: string) => boolean,
): ShellCommand | undefined {
  if (!PS_LINE.test(content)) return undefined;
  const words = Array.from(content.matchAll(/\S+/g), ({ 0: word, index }) => ({
    text: word,
    line,
    column: index + 1,
  }));
  const program = words.findIndex(({ text }) => isProgram(baseName(text)));
  return program < 1 ? undefined : { words: words.slice(program + 1), isLiteral: true };
}

/** A line that no shell reads. */
class Unreadable extends Error {
  readonly error: MachineError;

  constructor(place: Place, expected: string, found = "the end of the text") {
    super("no shell reads this");
    this.error = unexpected(place, expected, found);
  }

  static unended(place: Place, quote: string): Unreadable {
    return new Unreadable(place, `a closing ${quote} before the end of the text`);
  }
}

const OPERATORS = /^(?:&&|\|\||;;|[;|&()])/;
const NAME = /^[A-Za-z_]\w*/;

/** Reads commands until the end of a line that no quote, parenthesis or backslash continues. */
class Scanner {
  line: number;
  readonly wordsSoFar: string[] = [];
  /** Whether quotes went over the end of a line. */
  hasLongQuote = false;
  readonly #lines: readonly string[];
  readonly #variables: Variables;
  #column = 0;

  constructor(lines: readonly string[], line: number, variables: Variables) {
    this.#lines = lines;
    this.line = line;
    this.#variables = variables;
  }

  readLogicalLine(): ShellWord[][] {
    const commands: ShellWord[][] = [];
    let words: ShellWord[] = [];
    for (;;) {
      this.#skipBlanks();
      if (this.#isAtEnd() || this.#rest().startsWith("#")) break;
      const operator = OPERATORS.exec(this.#rest())?.[0];
      if (operator !== undefined) {
        this.#column += operator.length;
        commands.push(words);
        words = [];
        continue;
      }
      const redirection = /^\d*(?:>>|>&|<&|<<<|<<|>|<|&>)/.exec(this.#rest())?.[0];
      if (redirection !== undefined) {
        this.#column += redirection.length;
        this.#skipBlanks();
        if (!this.#isAtEnd()) this.#words();
        continue;
      }
      if (words.every(({ text }) => /^(?:export|local|readonly|declare|typeset|-\w+)$/.test(text))) {
        const isAssigned = this.#assignment();
        if (isAssigned) continue;
      }
      const read = this.#words();
      this.wordsSoFar.push(...read.map(({ text }) => text));
      words.push(...read);
    }
    commands.push(words);
    this.line++;
    return commands.filter(({ length }) => length > 0);
  }

  #rest(): string {
    return this.#lines[this.line]!.slice(this.#column);
  }

  /** At the end of a line that goes on, moves to the next one. */
  #skipBlanks(): void {
    for (;;) {
      const blanks = /^[ \t\r]+/.exec(this.#rest())?.[0].length ?? 0;
      this.#column += blanks;
      if (/^\\\s*$/.test(this.#rest()) && this.line + 1 < this.#lines.length) this.#nextLine();
      else if (blanks === 0) return;
    }
  }

  #nextLine(): void {
    this.line++;
    this.#column = 0;
  }

  #isAtEnd(): boolean {
    return this.#column >= this.#lines[this.line]!.length || /^\\\s*$/.test(this.#rest());
  }

  /** `NAME=value`, `NAME+=value`, `NAME=(words)`. */
  #assignment(): boolean {
    const match = /^([A-Za-z_]\w*)(\+?)=/.exec(this.#rest());
    if (match === null) return false;
    const [whole, name, adds] = match;
    this.#column += whole.length;
    const old = this.#variables.get(name!);
    if (this.#rest().startsWith("(")) {
      const list = this.#array();
      this.#variables.set(name!, adds === "+" && Array.isArray(old) ? [...old, ...list] : list);
      return true;
    }
    const place = this.#place();
    const isEmpty = /^\s*$|^[ \t;&|]/.test(this.#rest());
    const [value = { text: "", ...place }] = isEmpty ? [] : this.#words();
    const before = adds === "+" && old !== undefined && !Array.isArray(old) ? (old as ShellWord) : undefined;
    const unknown = before?.unknown ?? value.unknown;
    this.#variables.set(name!, {
      ...place,
      text: `${before?.text ?? ""}${value.text}`,
      ...(unknown === undefined ? {} : { unknown }),
    });
    return true;
  }

  #array(): ShellWord[] {
    const opened = this.#place();
    this.#column++;
    const list: ShellWord[] = [];
    for (;;) {
      this.#skipBlanks();
      if (this.#isAtEnd() || this.#rest().startsWith("#")) {
        if (this.line + 1 >= this.#lines.length) throw Unreadable.unended(opened, ")");
        this.#nextLine();
      } else if (this.#rest().startsWith(")")) {
        this.#column++;
        return list;
      } else if (/^[;|&(<>]/.test(this.#rest())) {
        throw new Unreadable(this.#place(), "words of an array, or its )", this.#rest());
      } else {
        list.push(...this.#words());
      }
    }
  }

  #place(): Place {
    return { line: this.line + 1, column: this.#column + 1 };
  }

  /** One word, or those of an array. */
  #words(): ShellWord[] {
    const place = this.#place();
    const array = /^"?\$\{([A-Za-z_]\w*)\[[@*]\]\}"?/.exec(this.#rest());
    if (array !== null) {
      this.#column += array[0].length;
      const value = this.#variables.get(array[1]!);
      if (Array.isArray(value)) return [...value];
      return [{ ...place, text: array[0], unknown: array[0] }];
    }
    const word = new WordBuilder();
    let isQuoted = false;
    for (;;) {
      const rest = this.#rest();
      if (rest === "" || /^[ \t\r;|&()<>]/.test(rest)) break;
      if (/^\\\s*$/.test(rest)) {
        if (this.line + 1 >= this.#lines.length) break;
        this.#nextLine();
        continue;
      }
      if (rest[0] === "\\") {
        word.add(rest[1]!);
        this.#column += 2;
      } else if (rest[0] === "'") {
        isQuoted = true;
        this.#singleQuoted(word);
      } else if (rest[0] === '"') {
        isQuoted = true;
        this.#doubleQuoted(word);
      } else if (!this.#expansion(word)) {
        this.#take(/^.[^ \t\r;|&()<>\\'"$`]*/s, rest, word);
      }
    }
    const { text, unknown } = word;
    if (isQuoted || unknown !== undefined || !word.wasExpanded)
      return [{ ...place, text, ...(unknown === undefined ? {} : { unknown }) }];
    // An unquoted variable is parted at its blanks.
    return text
      .split(/[ \t\n]+/)
      .filter((part) => part !== "")
      .map((part) => ({ ...place, text: part }));
  }

  #singleQuoted(word: WordBuilder): void {
    const opened = this.#place();
    this.#column++;
    for (;;) {
      const end = this.#rest().indexOf("'");
      if (end >= 0) {
        word.add(this.#rest().slice(0, end));
        this.#column += end + 1;
        return;
      }
      word.add(`${this.#rest()}\n`);
      this.hasLongQuote = true;
      if (this.line + 1 >= this.#lines.length) throw Unreadable.unended(opened, "'");
      this.#nextLine();
    }
  }

  #doubleQuoted(word: WordBuilder): void {
    const opened = this.#place();
    this.#column++;
    for (;;) {
      const rest = this.#rest();
      if (rest === "" || rest === "\\") {
        if (rest === "") word.add("\n");
        this.hasLongQuote = true;
        if (this.line + 1 >= this.#lines.length) throw Unreadable.unended(opened, '"');
        this.#nextLine();
      } else if (rest[0] === '"') {
        this.#column++;
        return;
      } else if (rest[0] === "\\" && /^["\\$`]/.test(rest.slice(1))) {
        word.add(rest[1]!);
        this.#column += 2;
      } else if (!this.#expansion(word)) {
        this.#take(/^.[^"\\$`]*/s, rest, word);
      }
    }
  }

  /** A run of characters that mean themselves. */
  #take(run: RegExp, rest: string, word: WordBuilder): void {
    const text = run.exec(rest)![0];
    word.add(text);
    this.#column += text.length;
  }

  /** A variable or a command in place of text. @returns whether there was one */
  #expansion(word: WordBuilder): boolean {
    const rest = this.#rest();
    const command = /^\$\(\(?[^()]*(?:\([^()]*\)[^()]*)*\)?\)|^`[^`]*`/.exec(rest)?.[0];
    if (command !== undefined) {
      word.unknownPart(command);
      this.#column += command.length;
      return true;
    }
    if (rest[0] !== "$") return false;
    const simple = NAME.exec(rest.slice(1))?.[0];
    const braced = /^\$\{([A-Za-z_]\w*)(?::?-([^}]*))?\}/.exec(rest);
    const other = /^\$(?:\{[^}]*\}|[\d@*#?$!-])/.exec(rest)?.[0];
    const name = simple ?? braced?.[1];
    if (name === undefined && other === undefined) return false;
    const written = simple === undefined ? (braced?.[0] ?? other!) : `$${simple}`;
    this.#column += written.length;
    const value = name === undefined ? undefined : this.#variables.get(name);
    if (value !== undefined && !Array.isArray(value)) word.expand(value as ShellWord);
    else if (braced?.[2] !== undefined) word.add(braced[2].replace(/^["']|["']$/g, ""));
    else word.unknownPart(written);
    return true;
  }
}

class WordBuilder {
  text = "";
  unknown: string | undefined;
  wasExpanded = false;

  add(text: string): void {
    this.text += text;
  }

  unknownPart(written: string): void {
    this.text += written;
    this.unknown ??= written;
  }

  expand(value: ShellWord): void {
    this.wasExpanded = true;
    this.text += value.text;
    this.unknown ??= value.unknown;
  }
}
