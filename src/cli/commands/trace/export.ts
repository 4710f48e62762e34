/** `unaccepted trace export FILE`: the text that tracefs would print. */

import { once } from "node:events";
import { printableLines } from "../../../printable.js";
import { formatRemarks } from "../../../report/trace-import.js";
import {
  TRACEFS_HEADER,
  TracefsPrinter,
  tracefsTrailer,
  UnprintableName,
} from "../../../workload/tracefs-text.js";
import type { Arguments } from "../../arguments.js";
import { inputName } from "../../input-file.js";
import { type CliContext, type CliIo, print } from "../../io.js";
import { writeFile } from "../../output-file.js";
import { readTraces } from "../../read-trace.js";
import { UsageError } from "../../usage-error.js";
import { filesOf, readingOf } from "./options.js";

/** @returns the exit code */
export async function run(argv: Arguments, { io }: CliContext): Promise<number> {
  const files = filesOf(argv);
  const options = readingOf(argv);
  const path = argv.one("output");
  const exportTo = async (sink: TextSink): Promise<void> => {
    sink.write(Buffer.from(TRACEFS_HEADER));
    let events = 0;
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
      options,
    );
    // Times are printed as the recorded clock had them.
    const told = { ...details, originSeconds: 0 };
    if (!options.quiet)
      for (const remark of formatRemarks(counts, flags, told)) print(io.stderr, `${remark}\n`);
    sink.write(Buffer.from(tracefsTrailer(counts, events)));
    await sink.rest();
  };
  try {
    if (path === undefined) await exportTo(stdoutSink(io));
    else
      await writeFile(path, (file) =>
        exportTo({ write: (bytes) => file.write(bytes), rest: async () => {} }),
      );
    return 0;
  } catch (error) {
    if (!(error instanceof UnprintableName)) throw error;
    throw new UsageError(`${files.map(inputName).join(", ")}: ${error.message}`);
  }
}

/** Where the text goes. */
interface TextSink {
  write(bytes: Uint8Array): void;
  /** Waits until there is room for more. */
  rest(): Promise<void>;
}

function stdoutSink({ stdout, interrupted }: CliIo): TextSink {
  let isFull = false;
  return {
    write(bytes) {
      // The stream keeps what it is given until somebody reads it. A file gets every byte of a comm.
      const own = Buffer.from(bytes);
      const hasRoom =
        stdout.isTTY === true ? print(stdout, printableLines(own.toString(), false)) : stdout.write(own);
      if (!hasRoom) isFull = true;
    },
    async rest() {
      if (!isFull) return;
      isFull = false;
      await once(stdout, "drain", { signal: interrupted });
    },
  };
}
