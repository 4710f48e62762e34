/**
 * Packs this checkout, installs the package in an empty directory, and runs a bundled scenario by its name and
 * all examples of the library there: `node --import tsx test/campaign/packed.ts`. Needs the registry; exits 1 on any
 * failure. `test/packed.test.ts` does the same without packing.
 */

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = dirname(dirname(import.meta.dirname));
const directory = mkdtempSync(join(tmpdir(), "unaccepted-packed-"));

function run(command: string, argv: readonly string[], cwd: string): string {
  console.error(`$ ${[command, ...argv].join(" ")}`);
  return execFileSync(command, argv, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

try {
  run("npm", ["pack", "--silent", "--pack-destination", directory], root);
  const [archive] = readdirSync(directory);
  run("npm", ["install", "--no-save", join(directory, archive!)], directory);
  const table = run("npx", ["unaccepted", "compare", "boot", "--memory", "4GiB"], directory);
  console.log(table);
  const examples = "node_modules/unaccepted/workloads/library";
  for (const example of readdirSync(join(directory, examples))) {
    cpSync(join(directory, examples, example), join(directory, example));
    run(process.execPath, [example], directory);
  }
  if (!table.includes("lazy *")) throw new Error("expected the table of compare");
} finally {
  rmSync(directory, { recursive: true, force: true });
}
