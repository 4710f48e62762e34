/** Traces in the project's own format: how fast they open, how small they are; and how recordings of the package open. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { CompactWriter } from "../src/workload/compact/format.js";
import { EventBlocks } from "../src/workload/event-blocks.js";
import { newTraceCounts, TraceNames } from "../src/workload/trace-names.js";
import { type Measure, runMs } from "./measure.js";
import { lazily, readTrace } from "./traces.js";

/** Enough for a time that is long beside the clock's steps. */
const EVENTS = 4e6;

/** Two recordings of emulated guests that pack badly among them, and both of live ones. */
const RECORDINGS = {
  tar: { trace: "linux-7.3.4-debian-1c4g-tar/run.trace.gz", packedBytes: 1.2 },
  compile: { trace: "linux-6.12.107-debian-4c4g-compile/run.trace.gz", packedBytes: 1.2 },
  postgresql: { trace: "live-linux-6.18.44-2c24g-postgresql/run.trace.gz", packedBytes: 3 },
  redis: { trace: "live-linux-6.18.44-2c24g-redis/run.trace.gz", packedBytes: 3 },
} as const;

/** A trace of the package as one of ours; until it has `eventsMin` events, the same again, later. */
function imported(trace: string, eventsMin = 1): { readonly bytes: Uint8Array; readonly events: number } {
  const text = new Uint8Array(gunzipSync(readFileSync(`workloads/recorded/${trace}`)));
  const names = new TraceNames();
  const pieces: Uint8Array[] = [];
  const writer = new CompactWriter(names, (bytes) => pieces.push(bytes.slice()));
  const blocks = new EventBlocks((block) => writer.add(block));
  let [startNs, lastNs] = [0, 0];
  while (writer.events < eventsMin) {
    readTrace(text, names, ({ count, kind, order, migrateType, cpu, task, timeNs, pfn, detail }) => {
      for (let i = 0; i < count; i++) {
        lastNs = startNs + timeNs[i]!;
        blocks.append(kind[i]!, order[i]!, migrateType[i]!, cpu[i]!, task[i]!, lastNs, pfn[i]!, detail[i]!);
      }
    });
    if (eventsMin === 1) blocks.flush();
    startNs = lastNs;
  }
  blocks.flush();
  writer.end({ source: ["tracefs"] }, newTraceCounts());
  return { bytes: new Uint8Array(Buffer.concat(pieces)), events: writer.events };
}

/** Prints what opening a workload takes in a process that has loaded the library, in milliseconds of CPU time. */
const OPEN = `
const { loadWorkload } = await import("./dist/node.js");
const before = process.cpuUsage();
await loadWorkload("linux-7.3.4-debian-1c4g");
const { user, system } = process.cpuUsage(before);
console.log((user + system) / 1000);`;

export function measures(): readonly Measure[] {
  const rows: Measure[] = Object.entries(RECORDINGS).flatMap(([name, { trace, packedBytes }]): Measure[] => {
    const long = lazily(() => imported(trace, EVENTS));
    return [
      {
        name: `format/open-${name}`,
        goal: "at least 40 million events/s",
        unit: "M/s",
        limit: 40,
        better: "more",
        peer: "events a second of CPU time, unpacked, with checksums and all checks, to columns that are replayed",
        sample: async () => {
          const { bytes, events } = long();
          const names = new TraceNames();
          return (
            events / 1000 / (await runMs(() => readTrace(bytes, names, () => undefined), { iterations: 3 }))
          );
        },
      },
      {
        name: `format/packed-${name}`,
        goal: `at most ${packedBytes} bytes an event`,
        unit: "bytes",
        limit: packedBytes,
        better: "less",
        peer: `${trace}, with its names, packed by gzip -6`,
        rounds: 1,
        sample: () => {
          const { bytes, events } = imported(trace);
          return gzipSync(bytes).length / events;
        },
      },
    ];
  });
  return [
    ...rows,
    {
      name: "format/cold-open",
      goal: "at most 40 ms",
      unit: "ms",
      limit: 40,
      better: "less",
      peer: "loadWorkload of linux-7.3.4-debian-1c4g, two recordings, in a fresh process",
      sample: () =>
        Number(execFileSync(process.execPath, ["--input-type=module", "-e", OPEN], { encoding: "utf8" })),
    },
  ];
}
