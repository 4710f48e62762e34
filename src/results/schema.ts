/** JSON Schema of results, generated from their declarations. */

import { isNumber, type NamedField, ROW_FIELDS } from "./measures.js";
import { RESULT_SCHEMA_VERSION } from "./row.js";

/** Of `{ "schemaVersion": 2, "rows": [...] }`, as `run`, `compare` and `NAME.json` have it (JSON Schema 2020-12). */
export function resultsSchema(): object {
  const row = group();
  for (const field of ROW_FIELDS) {
    let place = row;
    for (const key of field.path.slice(0, -1)) {
      place.properties[key] ??= group();
      if (field.maybe === undefined) demand(place, key);
      place = place.properties[key] as Group;
    }
    const key = field.path.at(-1)!;
    place.properties[key] = { ...typeOf(field), description: field.doc };
    if (field.maybe === undefined) demand(place, key);
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Results of unaccepted",
    type: "object",
    properties: { schemaVersion: { const: RESULT_SCHEMA_VERSION }, rows: { type: "array", items: row } },
    required: ["schemaVersion", "rows"],
  };
}

interface Group {
  readonly type: "object";
  readonly properties: Record<string, object>;
  readonly required: string[];
}

function group(): Group {
  return { type: "object", properties: {}, required: [] };
}

function demand({ required }: Group, key: string): void {
  if (!required.includes(key)) required.push(key);
}

function typeOf({ is, relative, columns }: NamedField): object {
  if (columns !== undefined) {
    const column = { type: "array", items: { type: "integer" } };
    const properties = Object.fromEntries(columns.map((name) => [name, column]));
    return { type: "object", properties, required: columns };
  }
  const type = TYPES[is];
  const number = isNumber(is) ? { unit: is } : {};
  return { type: relative === true ? [type, "null"] : type, ...number };
}

const TYPES: Readonly<Record<NamedField["is"], string>> = {
  ns: "integer",
  bytes: "integer",
  count: "integer",
  ratio: "number",
  share: "number",
  text: "string",
  flag: "boolean",
  list: "array",
  map: "object",
  object: "object",
  series: "object",
};
