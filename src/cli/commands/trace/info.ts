/** `unaccepted trace info FILE`: what a trace holds. */

import type { Argv } from "yargs";
import { printableAll } from "../../../printable.js";
import { PageEventCounts, whyUnusable } from "../../../report/trace-import.js";
import { formatTraceInfo } from "../../../report/trace-info.js";
import { jsonDocument } from "../../../results/json.js";
import { TraceSummarizer } from "../../../workload/trace-summary.js";
import { bundledTrace } from "../../bundled-traces.js";
import { paintFor } from "../../colour.js";
import type { CliContext } from "../../context.js";
import { examples, type ParsedArguments } from "../../options.js";
import { print } from "../../print.js";
import { readTraces } from "../../read-trace.js";
import { addLenient, filesOf, KERNEL_OPTION, kernelOf } from "./options.js";

/** For yargs. */
export const traceInfo = {
  command: "info [file..]",
  describe: "what a trace holds: totals, orders, flags, CPUs, live pages, callers",

  builder(yargs: Argv): Argv {
    return addLenient(yargs)
      .positional("file", {
        type: "string",
        describe:
          "a trace of any format, or its parts in the order of time; or the name of a bundled one; - is stdin",
      })
      .option("kernel", KERNEL_OPTION)
      .option("json", { type: "boolean", describe: "all of it as JSON" })
      .option("quiet", { type: "boolean", describe: "no progress on stderr" })
      .epilogue(
        examples(
          "unaccepted trace info workloads/recorded/linux-6.12.95-1c4g/boot.trace.gz",
          "unaccepted trace info linux-6.12.107-debian-1c4g-tar",
          "unaccepted trace info boot.trace --json",
        ),
      );
  },

  /** @returns the exit code */
  async run(argv: ParsedArguments, { io }: CliContext): Promise<number> {
    const files = filesOf(argv).map((name) => bundledTrace(name) ?? name);
    let summarizer: TraceSummarizer | undefined;
    const pageEvents = new PageEventCounts();
    const read = await readTraces(
      files,
      (names) => {
        const own = new TraceSummarizer(names);
        summarizer = own;
        return {
          add: (block) => {
            own.add(block);
            pageEvents.add(block);
          },
        };
      },
      io,
      { quiet: argv.quiet === true, lenient: argv.lenient === true, kernel: kernelOf(argv) },
    );
    const summary = summarizer!.finish();
    const unusable = whyUnusable({
      ...summary.pairing,
      pageEvents: pageEvents.byTracepoint,
      otherEvents: read.details.otherEvents,
      counts: read.counts,
    });
    const info = {
      files,
      formats: read.formats,
      ...(read.names.kernel === undefined ? {} : { kernel: read.names.kernel }),
      ...read.metadata,
      flagsReadAs: read.flags,
      summary,
      counts: read.counts,
      ...(unusable === undefined ? {} : { unusable }),
      details: read.details,
      gfpTexts: [...read.names.gfpTexts.keys()],
    };
    print(
      io.stdout,
      argv.json === true ? jsonDocument(info) : formatTraceInfo(printableAll(info), paintFor(io)),
    );
    return 0;
  },
};
