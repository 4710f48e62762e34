import { readdirSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const test = suite("page-alloc: what other rooms may import");

const SRC = new URL("../../src/", import.meta.url);

/** Files of page-alloc that a file of another room imports. */
function importedBy(file: string): string[] {
  const text = readFileSync(new URL(file, SRC), "utf8");
  return Array.from(text.matchAll(/from "\.[^"]*\/page-alloc\/([^"]+)"/g), ([, name]) => name!);
}

const others = (readdirSync(SRC, { recursive: true }) as string[]).filter(
  (file) => file.endsWith(".ts") && !file.startsWith("page-alloc/"),
);

test("its face alone, and verify what is inside", () => {
  for (const file of others) {
    const allowed = file.startsWith("verify/") ? ["index.js", "inside.js"] : ["index.js"];
    for (const name of importedBy(file)) assert.ok(allowed.includes(name), `${file} imports ${name}`);
  }
});

test("several rooms do", () => {
  const rooms = new Set(
    others.filter((file) => importedBy(file).length > 0).map((file) => file.split("/")[0]),
  );
  for (const room of ["guest", "verify", "workload"]) assert.ok(rooms.has(room), room);
});

test.run();
