/** `unaccepted trace import FILE... -o OUT`: a trace of any format becomes one of ours. */

import { printable } from "../../../printable.js";
import { formatImportReport, importReport, PageEventCounts } from "../../../report/trace-import.js";
import { jsonDocument } from "../../../results/formats.js";
import { CompactWriter } from "../../../workload/compact/writer.js";
import { LivePages } from "../../../workload/live-pages.js";
import type { Arguments } from "../../arguments.js";
import { type CliContext, print } from "../../io.js";
import { writeFile } from "../../output-file.js";
import { readTraces } from "../../read-trace.js";
import { filesOf, outputOf, readingOf } from "./options.js";

/** @returns the exit code */
export async function run(argv: Arguments, { io }: CliContext): Promise<number> {
  const files = filesOf(argv);
  const path = outputOf(argv);
  const options = readingOf(argv);
  const clock = argv.one("clock");
  const { report, read } = await writeFile(path, async (output) => {
    const live = new LivePages();
    const pageEvents = new PageEventCounts();
    let writer: CompactWriter | undefined;
    const trace = await readTraces(
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
      options,
    );
    const known = files.length === 1 ? trace.metadata : undefined;
    writer!.end(
      {
        ...(trace.names.kernel === undefined ? {} : { kernel: trace.names.kernel }),
        ...(clock === undefined ? {} : { clock }),
        ...(known ?? { source: [...new Set(trace.formats)] }),
      },
      trace.counts,
    );
    return {
      report: importReport(trace.counts, live, writer!.events, pageEvents, trace.details),
      read: trace,
    };
  });
  if (argv.has("json")) {
    print(io.stdout, jsonDocument({ output: path, ...report, flagsReadAs: read.flags }));
  } else if (!options.quiet) {
    print(io.stderr, formatImportReport(printable(path), report, read.flags, read.details));
  }
  return 0;
}
