/** Importing a trace of each format: reading alone, and with what `trace import` does beside it. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { CompactWriter } from "../src/workload/compact/format.js";
import { type EventBlock, EventBlocks } from "../src/workload/event-blocks.js";
import { LivePages } from "../src/workload/live-pages.js";
import { TraceReader } from "../src/workload/readers/trace-reader.js";
import { newTraceCounts, TraceNames } from "../src/workload/trace-names.js";
import { TracefsPrinter } from "../src/workload/tracefs-text.js";
import { type Measure, runMs } from "./measure.js";

const CHUNK_BYTES = 2 ** 20;
const TRACE = "workloads/recorded/linux-6.12.95-1c4g/wl-dd64.trace.gz";

function read(bytes: Uint8Array, names: TraceNames, use: (block: EventBlock) => void): number {
  let events = 0;
  const blocks = new EventBlocks((block) => {
    events += block.count;
    use(block);
  });
  const reader = new TraceReader("bench", { names, counts: newTraceCounts(), blocks });
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) reader.feed(bytes.subarray(at, at + CHUNK_BYTES));
  reader.end();
  return events;
}

/** The same events as each tool would print them, and in our own format. */
function inputs(): Map<string, Uint8Array> {
  const tracefs = new Uint8Array(gunzipSync(readFileSync(TRACE)));
  const text = Buffer.from(tracefs).toString("latin1");
  const perf = text
    .replaceAll(/^ *#.*\n/gm, "")
    .replaceAll(/^( *.*?)-(\d+) +(\[\d+\]) \S+ +([\d.]+: )/gm, "$1 $2 $3 $4kmem:");
  const traceCmd = `cpus=1\n${text
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/^( *.*?-\d+ +\[\d+\]) \S+ +([\d.]+: )(\w+:) /gm, "$1 $2$3        ")}`;
  const pieces: Uint8Array[] = [];
  const names = new TraceNames();
  const writer = new CompactWriter(names, (bytes) => pieces.push(bytes.slice()));
  read(tracefs, names, (block) => writer.add(block));
  writer.end({ source: ["tracefs"] }, newTraceCounts());
  return new Map<string, Uint8Array>([
    ["tracefs", tracefs],
    ["perf-script", new TextEncoder().encode(perf)],
    ["trace-cmd", new TextEncoder().encode(traceCmd)],
    ["compact", new Uint8Array(Buffer.concat(pieces))],
  ]);
}

export function measures(): readonly Measure[] {
  const rows: Measure[] = [];
  const add = (name: string, bytes: number, run: () => number): void => {
    rows.push({
      name: `import/${name}`,
      goal: "for reading",
      unit: "M/s",
      better: "more",
      peer: "millions of bytes of input a second of CPU time",
      sample: async () => bytes / 1000 / (await runMs(run, { iterations: 3 })),
    });
  };
  for (const [format, bytes] of inputs()) {
    add(`read-${format}`, bytes.length, () => read(bytes, new TraceNames(), () => undefined));
    add(`import-${format}`, bytes.length, () => {
      const names = new TraceNames();
      const live = new LivePages();
      const writer = new CompactWriter(names, () => undefined);
      return read(bytes, names, (block) => {
        live.add(block);
        writer.add(block);
      });
    });
    if (format !== "compact") continue;
    add("export-compact", bytes.length, () => {
      const names = new TraceNames();
      const printer = new TracefsPrinter(names, () => undefined);
      return read(bytes, names, (block) => printer.add(block));
    });
  }
  return rows;
}
