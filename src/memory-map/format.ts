import type { MemoryMapFile } from "./memory-map.js";

/** @returns the file's text: JSON, an area and an accept a line */
export function formatMemoryMap(map: MemoryMapFile): string {
  const entries = Object.entries(map).map(([key, value]) => {
    const isList = ["areas", "accepts", "layers", "phases"].includes(key);
    return `${JSON.stringify(key)}: ${isList ? linesOf(value as readonly unknown[]) : JSON.stringify(value)}`;
  });
  return `{\n${entries.join(",\n")}\n}\n`;
}

function linesOf(list: readonly unknown[]): string {
  return list.length === 0 ? "[]" : `[\n${list.map((one) => JSON.stringify(one)).join(",\n")}\n]`;
}
