/** TOML in which every value knows its place (TOML 1.0, by the library toml-eslint-parser). */

import { type AST, ParseError, parseTOML } from "toml-eslint-parser";
import { lowerFirst, type Place, unexpected } from "./findings.js";
import { Lines } from "./lines.js";
import { refuseDeepBrackets } from "./nesting.js";
import { NO_MEMBERS, type PlacedValue } from "./placed-value.js";

/** @throws MachineError where the text is no TOML */
export function parseToml(text: string): PlacedValue {
  refuseDeepBrackets(text, new Lines(text), "TOML");
  let program: AST.TOMLProgram;
  try {
    program = parseTOML(text.replace(/^\uFEFF/, ""), { tomlVersion: "1.0" });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw unexpected({ line: error.lineNumber, column: error.column + 1 }, "TOML", lowerFirst(error.message));
  }
  const root = new Table({ line: 1, column: 1 });
  for (const entry of program.body[0].body) {
    if (entry.type === "TOMLKeyValue") root.set(entry);
    else {
      const path = entry.kind === "array" ? entry.resolvedKey.slice(0, -1) : entry.resolvedKey;
      const table = root.within(path.map(String), placeOf(entry));
      for (const one of entry.body) table.set(one);
    }
  }
  return root;
}

/** A table, to which later lines may add. Of an array of tables, all are one: nothing here asks for one of them. */
class Table implements PlacedValue {
  readonly is = "object";
  readonly scalar: undefined;
  readonly items: readonly PlacedValue[] = [];
  readonly members: Map<string, PlacedValue> = new Map();
  readonly line: number;
  readonly column: number;

  constructor({ line, column }: Place) {
    this.line = line;
    this.column = column;
  }

  within(path: readonly string[], place: Place): Table {
    const [name, ...rest] = path;
    if (name === undefined) return this;
    const known = this.members.get(name);
    const table = known instanceof Table ? known : new Table(place);
    this.members.set(name, table);
    return table.within(rest, place);
  }

  set({ key, value }: AST.TOMLKeyValue): void {
    const path = key.keys.map((part) => (part.type === "TOMLBare" ? part.name : part.value));
    const place = placeOf(value);
    this.within(path.slice(0, -1), place).members.set(path.at(-1)!, valueOfNode(value));
  }
}

function valueOfNode(node: AST.TOMLContentNode): PlacedValue {
  const place = placeOf(node);
  if (node.type === "TOMLInlineTable") {
    const table = new Table(place);
    for (const entry of node.body) table.set(entry);
    return table;
  }
  if (node.type === "TOMLArray") {
    const items = node.elements.map(valueOfNode);
    return { ...place, is: "list", scalar: undefined, members: NO_MEMBERS, items };
  }
  const { value } = node;
  const scalar = value instanceof Date ? value.toISOString() : value;
  const is = typeof scalar === "string" ? "text" : typeof scalar === "number" ? "number" : "flag";
  return { ...place, is, scalar, members: NO_MEMBERS, items: [] };
}

function placeOf({ loc }: AST.TOMLNode): Place {
  return { line: loc.start.line, column: loc.start.column + 1 };
}
