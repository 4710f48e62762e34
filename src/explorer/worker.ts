/** The worker: takes questions and files, gives answers. One question at a time; the page sees to that. */

import { config } from "zod";
import { WorkloadError } from "../index.js";
import type { Ask, FromWorker, KnownFile, ToWorker } from "./protocol.js";
import { Simulation } from "./simulation.js";

// Reads without making code as it goes, which the page's policy forbids.
config({ jitless: true });

interface Waiting {
  resolve(bytes: Uint8Array): void;
  reject(error: Error): void;
}

const files = new Map<number, KnownFile>();
const wanted = new Map<string, Waiting>();
let simulation: Simulation | undefined;

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => hear(data));

function tell(message: FromWorker): void {
  postMessage(message);
}

function hear(message: ToWorker): void {
  switch (message.kind) {
    case "catalogue":
      simulation = new Simulation(message.catalogue, readTrace);
      break;
    case "file":
      files.set(message.file.id, message.file);
      break;
    case "trace":
      wanted.get(message.workload)?.resolve(message.bytes);
      break;
    case "no trace":
      wanted.get(message.workload)?.reject(new WorkloadError(message.error));
      break;
    case "ask": {
      const file = message.fileId === undefined ? undefined : files.get(message.fileId);
      void answer({ ...message.ask, ...(file === undefined ? {} : { file }) });
    }
  }
}

async function answer(ask: Ask): Promise<void> {
  try {
    tell({ kind: "answer", answer: await simulation!.answer(ask) });
  } catch (error) {
    // A bug, which the page shows rather than wait for ever.
    const { id, side } = ask;
    tell({ kind: "answer", answer: { id, side, error: `a bug of the simulator: ${String(error)}` } });
  }
}

function readTrace(workload: string): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    wanted.set(workload, { resolve, reject });
    tell({ kind: "wanted", workload });
  });
}
