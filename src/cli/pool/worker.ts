/** A thread of the pool, which does its part of the program. */

import { createRequire } from "node:module";
import { workerData } from "node:worker_threads";
import { CompiledProgram, compiledDirectories, PROGRAM_SCRIPT } from "../compiled-program.js";
import type { Program } from "../program.js";
import type { Outcome, WorkerData } from "./work.js";

const compiled: CompiledProgram | undefined = import.meta.url.endsWith(".ts")
  ? undefined
  : new CompiledProgram(PROGRAM_SCRIPT, compiledDirectories(process.env));
type Work = Awaited<ReturnType<Program["loadWork"]>>;

// From source there is no script, and what compiles it on the way hears in a thread of no import but `require`.
const doing: Promise<(task: unknown) => Promise<Outcome<unknown>>> = (
  compiled === undefined
    ? Promise.resolve(createRequire(import.meta.url)("./begin-work.ts") as Work)
    : compiled.load("thread").loadWork()
).then(({ beginWork }) => beginWork(workerData as WorkerData));
let isFirst = true;

export default async function answer(task: unknown): Promise<Outcome<unknown>> {
  const outcome = await (await doing)(task);
  // Threads are stopped, so that this is the end of what is known to come.
  if (isFirst) compiled?.keep();
  isFirst = false;
  return outcome;
}
