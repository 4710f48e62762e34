/** References in C, built by the system's compiler where there is one. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Builds in it are of this run alone. */
let directory: string | undefined;

export function benchDirectory(): string {
  if (directory === undefined) {
    const made = mkdtempSync(join(tmpdir(), "unaccepted-bench-"));
    process.on("exit", () => rmSync(made, { recursive: true, force: true }));
    directory = made;
  }
  return directory;
}

/** Why a program in C cannot be built here; undefined where it can. */
export function compilerSkip(): string | undefined {
  return spawnSync("cc", ["--version"]).status === 0 ? undefined : "no C compiler here";
}

/** @param name of a file of `bench/reference`, without `.c` @returns path of the program @throws Error */
export function compiled(name: string): string {
  const program = join(benchDirectory(), name);
  const source = join(import.meta.dirname, `reference/${name}.c`);
  const { status, stderr } = spawnSync("cc", ["-O3", "-march=native", "-Wall", "-o", program, source]);
  if (status !== 0) throw new Error(`bench: cc ${source}: ${String(stderr)}`);
  return program;
}
