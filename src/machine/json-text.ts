/** JSON in which every value knows its place; read by the library for YAML, of which JSON is a part. */

import { isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from "yaml";
import { lowerFirst, type Place, short, unexpected } from "./findings.js";
import { Lines } from "./lines.js";
import { refuseDeepBrackets } from "./nesting.js";
import { NO_MEMBERS, type PlacedValue } from "./placed-value.js";

/** @throws MachineError where the text is no JSON */
export function parseJson(text: string): PlacedValue {
  refuseDeepBrackets(text, new Lines(text), "JSON");
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
  if (error !== undefined) throw unexpected(placeAt(error.pos[0]), "JSON", lowerFirst(error.message));
  if (document.contents === null) throw unexpected({ line: 1, column: 1 }, "JSON", "");
  return placedValue(document.contents, placeAt);
}

function placedValue(node: Node | ParsedNode, placeAt: (offset: number) => Place): PlacedValue {
  const place = placeAt(node.range?.[0] ?? 0);
  if (isMap(node)) {
    const members = node.items.map(({ key, value }): [string, PlacedValue] => {
      if (!isScalar(key))
        throw unexpected(placeAt((key as Node).range![0]), "JSON", "a name that is no text");
      const name = String(key.value);
      if (value === null) throw unexpected(placeAt(key.range![0]), `a value of ${short(name)}`, "");
      return [name, placedValue(value as Node, placeAt)];
    });
    return { ...place, is: "object", scalar: undefined, members: new Map(members), items: [] };
  }
  if (isSeq(node)) {
    const items = node.items.map((item) => placedValue(item as Node, placeAt));
    return { ...place, is: "list", scalar: undefined, members: NO_MEMBERS, items };
  }
  // What YAML has besides: names for values that are used again.
  if (!isScalar(node)) throw unexpected(place, "JSON", "an alias of YAML");
  const scalar = node.value as string | number | boolean | null;
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
