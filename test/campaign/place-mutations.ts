import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Mutation } from "./mutations.js";

/** A fault and the file that has its text. */
export interface PlacedMutation extends Mutation {
  /** Path relative to the root of the tree, such as `src/mm/zones.ts`. */
  readonly file: string;
  /** First folder below src, or the name of a file that lies in none. */
  readonly room: string;
}

/** Where each fault goes, and what is wrong with those whose text stands nowhere or in several places. */
export function placeMutations(
  root: string,
  mutations: readonly Mutation[],
): { placed: PlacedMutation[]; stale: string[] } {
  const sources = sourceFiles(root).map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));
  const placed: PlacedMutation[] = [];
  const stale: string[] = [];
  for (const mutation of mutations) {
    const homes = sources.flatMap(({ file, text }) =>
      Array.from({ length: text.split(mutation.find).length - 1 }, () => file),
    );
    const [file] = homes;
    if (file === undefined || homes.length > 1) {
      stale.push(`${mutation.what}: ${JSON.stringify(mutation.find)} stands ${homes.length} times under src`);
    } else placed.push({ ...mutation, file, room: roomOf(file) });
  }
  return { placed, stale };
}

/** Every folder right below src. */
export function rooms(root: string): string[] {
  return readdirSync(join(root, "src"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

function sourceFiles(root: string): string[] {
  return readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => `src/${path.replaceAll("\\", "/")}`)
    .sort();
}

function roomOf(file: string): string {
  return file.split("/")[1]!.replace(/\.ts$/, "");
}
