/** Reading text traces beside a scanner in C, and whole imports as files grow. */

import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { CompactWriter } from "../src/workload/compact/format.js";
import type { EventBlock } from "../src/workload/event-blocks.js";
import { PageEventKind } from "../src/workload/events.js";
import { LivePages } from "../src/workload/live-pages.js";
import { newTraceCounts, TraceNames } from "../src/workload/trace-names.js";
import { TracefsPrinter } from "../src/workload/tracefs-text.js";
import { GzipReader } from "../src/workload-files/gzip.js";
import { benchDirectory, compiled, compilerSkip } from "./c-reference.js";
import { median } from "./harness/statistics.js";
import { type ChildUsage, childCpuSkip, childUsage, cpuMs, type Measure, PROGRAM, runMs } from "./measure.js";
import { generatedText, RecordedText, type TextFormat } from "./trace-text.js";
import { lazily, readTrace } from "./traces.js";

const GENERATED_BYTES = 48e6;
/** Of the same kernel, one CPU that copies a file, and four that compile. */
const RECORDINGS: readonly string[] = [
  "workloads/recorded/linux-6.12.95-1c4g/wl-dd64.trace.gz",
  "workloads/recorded/linux-6.12.107-debian-4c4g-compile/run.trace.gz",
];
const LIMITS: { readonly [format in TextFormat]: number } = {
  tracefs: 2.2,
  "perf-script": 3.6,
  "trace-cmd": 3.6,
};

/** As `trace import --lenient` reads. */
function read(bytes: Uint8Array, names: TraceNames, use: (block: EventBlock) => void): number {
  return readTrace(bytes, names, use, true);
}

/** What the scanner in C says in the end if it reads what we do. */
function summaryOf(bytes: Uint8Array): string {
  let sum = 0;
  const low = (value: number): number => (value % 2 ** 32) | 0;
  const events = read(bytes, new TraceNames(), (block) => {
    for (let i = 0; i < block.count; i++) {
      sum += low(block.timeNs[i]!) + 3 * low(block.pfn[i]!) + 5 * block.task[i]! + 7 * block.cpu[i]!;
      sum += 11 * block.kind[i]! + 13 * block.order[i]! + 17 * block.migrateType[i]!;
      sum += block.kind[i] === PageEventKind.alloc ? 0 : 19 * block.detail[i]!;
      sum |= 0;
    }
  });
  return `${events} events, checksum ${sum >>> 0}`;
}

function recorded(path: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(path)));
}

/** The events of a recorded trace as another tool prints them. */
function printed(format: TextFormat, tracefs: Uint8Array): Uint8Array {
  if (format === "tracefs") return tracefs;
  const names = new TraceNames();
  const text = new RecordedText(format, names);
  read(tracefs, names, (block) => text.add(block));
  return text.end();
}

/** Scans of a sample, of each side; the median of them counts. */
const SCANS = 5;

/** CPU time of reading a text, checks and all, over that of the scanner in C. */
class AgainstC {
  readonly #make: () => Uint8Array;
  readonly #name: string;
  #text: Uint8Array | undefined;
  #path = "";

  constructor(name: string, make: () => Uint8Array) {
    this.#make = make;
    this.#name = name;
  }

  sample(): number {
    this.#text ??= this.#prepared();
    const text = this.#text;
    const ownMs: number[] = [];
    const peerNs = this.#peer();
    for (let scan = 0; scan < SCANS; scan++) {
      const before = cpuMs();
      read(text, new TraceNames(), () => undefined);
      ownMs.push(cpuMs() - before);
    }
    peerNs.push(...this.#peer());
    return (median(ownMs) * 1e6) / median(peerNs);
  }

  #prepared(): Uint8Array {
    const text = this.#make();
    this.#path = join(benchDirectory(), `${this.#name}.txt`);
    writeFileSync(this.#path, text);
    const own = summaryOf(text);
    const peer = this.#output(0).at(-1);
    if (own !== peer) throw new Error(`bench: ${this.#name}: we read ${own}, the scanner in C ${peer}`);
    return text;
  }

  #peer(): number[] {
    return this.#output(SCANS).slice(0, SCANS).map(Number);
  }

  #output(rounds: number): string[] {
    scanner ??= compiled("scanner");
    const { status, stdout } = spawnSync(scanner, [this.#path, String(rounds)], { encoding: "utf8" });
    if (status !== 0) throw new Error(`bench: the scanner in C ended with ${status}`);
    return stdout.trimEnd().split("\n");
  }
}

let scanner: string | undefined;

function ratioRow(name: string, format: TextFormat, make: () => Uint8Array): Measure {
  const against = new AgainstC(name, make);
  const skip = compilerSkip();
  return {
    name: `import/${name}`,
    goal: `at most ${LIMITS[format]} times C`,
    unit: "ratio",
    limit: LIMITS[format],
    better: "less",
    peer: "the same fields found by bench/reference/scanner.c",
    sample: () => against.sample(),
    ...(skip === undefined ? {} : { skip }),
  };
}

/** A file of so many bytes, written a piece at a time, with the same tasks and times that go on. */
function writeText(path: string, bytes: number): void {
  const file = openSync(path, "w");
  const piece = generatedText("tracefs", GENERATED_BYTES, 1);
  // The same again has times that go back, which readers take; what is alive stays as much.
  for (let at = 0; at < bytes; at += piece.length) writeSync(file, piece);
  closeSync(file);
}

/** What `trace import` of a file takes, which is made for it and removed. */
function imported(bytes: number): ChildUsage {
  const path = join(benchDirectory(), "growth.txt");
  try {
    writeText(path, bytes);
    return childUsage([PROGRAM, "trace", "import", path, "-o", `${path}.trace`, "--lenient", "--quiet"]);
  } finally {
    rmSync(path, { force: true });
    rmSync(`${path}.trace`, { force: true });
  }
}

function growthRows(): Measure[] {
  const skip = childCpuSkip();
  const common = {
    unit: "ratio",
    better: "less",
    limit: 1.1,
    peer: "`trace import` of 100 MB of tracefs text; this one of 1 GB",
    rounds: 3,
    ...(skip === undefined ? {} : { skip }),
  } as const;
  return [
    {
      ...common,
      name: "import-growth/peak",
      goal: "at most 1.1 times the peak memory at 100 MB",
      sample: () => imported(1e9).peakMiB / imported(1e8).peakMiB,
    },
    {
      ...common,
      name: "import-growth/cpu",
      goal: "at most 1.1 times the CPU time a byte at 100 MB",
      sample: () => imported(1e9).cpuMs / 10 / imported(1e8).cpuMs,
    },
  ];
}

/** Rates that no goal is about. */
function readingRows(): Measure[] {
  const [path] = RECORDINGS as [string];
  const rate = (name: string, peer: string, run: () => number): Measure => ({
    name: `import-rate/${name}`,
    goal: "for reading",
    unit: "M/s",
    better: "more",
    peer,
    sample: async () => {
      // The first call makes what is read.
      const bytes = run();
      return bytes / 1000 / (await runMs(run, { iterations: 3 }));
    },
  });
  const tracefs = lazily(() => recorded(path));
  const compact = lazily(() => compactOf(tracefs()));
  const packed = lazily(() => new Uint8Array(readFileSync(path)));
  const unpackedBytes = (): number => {
    let bytes = 0;
    for (const piece of new GzipReader(path).feed(packed())) bytes += piece.length;
    return bytes;
  };
  return [
    rate("tracefs-to-compact", "bytes of text a second, read and written as events of ours", () => {
      const names = new TraceNames();
      const live = new LivePages();
      const writer = new CompactWriter(names, () => undefined);
      read(tracefs(), names, (block) => {
        live.add(block);
        writer.add(block);
      });
      return tracefs().length;
    }),
    rate("compact-to-tracefs", "bytes of events of ours a second, read and printed", () => {
      const names = new TraceNames();
      const printer = new TracefsPrinter(names, () => undefined);
      read(compact(), names, (block) => printer.add(block));
      return compact().length;
    }),
    rate("gzip", "bytes of text a second, unpacked alone", unpackedBytes),
    rate("gzip-of-node", "bytes of text a second, unpacked by node:zlib", () => gunzipSync(packed()).length),
  ];
}

function compactOf(tracefs: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  const names = new TraceNames();
  const writer = new CompactWriter(names, (bytes) => pieces.push(bytes.slice()));
  read(tracefs, names, (block) => writer.add(block));
  writer.end({ source: ["tracefs"] }, newTraceCounts());
  return new Uint8Array(Buffer.concat(pieces));
}

export function measures(): readonly Measure[] {
  const formats = Object.keys(LIMITS) as TextFormat[];
  return [
    ...formats.flatMap((format) => [
      ...[1, 2].map((seed) =>
        ratioRow(`${format}-seed-${seed}`, format, () => generatedText(format, GENERATED_BYTES, seed)),
      ),
      ...RECORDINGS.map((path, index) =>
        ratioRow(`${format}-recorded-${index + 1}`, format, () => printed(format, recorded(path))),
      ),
    ]),
    ...growthRows(),
    ...readingRows(),
  ];
}
