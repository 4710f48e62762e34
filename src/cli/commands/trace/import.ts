/** `unaccepted trace import FILE... -o OUT`: a trace of any format becomes one of ours. */

import type { Argv } from "yargs";
import { printable } from "../../../printable.js";
import { formatImportReport, importReport, PageEventCounts } from "../../../report/trace-import.js";
import { jsonDocument } from "../../../results/json.js";
import { CompactWriter } from "../../../workload/compact/writer.js";
import { LivePages } from "../../../workload/live-pages.js";
import type { CliContext } from "../../context.js";
import { examples, type ParsedArguments } from "../../options.js";
import { OutputFile } from "../../output-file.js";
import { print } from "../../print.js";
import { readTraces } from "../../read-trace.js";
import { UsageError } from "../../usage-error.js";
import { addLenient, filesOf, KERNEL_OPTION, kernelOf, textOf } from "./options.js";

/** For yargs. */
export const traceImport = {
  command: "import [file..]",
  describe: "read traces of any format and write one of ours",

  builder(yargs: Argv): Argv {
    return addLenient(yargs)
      .positional("file", {
        type: "string",
        describe:
          "tracefs, perf script, trace-cmd report, LLFree or our own; plain, .gz or .zst; - is stdin. " +
          "Several are parts of one trace, in the order of time",
      })
      .option("output", { alias: "o", type: "string", requiresArg: true, describe: "the file to write" })
      .option("kernel", KERNEL_OPTION)
      .option("clock", {
        type: "string",
        requiresArg: true,
        describe: "trace clock of the times, such as mono",
      })
      .option("json", {
        type: "boolean",
        describe: "what was read as JSON on stdout, not in words on stderr",
      })
      .option("quiet", { type: "boolean", describe: "nothing on stderr" })
      .epilogue(
        examples(
          "unaccepted trace import boot.txt.gz -o boot.trace",
          "perf script --ns -F comm,tid,cpu,time,event,trace | unaccepted trace import - -o run.trace",
        ),
      );
  },

  /** @returns the exit code */
  async run(argv: ParsedArguments, { io }: CliContext): Promise<number> {
    const files = filesOf(argv);
    const path = textOf(argv, "output");
    if (path === undefined) throw new UsageError("expected the file to write after -o");
    const [kernel, clock] = [kernelOf(argv), textOf(argv, "clock")];
    const quiet = argv.quiet === true;
    const output = new OutputFile(path);
    try {
      const live = new LivePages();
      const pageEvents = new PageEventCounts();
      let writer: CompactWriter | undefined;
      const read = await readTraces(
        files,
        (names) => {
          const own = new CompactWriter(names, (bytes) => output.write(bytes));
          writer = own;
          return {
            add: (block) => {
              live.add(block);
              pageEvents.add(block);
              own.add(block);
            },
          };
        },
        io,
        { quiet, lenient: argv.lenient === true, kernel },
      );
      const known = files.length === 1 ? read.metadata : undefined;
      writer!.end(
        {
          ...(read.names.kernel === undefined ? {} : { kernel: read.names.kernel }),
          ...(clock === undefined ? {} : { clock }),
          ...(known ?? { source: [...new Set(read.formats)] }),
        },
        read.counts,
      );
      output.finish();
      const report = importReport(read.counts, live, writer!.events, pageEvents, read.details);
      if (argv.json === true) {
        print(io.stdout, jsonDocument({ output: path, ...report, flagsReadAs: read.flags }));
      } else if (!quiet) {
        print(io.stderr, formatImportReport(printable(path), report, read.flags, read.details));
      }
      return 0;
    } finally {
      output.discard();
    }
  },
};
