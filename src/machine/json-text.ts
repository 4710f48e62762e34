/** JSON in which every value knows its place; read by the library for YAML, of which JSON is a part. */

import { isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from "yaml";
import type { Place } from "./findings.js";
import { NO_MEMBERS, type PlacedValue } from "./placed-value.js";
import { MachineError } from "./statement.js";

/** @throws MachineError where the text is no JSON */
export function parseJson(text: string): PlacedValue {
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

function placedValue(node: Node | ParsedNode, placeAt: (offset: number) => Place): PlacedValue {
  const place = placeAt(node.range?.[0] ?? 0);
  if (isMap(node)) {
    const members = node.items.map(({ key, value }): [string, PlacedValue] => {
      const name = isScalar(key) ? String(key.value) : "";
      return [name, placedValue(value as Node, placeAt)];
    });
    return { ...place, is: "object", scalar: undefined, members: new Map(members), items: [] };
  }
  if (isSeq(node)) {
    const items = node.items.map((item) => placedValue(item as Node, placeAt));
    return { ...place, is: "list", scalar: undefined, members: NO_MEMBERS, items };
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
  return { ...place, is, scalar, members: NO_MEMBERS, items: [] };
}
