import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const test = suite("rooms: who may import whom");

const SRC = join(import.meta.dirname, "../src");

/** In the order in which a page travels. A room imports from itself and from rooms above it, and from no other. */
const ROOMS: readonly string[] = [
  "units",
  "nearest-name",
  "printable",
  "columns",
  "fields",
  "sim",
  "linux",
  "command-line",
  "firmware",
  "coco",
  "efistub",
  "memblock",
  "mm",
  "host",
  "page-alloc",
  "accept",
  "x86",
  "memory-hotplug",
  "policy",
  "workload",
  "guest",
  "after",
  "scenario",
  "results",
  "timeline",
  "memory-map",
  "study",
  "verify",
  "validate",
  "machine",
  "calibrate",
  "report",
  "workload-files",
  "cli",
  "index",
  "node",
  "explorer",
];

/** What each file of `src` imports from others of it. */
const imports: ReadonlyMap<string, readonly string[]> = new Map(
  readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path))
    .toSorted()
    .map((path) => [path, importsOf(path)]),
);

function importsOf(path: string): string[] {
  const text = readFileSync(join(SRC, path), "utf8");
  return Array.from(text.matchAll(/(?:\bfrom |\bimport\(|\bimport )"(\.[^"]+)"/g), ([, target]) => {
    const stem = relative(SRC, normalize(join(SRC, dirname(path), target!))).replace(/\.js$/, "");
    return existsSync(join(SRC, `${stem}.tsx`)) ? `${stem}.tsx` : `${stem}.ts`;
  });
}

/** A folder of `src`, or a file right in it. */
function roomOf(path: string): string {
  return path.split("/")[0]!.replace(/\.tsx?$/, "");
}

test("every file lies in a room that has its place in the order", () => {
  const unknown = [...imports.keys()].filter((path) => !ROOMS.includes(roomOf(path)));
  assert.equal(unknown, []);
});

test("src/README.md has the rooms, in this order", () => {
  const rows = readFileSync(join(SRC, "README.md"), "utf8").matchAll(/^\| `([\w-]+)` \|/gm);
  assert.equal(
    Array.from(rows, ([, room]) => room),
    ROOMS,
  );
});

test("a room imports only from rooms above it", () => {
  const wrong: string[] = [];
  for (const [path, targets] of imports) {
    for (const target of targets) {
      if (ROOMS.indexOf(roomOf(target)) > ROOMS.indexOf(roomOf(path))) wrong.push(`${path} -> ${target}`);
    }
  }
  assert.equal(wrong, []);
});

test("the explorer has of the program what its users have, the library", () => {
  const own = [...imports].filter(([path]) => roomOf(path) === "explorer");
  assert.ok(own.length > 0);
  const others = new Set(
    own.flatMap(([, targets]) => targets.map(roomOf)).filter((room) => room !== "explorer"),
  );
  assert.equal([...others], ["index"]);
});

test("no files import each other in a circle", () => {
  assert.equal(circles(), []);
});

/** Files that reach each other, by Tarjan's search for strongly connected components. */
function circles(): string[][] {
  const found: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const path: string[] = [];
  const visit = (file: string): number => {
    index.set(file, index.size);
    low.set(file, index.get(file)!);
    path.push(file);
    for (const target of imports.get(file) ?? []) {
      if (!index.has(target)) low.set(file, Math.min(low.get(file)!, visit(target)));
      else if (path.includes(target)) low.set(file, Math.min(low.get(file)!, index.get(target)!));
    }
    if (low.get(file) === index.get(file)) {
      const circle = path.splice(path.indexOf(file));
      if (circle.length > 1) found.push(circle);
    }
    return low.get(file)!;
  };
  for (const file of imports.keys()) if (!index.has(file)) visit(file);
  return found;
}

test.run();
