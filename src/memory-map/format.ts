import type { MemoryMapFile } from "./memory-map.js";

/** @returns the file's text: JSON, an entry of a list a line */
export function formatMemoryMap(map: MemoryMapFile): string {
  const entries = Object.entries(map).map(([key, value]) => {
    return `${JSON.stringify(key)}: ${Array.isArray(value) ? linesOf(value) : JSON.stringify(value)}`;
  });
  return `{\n${entries.join(",\n")}\n}\n`;
}

function linesOf(list: readonly unknown[]): string {
  return list.length === 0 ? "[]" : `[\n${list.map((one) => JSON.stringify(one)).join(",\n")}\n]`;
}
