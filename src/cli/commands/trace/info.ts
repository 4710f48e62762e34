/** `unaccepted trace info FILE`: what a trace holds. */

import { printableAll } from "../../../printable.js";
import { PageEventCounts, whyUnusable } from "../../../report/trace-import.js";
import { formatTraceInfo } from "../../../report/trace-info.js";
import { jsonDocument } from "../../../results/formats.js";
import { TraceSummarizer } from "../../../workload/trace-summary.js";
import type { Arguments } from "../../arguments.js";
import { bundledTrace } from "../../bundled.js";
import { type CliContext, paintFor, print } from "../../io.js";
import { readTraces } from "../../read-trace.js";
import { filesOf, readingOf } from "./options.js";

/** @returns the exit code */
export async function run(argv: Arguments, { io }: CliContext): Promise<number> {
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
    readingOf(argv),
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
  print(io.stdout, argv.has("json") ? jsonDocument(info) : formatTraceInfo(printableAll(info), paintFor(io)));
  return 0;
}
