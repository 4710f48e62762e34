#!/usr/bin/env node
/** The process around the program: arguments, streams, signals, exit code. */

import { main } from "./cli.js";
import { exitOnStdoutError } from "./io.js";

exitOnStdoutError(process, (code) => process.exit(code));

const interruption = new AbortController();
process.once("SIGINT", () => interruption.abort());

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
    ...(process.stdin.isTTY && process.stderr.isTTY ? { confirm } : {}),
  },
});
