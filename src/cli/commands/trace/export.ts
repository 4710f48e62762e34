/** `unaccepted trace export FILE`: the text that tracefs would print. */

import { once } from "node:events";
import type { Argv } from "yargs";
import { printableLines } from "../../../printable.js";
import { formatRemarks } from "../../../report/trace-import.js";
import {
  TRACEFS_HEADER,
  TracefsPrinter,
  tracefsTrailer,
  UnprintableName,
} from "../../../workload/tracefs-text.js";
import type { CliContext, CliIo } from "../../context.js";
import { examples, type ParsedArguments } from "../../options.js";
import { OutputFile } from "../../output-file.js";
import { print } from "../../print.js";
import { readTraces } from "../../read-trace.js";
import { inputName } from "../../trace-input.js";
import { UsageError } from "../../usage-error.js";
import { addLenient, filesOf, KERNEL_OPTION, kernelOf, textOf } from "./options.js";

/** For yargs. */
export const traceExport = {
  command: "export [file..]",
  describe: "print a trace as the text of tracefs",

  builder(yargs: Argv): Argv {
    return addLenient(yargs)
      .positional("file", {
        type: "string",
        describe: "a trace of any format, or its parts in the order of time; - is stdin",
      })
      .option("output", {
        alias: "o",
        type: "string",
        requiresArg: true,
        describe: "a file instead of stdout",
      })
      .option("kernel", KERNEL_OPTION)
      .option("quiet", { type: "boolean", describe: "nothing on stderr" })
      .epilogue(
        examples(
          "unaccepted trace export boot.trace | grep ' order=9'",
          "unaccepted trace export boot.trace -o boot.txt",
        ),
      );
  },

  /** @returns the exit code */
  async run(argv: ParsedArguments, { io }: CliContext): Promise<number> {
    const files = filesOf(argv);
    const path = textOf(argv, "output");
    const file = path === undefined ? undefined : new OutputFile(path);
    const sink = file === undefined ? new StdoutSink(io) : new FileSink(file);
    try {
      sink.write(Buffer.from(TRACEFS_HEADER));
      let events = 0;
      const quiet = argv.quiet === true;
      const { counts, flags, details } = await readTraces(
        files,
        (names) => {
          const printer = new TracefsPrinter(names, (bytes) => sink.write(bytes));
          return {
            add: (block) => {
              events += block.count;
              printer.add(block);
            },
            rest: () => sink.rest(),
          };
        },
        io,
        { quiet, lenient: argv.lenient === true, kernel: kernelOf(argv) },
      );
      // Times are printed as the recorded clock had them.
      const told = { ...details, originSeconds: 0 };
      if (!quiet) for (const remark of formatRemarks(counts, flags, told)) print(io.stderr, `${remark}\n`);
      sink.write(Buffer.from(tracefsTrailer(counts, events)));
      await sink.rest();
      file?.finish();
      return 0;
    } catch (error) {
      if (!(error instanceof UnprintableName)) throw error;
      throw new UsageError(`${files.map(inputName).join(", ")}: ${error.message}`);
    } finally {
      file?.discard();
    }
  },
};

/** Where the text goes. */
interface TextSink {
  write(bytes: Uint8Array): void;
  /** Waits until there is room for more. */
  rest(): Promise<void>;
}

class FileSink implements TextSink {
  readonly #file: OutputFile;

  constructor(file: OutputFile) {
    this.#file = file;
  }

  write(bytes: Uint8Array): void {
    this.#file.write(bytes);
  }

  async rest(): Promise<void> {}
}

class StdoutSink implements TextSink {
  readonly #io: CliIo;
  #isFull = false;

  constructor(io: CliIo) {
    this.#io = io;
  }

  write(bytes: Uint8Array): void {
    const { stdout } = this.#io;
    // The stream keeps what it is given until somebody reads it. A file gets every byte of a comm.
    const own = Buffer.from(bytes);
    const hasRoom =
      stdout.isTTY === true ? print(stdout, printableLines(own.toString(), false)) : stdout.write(own);
    if (!hasRoom) this.#isFull = true;
  }

  async rest(): Promise<void> {
    if (!this.#isFull) return;
    this.#isFull = false;
    await once(this.#io.stdout, "drain", { signal: this.#io.interrupted });
  }
}
