#!/usr/bin/env node
/** The process around the program: arguments, streams, signals, exit code. */

import { setFlagsFromString } from "node:v8";
import { type Context, createContext, Script } from "node:vm";
import { main } from "./cli.js";
import type { CompiledProgram } from "./compiled-program.js";
import { type CliIo, exitOnStdoutError } from "./io.js";

exitOnStdoutError(process, (code) => process.exit(code));

const interruption = new AbortController();

/** The first SIGINT ends the program in order, the next one at once. */
function interrupt(): void {
  process.off("SIGINT", interrupt);
  interruption.abort();
}
process.on("SIGINT", interrupt);

/** Made once, and only where there is work: a context takes as long as a short run. */
let place: Context | undefined;
let begin: Script | undefined;

/** Work that lets no signal through is stopped where it is; nothing of it is of use then. */
function atWork<Result>(work: () => Result): Result {
  place ??= createContext({});
  begin ??= new Script("work()");
  place.work = work;
  try {
    return begin.runInContext(place, { breakOnSigint: true }) as Result;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_INTERRUPTED") interrupt();
    throw error;
  }
}

/** Loads what starts threads, for which nobody but a terminal has use. */
async function ticker(): Promise<Pick<CliIo, "startTicker">> {
  const { startTicker } = await import("./ticker.js");
  return { startTicker: () => startTicker(process.stderr.columns) };
}

async function confirm(question: string): Promise<boolean> {
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal: interruption.signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/**
 * V8 11, that of Node 20, optimises a function after so little work that a fifth of a run's CPU time goes into it. It may do
 * six times as much before, which a compare of 100 runs gains from as well (measured). Later ones have no such flag.
 */
const OPTIMISE_LATER = "--interrupt-budget=400000";

let compiled: CompiledProgram | undefined;

// Not process.exit(): what is still on its way to a pipe would be lost.
process.exitCode = await main(process.argv.slice(2), {
  program: async (command) => {
    // From source, as tests run it, there is no script.
    if (import.meta.url.endsWith(".ts")) return import("./program.js");
    const { CompiledProgram, compiledDirectories, PROGRAM_SCRIPT } = await import("./compiled-program.js");
    if (process.versions.v8.startsWith("11.")) setFlagsFromString(OPTIMISE_LATER);
    compiled = new CompiledProgram(PROGRAM_SCRIPT, compiledDirectories(process.env));
    return compiled.load(command);
  },
  io: {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    interrupted: interruption.signal,
    atWork,
    ...(process.stderr.isTTY ? await ticker() : {}),
    ...(process.stdin.isTTY && process.stderr.isTTY ? { confirm } : {}),
  },
});
if (!interruption.signal.aborted) compiled?.keep();
