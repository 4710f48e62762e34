/** Keys and list indices that lead from the root of a document to one value. */
export type DocumentPath = readonly (string | number)[];

/**
 * Writes a path as users do: `platform.tdcallNs`, `memory[1]`; empty for the root. Keys that are no
 * plain word are quoted, so that the path stays on one line.
 */
export function formatPath(path: DocumentPath): string {
  let text = "";
  for (const segment of path) {
    if (typeof segment === "number") {
      text += `[${segment}]`;
    } else {
      const key = /^[\w-]+$/.test(segment) ? segment : JSON.stringify(segment);
      text += text === "" ? key : `.${key}`;
    }
  }
  return text;
}

/** A mapping: an object that is neither null nor a list. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path, or undefined where the document ends before. Only own keys count. */
export function valueAt(root: unknown, path: DocumentPath): unknown {
  let value = root;
  for (const segment of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string | number, unknown>)[segment];
  }
  return value;
}

/** Whether `path` begins with all of `prefix`. */
export function startsWith(path: DocumentPath, prefix: DocumentPath): boolean {
  return prefix.every((segment, index) => path[index] === segment);
}
