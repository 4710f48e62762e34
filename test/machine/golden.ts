import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A made-up log of a machine, in the shape in which people paste them. */
export function golden(name: string): string {
  return readFileSync(join(import.meta.dirname, "../golden/machines", name), "utf8");
}
