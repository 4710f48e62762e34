/** JSON in which every value knows its place; read by the library for YAML, of which JSON is a part. */

import { isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from "yaml";
import { type Place, unexpected } from "./findings.js";
import { MachineError } from "./statement.js";

/** A value of a document with its place. */
export interface JsonValue extends Place {
  /** Text, number or flag; null; undefined for objects and lists. */
  readonly scalar: string | number | boolean | null | undefined;
  /** Members of an object in the order of the file; empty for anything else. */
  readonly members: ReadonlyMap<string, JsonValue>;
  /** Values of a list; empty for anything else. */
  readonly items: readonly JsonValue[];
  readonly is: "object" | "list" | "text" | "number" | "flag" | "null";
}

/** @throws MachineError where the text is no JSON */
export function parseJson(text: string): JsonValue {
  const lines = new LineCounter();
  const document = parseDocument(text.replace(/^\uFEFF/, " "), {
    schema: "json",
    lineCounter: lines,
    prettyErrors: false,
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, column } = placeAt(error.pos[0]);
    throw new MachineError(
      line,
      column,
      "JSON",
      error.message.replace(/^[A-Z]/, (letter) => letter.toLowerCase()),
    );
  }
  if (document.contents === null) throw new MachineError(1, 1, "JSON", "nothing");
  return placedValue(document.contents, placeAt);
}

const NONE: ReadonlyMap<string, JsonValue> = new Map();

function placedValue(node: Node | ParsedNode, placeAt: (offset: number) => Place): JsonValue {
  const place = placeAt(node.range?.[0] ?? 0);
  if (isMap(node)) {
    const members = node.items.map(({ key, value }): [string, JsonValue] => {
      const name = isScalar(key) ? String(key.value) : "";
      return [name, placedValue(value as Node, placeAt)];
    });
    return { ...place, is: "object", scalar: undefined, members: new Map(members), items: [] };
  }
  if (isSeq(node)) {
    const items = node.items.map((item) => placedValue(item as Node, placeAt));
    return { ...place, is: "list", scalar: undefined, members: NONE, items };
  }
  const scalar = isScalar(node) ? (node.value as string | number | boolean | null) : null;
  const is =
    typeof scalar === "string"
      ? "text"
      : typeof scalar === "number"
        ? "number"
        : scalar === null
          ? "null"
          : "flag";
  return { ...place, is, scalar, members: NONE, items: [] };
}

/** A value within objects, by names; undefined where it is missing or null. */
export function within(value: JsonValue | undefined, ...names: readonly string[]): JsonValue | undefined {
  let found = value;
  for (const name of names) found = found?.members.get(name);
  return found?.is === "null" ? undefined : found;
}

/** @throws MachineError for anything but a whole number of at least so many */
export function wholeOf(value: JsonValue, name: string, atLeast: number): number {
  const { scalar } = value;
  if (typeof scalar === "number" && Number.isSafeInteger(scalar) && scalar >= atLeast) return scalar;
  throw unexpected(value, `a whole number of at least ${atLeast} for ${name}`, written(value));
}

/** @throws MachineError for anything but true and false; false where it is missing */
export function flagOf(value: JsonValue | undefined, name: string): boolean {
  if (value === undefined) return false;
  if (typeof value.scalar === "boolean") return value.scalar;
  throw unexpected(value, `true or false for ${name}`, written(value));
}

/** @throws MachineError for anything but text */
export function textOf(value: JsonValue, name: string): string {
  if (typeof value.scalar === "string") return value.scalar;
  throw unexpected(value, `a text for ${name}`, written(value));
}

/** @throws MachineError for anything but an object */
export function objectOf(value: JsonValue, name: string): JsonValue {
  if (value.is === "object") return value;
  throw unexpected(value, `an object for ${name}`, written(value));
}

function written({ is, scalar }: JsonValue): string {
  return scalar === undefined ? `${is === "object" ? "an object" : "a list"}` : JSON.stringify(scalar);
}
