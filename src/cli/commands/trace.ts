/** `unaccepted trace`: traces of page allocations, read, written, made and listed. */

import { once } from "node:events";
import { readSize } from "../../fields/read.js";
import { parseReleaseName } from "../../linux/release-name.js";
import { printable, printableAll, printableLines } from "../../printable.js";
import { formatTraceList, type ListedGenerator } from "../../report/lists.js";
import {
  formatImportReport,
  formatRemarks,
  importReport,
  PageEventCounts,
  whyUnusable,
} from "../../report/trace-import.js";
import { formatTraceInfo } from "../../report/trace-info.js";
import { jsonDocument } from "../../results/formats.js";
import { SCENARIO } from "../../scenario/scenario.js";
import { formatBytes, formatDuration } from "../../units.js";
import { CompactWriter } from "../../workload/compact/format.js";
import { EventBlocks } from "../../workload/event-blocks.js";
import {
  GENERATORS,
  type GeneratorEntry,
  GeneratorError,
  generateBlocks,
  generatedWorkload,
  type Parameter,
  RequestEvents,
  type Workload,
} from "../../workload/generators/index.js";
import { LivePages } from "../../workload/live-pages.js";
import { newTraceCounts, TraceNames } from "../../workload/trace-names.js";
import { TraceSummarizer } from "../../workload/trace-summary.js";
import {
  TRACEFS_HEADER,
  TracefsPrinter,
  tracefsTrailer,
  UnprintableName,
} from "../../workload/tracefs-text.js";
import type { Arguments, RunCommand } from "../arguments.js";
import { bundledTrace, bundledTraces } from "../bundled.js";
import { inputName } from "../input-file.js";
import { type CliIo, paintFor, placeOf, print } from "../io.js";
import { writeFile } from "../output-file.js";
import { type ReadTraceOptions, readTraces } from "../read-trace.js";
import { UsageError } from "../usage-error.js";

function filesOf({ files }: Arguments): readonly string[] {
  if (files.length === 0) throw new UsageError("expected a trace file, or - for stdin");
  return files;
}

function outputOf(argv: Arguments): string {
  const path = argv.one("output");
  if (path === undefined) throw new UsageError("expected the file to write after -o");
  return path;
}

function readingOf(argv: Arguments): ReadTraceOptions {
  const kernel = argv.one("kernel");
  if (kernel !== undefined && parseReleaseName(kernel) === undefined) {
    throw new UsageError(`--kernel ${kernel}: expected a release such as 4.13, or what uname -r says`);
  }
  return { quiet: argv.has("quiet"), lenient: argv.has("lenient"), kernel };
}

/** `trace import`: a trace of any format becomes one of ours. */
export const importTraces: RunCommand = async (argv, { io }) => {
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
    const { kernel } = trace.names;
    writer!.end({ kernel, clock, ...(known ?? { source: [...new Set(trace.formats)] }) }, trace.counts);
    return {
      report: importReport(trace.counts, live, writer!.events, pageEvents, trace.details),
      read: trace,
    };
  });
  if (argv.has("json")) {
    print(io.stdout, jsonDocument({ output: path, ...report, flagsReadAs: read.flags }));
  } else if (!options.quiet) {
    print(
      io.stderr,
      formatImportReport(printable(path), report, read.flags, read.details, placeOf(io.stderr, io)),
    );
  }
  return 0;
};

/** `trace info`: what a trace holds. */
export const traceInfo: RunCommand = async (argv, { io }) => {
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
};

/** `trace export`: the text that tracefs would print. */
export const exportTraces: RunCommand = async (argv, { io }) => {
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
};

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

/** `trace generate`: what a generator makes, as a trace of ours. */
export const generateTrace: RunCommand = async (argv, { io }) => {
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
};

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

/** `trace list`: the traces and generators that come with the program. */
export const listTraces: RunCommand = async (argv, { io }) => {
  const traces = bundledTraces();
  const generators = GENERATORS.map(listed);
  print(
    io.stdout,
    argv.has("json")
      ? jsonDocument({ traces, generators })
      : formatTraceList(traces, generators, paintFor(io)),
  );
  return 0;
};

function listed({ name, summary, imitates, parameters }: GeneratorEntry): ListedGenerator {
  return {
    name,
    summary,
    imitates,
    parameters: Object.entries(parameters).map(([parameter, { what, unit, default: value }]) => ({
      name: parameter,
      what,
      default: parameterText(value, unit),
    })),
  };
}

function parameterText(value: string | number, unit: Parameter["unit"]): string {
  if (typeof value === "number" && unit === "bytes") return formatBytes(value).replace(" ", "");
  if (typeof value === "number" && unit === "ns") return formatDuration(value).replace(" ", "");
  return String(value);
}
