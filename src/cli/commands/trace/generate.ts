/** `unaccepted trace generate NAME -o OUT`: what a generator makes, as a trace of ours. */

import type { Argv } from "yargs";
import { readSize } from "../../../fields/read.js";
import { SCENARIO } from "../../../scenario/scenario.js";
import { formatBytes } from "../../../units.js";
import { CompactWriter } from "../../../workload/compact/writer.js";
import { EventBlocks } from "../../../workload/event-blocks.js";
import {
  GENERATORS,
  GeneratorError,
  generateBlocks,
  generatedWorkload,
  RequestEvents,
  type Workload,
} from "../../../workload/generators/index.js";
import { newTraceCounts } from "../../../workload/trace-counts.js";
import { TraceNames } from "../../../workload/trace-names.js";
import type { CliContext } from "../../context.js";
import { examples, type ParsedArguments } from "../../options.js";
import { OutputFile } from "../../output-file.js";
import { print } from "../../print.js";
import { UsageError } from "../../usage-error.js";
import { textOf } from "./options.js";

/** For yargs. */
export const traceGenerate = {
  command: "generate [name]",
  describe: "write what a generator makes as a trace of ours",

  builder(yargs: Argv): Argv {
    return yargs
      .positional("name", {
        type: "string",
        describe: `one of ${GENERATORS.map(({ name }) => name).join(", ")}`,
      })
      .option("output", { alias: "o", type: "string", requiresArg: true, describe: "the file to write" })
      .option("set", {
        type: "string",
        requiresArg: true,
        describe: "a parameter of the generator, as key=value; repeatable (trace list names them)",
      })
      .option("memory", {
        type: "string",
        requiresArg: true,
        describe: "RAM of the machine; 4GiB if not given",
      })
      .option("vcpus", { type: "string", requiresArg: true, describe: "its CPUs; 1 if not given" })
      .option("seed", { type: "string", requiresArg: true, describe: "start of every random choice; 1" })
      .option("quiet", { type: "boolean", describe: "nothing on stderr" })
      .epilogue(
        examples(
          "unaccepted trace generate heap --set size=1GiB --set pages=small -o heap.trace",
          "unaccepted trace generate boot --memory 16GiB --vcpus 4 -o boot.trace",
        ),
      );
  },

  /** @returns the exit code */
  async run(argv: ParsedArguments, { io }: CliContext): Promise<number> {
    const name = textOf(argv, "name");
    if (name === undefined) throw new UsageError("expected the name of a generator; trace list names them");
    const workload = workloadOf(name, argv);
    const path = textOf(argv, "output");
    if (path === undefined) throw new UsageError("expected the file to write after -o");
    const machine = { memoryBytes: memoryOf(argv), vcpus: wholeNumber(argv, "vcpus", 1, 1024), nodes: 1 };
    const seed = wholeNumber(argv, "seed", 0, 2 ** 32 - 1);
    const output = new OutputFile(path);
    try {
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
      output.finish();
      if (argv.quiet !== true) {
        print(
          io.stderr,
          `${path}: ${writer.events} events of ${name}, ${formatBytes(machine.memoryBytes)}\n`,
        );
      }
      return 0;
    } finally {
      output.discard();
    }
  },
};

function workloadOf(name: string, argv: ParsedArguments): Workload {
  const given = [argv.set ?? []].flat().map((text) => {
    const [, key, value] = /^([^=]+)=(.*)$/.exec(String(text)) ?? [];
    if (key === undefined) throw new UsageError(`--set ${String(text)}: expected key=value`);
    return [key, value] as const;
  });
  try {
    return generatedWorkload(name, Object.fromEntries(given));
  } catch (error) {
    if (!(error instanceof GeneratorError)) throw error;
    throw new UsageError(error.message.split("\n")[0]!);
  }
}

function memoryOf(argv: ParsedArguments): number {
  const text = textOf(argv, "memory") ?? "4GiB";
  const bytes = readSize(SCENARIO.memory, text);
  if (bytes !== undefined) return bytes;
  throw new UsageError(`--memory ${text}: expected ${SCENARIO.memory.expected}`);
}

function wholeNumber(argv: ParsedArguments, name: string, min: number, max: number): number {
  const text = textOf(argv, name) ?? "1";
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new UsageError(`--${name} ${text}: expected a whole number from ${min} to ${max}`);
}
