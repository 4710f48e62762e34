/** Importing a trace of each format: reading alone, and with what `trace import` does beside it. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Bench } from "tinybench";
import { CompactWriter } from "../src/workload/compact/format.js";
import { type EventBlock, EventBlocks } from "../src/workload/event-blocks.js";
import { LivePages } from "../src/workload/live-pages.js";
import { TraceReader } from "../src/workload/readers/trace-reader.js";
import { newTraceCounts, TraceNames } from "../src/workload/trace-names.js";
import { TracefsPrinter } from "../src/workload/tracefs-text.js";

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
    ["perf script", new TextEncoder().encode(perf)],
    ["trace-cmd report", new TextEncoder().encode(traceCmd)],
    ["compact", new Uint8Array(Buffer.concat(pieces))],
  ]);
}

/** Prints MB/s and events for each format. */
export async function benchImport(): Promise<void> {
  const bench = new Bench({ time: 1000, warmupTime: 500, throws: true });
  const rows: { name: string; bytes: number; events: number }[] = [];
  const add = (name: string, bytes: Uint8Array, run: () => number): void => {
    rows.push({ name, bytes: bytes.length, events: run() });
    bench.add(name, run);
  };
  for (const [format, bytes] of inputs()) {
    add(`read ${format}`, bytes, () => read(bytes, new TraceNames(), () => undefined));
    add(`import ${format}`, bytes, () => {
      const names = new TraceNames();
      const live = new LivePages();
      const writer = new CompactWriter(names, () => undefined);
      return read(bytes, names, (block) => {
        live.add(block);
        writer.add(block);
      });
    });
    if (format !== "compact") continue;
    add("export compact", bytes, () => {
      const names = new TraceNames();
      const printer = new TracefsPrinter(names, () => undefined);
      return read(bytes, names, (block) => printer.add(block));
    });
  }
  await bench.run();
  console.log("\ntraces (tinybench), medians; MB/s of input");
  console.table(
    bench.tasks.map(({ result }, index) => {
      const { p50 } = (result as { latency: { p50: number } }).latency;
      const { name, bytes, events } = rows[index]!;
      return {
        name,
        "MB/s": (bytes / 1e3 / p50).toFixed(0),
        "M events/s": (events / 1e3 / p50).toFixed(1),
        "bytes/event": (bytes / events).toFixed(1),
      };
    }),
  );
}

if (process.argv[1] === import.meta.filename) await benchImport();
