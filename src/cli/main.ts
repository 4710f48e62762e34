#!/usr/bin/env node
/** The process around the program: arguments, streams, signals, exit code. */

import { runScenario } from "../study/run-scenario.js";
import { ExitCode, main } from "./cli.js";

// `unaccepted ... | head` closes the pipe when it has seen enough, which is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(ExitCode.done);
});

const interruption = new AbortController();
process.once("SIGINT", () => interruption.abort());

// Not process.exit(): what is still on its way to a pipe would be lost.
process.exitCode = await main(process.argv.slice(2), {
  io: {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    interrupted: interruption.signal,
  },
  runScenario,
});
