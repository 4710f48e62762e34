/** `unaccepted trace generate NAME -o OUT`: what a generator makes, as a trace of ours. */

import { readSize } from "../../../fields/read.js";
import { SCENARIO } from "../../../scenario/scenario.js";
import { formatBytes } from "../../../units.js";
import { CompactWriter } from "../../../workload/compact/writer.js";
import { EventBlocks } from "../../../workload/event-blocks.js";
import {
  GeneratorError,
  generateBlocks,
  generatedWorkload,
  RequestEvents,
  type Workload,
} from "../../../workload/generators/index.js";
import { newTraceCounts } from "../../../workload/trace-counts.js";
import { TraceNames } from "../../../workload/trace-names.js";
import type { Arguments } from "../../arguments.js";
import { type CliContext, print } from "../../io.js";
import { writeFile } from "../../output-file.js";
import { UsageError } from "../../usage-error.js";
import { outputOf } from "./options.js";

/** @returns the exit code */
export async function run(argv: Arguments, { io }: CliContext): Promise<number> {
  const [name] = argv.files;
  if (name === undefined) throw new UsageError("expected the name of a generator; trace list names them");
  const workload = workloadOf(name, argv);
  const path = outputOf(argv);
  const memoryBytes = memoryOf(argv.one("memory") ?? "4GiB");
  const machine = { memoryBytes, vcpus: argv.wholeNumber("vcpus", 1, 1024) ?? 1, nodes: 1 };
  const seed = argv.wholeNumber("seed", 0, 2 ** 32 - 1) ?? 1;
  const count = await writeFile(path, async (output) => {
    const names = new TraceNames();
    names.task("generated", 1);
    const writer = new CompactWriter(names, (bytes) => output.write(bytes));
    const blocks = new EventBlocks((block) => writer.add(block));
    const events = new RequestEvents(blocks, 0);
    for (const block of generateBlocks(workload, machine, seed)) {
      io.interrupted.throwIfAborted();
      events.add(block);
    }
    blocks.flush();
    writer.end({ source: [`generate:${name}`] }, newTraceCounts());
    return writer.events;
  });
  if (!argv.has("quiet"))
    print(io.stderr, `${path}: ${count} events of ${name}, ${formatBytes(memoryBytes)}\n`);
  return 0;
}

function workloadOf(name: string, argv: Arguments): Workload {
  const given = argv.all("set").map((text) => {
    const [, key, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
    if (key === undefined) throw new UsageError(`--set ${text}: expected key=value`);
    return [key, value] as const;
  });
  try {
    return generatedWorkload(name, Object.fromEntries(given));
  } catch (error) {
    if (!(error instanceof GeneratorError)) throw error;
    throw new UsageError(error.message.split("\n")[0]!);
  }
}

function memoryOf(text: string): number {
  const bytes = readSize(SCENARIO.memory, text);
  if (bytes !== undefined) return bytes;
  throw new UsageError(`--memory ${text}: expected ${SCENARIO.memory.expected}`);
}
