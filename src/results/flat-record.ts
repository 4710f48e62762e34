/** A cell of a flat table. */
export type FlatValue = string | number | boolean | null;

/**
 * A record as one level of columns: keys of mappings are joined with a dot, and a list of named times
 * becomes a column for each name (`phases.deferred init`); any other list is JSON.
 */
export function flatRecord(record: object): Map<string, FlatValue> {
  const flat = new Map<string, FlatValue>();
  const visit = (value: unknown, path: string): void => {
    if (Array.isArray(value)) {
      if (value.every(isNamedTime)) for (const { name, ns } of value) flat.set(`${path}.${name}`, ns);
      else flat.set(path, JSON.stringify(value));
    } else if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) visit(inner, path === "" ? key : `${path}.${key}`);
    } else if (value !== undefined) {
      flat.set(path, value as FlatValue);
    }
  };
  visit(record, "");
  return flat;
}

function isNamedTime(value: unknown): value is { readonly name: string; readonly ns: number } {
  return typeof value === "object" && value !== null && "name" in value && "ns" in value;
}
