#!/usr/bin/env node
/** The process around the program: arguments, streams, signals, exit code. */

import { createContext, Script } from "node:vm";
import { main } from "./cli.js";
import { exitOnStdoutError } from "./io.js";
import { startTicker } from "./ticker.js";

exitOnStdoutError(process, (code) => process.exit(code));

const interruption = new AbortController();

/** The first SIGINT ends the program in order, the next one at once. */
function interrupt(): void {
  process.off("SIGINT", interrupt);
  interruption.abort();
}
process.on("SIGINT", interrupt);

/** Made once: a context takes as long as a short run. */
const place: { work?: () => unknown } = createContext({});
const begin: Script = new Script("work()");

/** Work that lets no signal through is stopped where it is; nothing of it is of use then. */
function atWork<Result>(work: () => Result): Result {
  place.work = work;
  try {
    return begin.runInContext(place, { breakOnSigint: true }) as Result;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_INTERRUPTED") interrupt();
    throw error;
  }
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

// Not process.exit(): what is still on its way to a pipe would be lost.
process.exitCode = await main(process.argv.slice(2), {
  io: {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    interrupted: interruption.signal,
    atWork,
    ...(process.stderr.isTTY ? { startTicker: () => startTicker(process.stderr.columns) } : {}),
    ...(process.stdin.isTTY && process.stderr.isTTY ? { confirm } : {}),
  },
});
