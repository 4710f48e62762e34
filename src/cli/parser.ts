/** Adapter of the parser in yargs: splits the command line into flags and files. */

import { Parser } from "yargs/helpers";
import { nearestName } from "../nearest-name.js";
import { Arguments, EVERYWHERE, type Flag, type Flags, type Syntax } from "./arguments.js";
import { UsageError } from "./usage-error.js";

/** Every value as it was typed: no flag has parts, a negation or a number. */
const AS_TYPED = {
  "dot-notation": false,
  "boolean-negation": false,
  "camel-case-expansion": false,
  "short-option-groups": false,
  "parse-numbers": false,
  "parse-positional-numbers": false,
};

/**
 * Reads what was typed after the name of a command.
 *
 * @throws UsageError for the first thing that is wrong: a flag that the command has not goes before a file
 *   that is missing, since it may be why
 */
export function parseWords(
  words: readonly string[],
  { name: title, files: wanted, flags: own }: Syntax,
): Arguments {
  const flags: Flags = { ...own, ...EVERYWHERE };
  // The parser takes the names of every object's members for its own.
  const member = words.find((word) => word.startsWith("--") && nameOf(word) in {});
  if (member !== undefined) throw unknownFlag(member, Object.keys(flags), title);
  const given = typedWords(words, flags);
  const isKnown = (name: string): boolean =>
    Object.hasOwn(flags, name) || Object.values(flags).some(({ short }) => short === name);
  const unknown = words.find((word) => {
    const name = nameOf(word);
    return word.startsWith("-") && Object.hasOwn(given, name) && !isKnown(name);
  });
  if (unknown !== undefined) throw unknownFlag(unknown, Object.keys(flags), title);
  const files = (given._ as readonly (string | number)[]).map(String);
  if (files.length === 0 && wanted?.required !== undefined)
    throw new UsageError(`expected ${wanted.required}`);
  const values = new Map<string, readonly string[]>();
  for (const [name, { type, required }] of Object.entries(flags)) {
    const all = [given[name] ?? []].flat() as (string | boolean)[];
    if (all.length > 0) values.set(name, all.map(String));
    else if (required !== undefined) throw new UsageError(required);
    if (type === "string" && all.includes("")) throw new UsageError(`expected a value after --${name}`);
    // The parser has false only where a value was typed.
    if (all.includes(false)) throw new UsageError(`expected no value after --${name}`);
  }
  const surplus = files[wanted === undefined ? 0 : wanted.isList === true ? files.length : 1];
  if (surplus !== undefined) throw new UsageError(`unexpected argument ${surplus}`);
  if (values.has("json") && values.has("format"))
    throw new UsageError("--json and --format exclude each other");
  return new Arguments(files, values);
}

function unknownFlag(word: string, flags: readonly string[], title: string): UsageError {
  const typed = word.replace(/=.*/s, "");
  const nearest = nearestName(nameOf(word), flags);
  const hint =
    nearest === undefined
      ? `; it has ${flags.map((name) => `--${name}`).join(", ")}`
      : `, did you mean --${nearest}?`;
  return new UsageError(`${title} has no ${typed}${hint}`);
}

function nameOf(word: string): string {
  return word.replace(/=.*/s, "").replace(/^--?/, "");
}

/** The words typed, by flags; files are in `_`. A text flag without its value is empty. */
function typedWords(words: readonly string[], flags: Flags): Readonly<Record<string, unknown>> {
  const named = Object.entries(flags);
  const ofType = (wanted: Flag["type"]): string[] =>
    named.filter(([, { type }]) => type === wanted).map(([name]) => name);
  const shorts = named.flatMap(([name, { short }]) => (short === undefined ? [] : [[name, short]]));
  return Parser([...words], {
    string: ofType("string"),
    boolean: ofType("boolean"),
    alias: Object.fromEntries(shorts) as Record<string, string>,
    configuration: AS_TYPED,
  });
}
