#!/usr/bin/env node
/** The process around the program: arguments, streams, signals, exit code. */

import { runScenario } from "../study/run-scenario.js";
import { main } from "./cli.js";
import { endAtStdoutError } from "./stdout-error.js";

endAtStdoutError(process, (code) => process.exit(code));

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
