/**
 * The page's way to the workers: a question of each side at a time, and of those that wait only the newest. A run of
 * minutes, as of a guest of petabytes, is given up once somebody asks something else.
 */

import type { Answer, Catalogue, DroppedFile, FromWorker, Question, Side, ToWorker } from "./protocol.js";

/** What of a browser's worker is used. */
export interface SimulatorWorker {
  postMessage(message: ToWorker): void;
  terminate(): void;
  addEventListener(type: "message", listener: (event: { readonly data: FromWorker }) => void): void;
  addEventListener(type: "error", listener: (event: { readonly message: string }) => void): void;
}

export interface Resources {
  readonly catalogue: Catalogue;
  /** Begins a worker. */
  start(): SimulatorWorker;
  /** The trace of a bundled workload as it is stored. */
  readTrace(workload: string): Promise<Uint8Array>;
}

/** A new worker has to read its files again, which is worth it for a run that takes longer than that. */
const PATIENCE_MS = 3000;

interface Waiting {
  readonly question: Question;
  settle(answer: Answer | undefined): void;
}

export class Simulator {
  readonly #resources: Resources;
  readonly #patienceMs: number;
  readonly #sides = new Map<Side, OneSide>();

  /** @param patienceMs how long a newer question waits for the run on its way */
  constructor(resources: Resources, patienceMs: number = PATIENCE_MS) {
    this.#resources = resources;
    this.#patienceMs = patienceMs;
  }

  /**
   * @returns what the run says, or undefined where a newer question of the same side took this one's place before it
   *   was begun, or while it took longer than a newer one waits
   */
  ask(question: Question): Promise<Answer | undefined> {
    const side = this.#sides.get(question.side) ?? new OneSide(this.#resources, this.#patienceMs);
    this.#sides.set(question.side, side);
    return side.ask(question);
  }
}

/** A worker, which keeps what it has read. */
class OneSide {
  readonly #resources: Resources;
  readonly #patienceMs: number;
  #worker: SimulatorWorker;
  #fileIds = new WeakMap<DroppedFile, number>();
  #files = 0;
  #asked = 0;
  #running: Waiting | undefined;
  #next: Waiting | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor(resources: Resources, patienceMs: number) {
    this.#resources = resources;
    this.#patienceMs = patienceMs;
    this.#worker = this.#start();
  }

  #start(): SimulatorWorker {
    const worker = this.#resources.start();
    worker.addEventListener("message", ({ data }) => {
      if (worker === this.#worker) this.#hear(data);
    });
    worker.addEventListener("error", ({ message }) => {
      if (worker === this.#worker) this.#fail(message);
    });
    const first: ToWorker = { kind: "catalogue", catalogue: this.#resources.catalogue };
    worker.postMessage(first);
    return worker;
  }

  ask(question: Question): Promise<Answer | undefined> {
    return new Promise((settle) => {
      this.#next?.settle(undefined);
      this.#next = { question, settle };
      this.#begin();
      if (this.#running !== undefined && this.#next !== undefined)
        this.#patience ??= setTimeout(() => this.#giveUp(), this.#patienceMs);
    });
  }

  #tell(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #begin(): void {
    if (this.#running !== undefined || this.#next === undefined) return;
    this.#running = this.#next;
    this.#next = undefined;
    const { file, ...ask } = this.#running.question;
    this.#asked++;
    this.#tell({ kind: "ask", ask: { ...ask, id: this.#asked }, fileId: file && this.#fileId(file) });
  }

  /** Takes a new worker for the question that waits. */
  #giveUp(): void {
    this.#patience = undefined;
    this.#worker.terminate();
    this.#worker = this.#start();
    this.#fileIds = new WeakMap();
    this.#running?.settle(undefined);
    this.#running = undefined;
    this.#begin();
  }

  #ended(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    this.#running = undefined;
    this.#begin();
  }

  #fileId(file: DroppedFile): number {
    const known = this.#fileIds.get(file);
    if (known !== undefined) return known;
    this.#files++;
    this.#fileIds.set(file, this.#files);
    this.#tell({ kind: "file", file: { ...file, id: this.#files } });
    return this.#files;
  }

  #hear(message: FromWorker): void {
    if (message.kind === "wanted") {
      void this.#read(message.workload);
      return;
    }
    this.#running?.settle(message.answer);
    this.#ended();
  }

  async #read(workload: string): Promise<void> {
    try {
      this.#tell({ kind: "trace", workload, bytes: await this.#resources.readTrace(workload) });
    } catch (error) {
      this.#tell({ kind: "no trace", workload, error: `${workload}: ${(error as Error).message}` });
    }
  }

  /** Of a worker that does not begin, or dies. */
  #fail(message: string): void {
    const running = this.#running;
    if (running === undefined) return;
    running.settle({ id: this.#asked, side: running.question.side, error: `the worker stopped: ${message}` });
    this.#ended();
  }
}
