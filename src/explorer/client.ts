/** The page's way to the workers: a question of each side at a time, and of those that wait only the newest. */

import type { Answer, Catalogue, DroppedFile, FromWorker, Question, Side, ToWorker } from "./protocol.js";

export interface Resources {
  readonly catalogue: Catalogue;
  /** Begins a worker. */
  start(): Worker;
  /** The trace of a bundled workload as it is stored. */
  readTrace(workload: string): Promise<Uint8Array>;
}

interface Waiting {
  readonly question: Question;
  settle(answer: Answer | undefined): void;
}

export class Simulator {
  readonly #resources: Resources;
  readonly #sides = new Map<Side, OneSide>();

  constructor(resources: Resources) {
    this.#resources = resources;
  }

  /**
   * @returns what the run says, or undefined where a newer question of the same side took this one's place before it
   *   was begun. A run that is on its way comes to its end
   */
  ask(question: Question): Promise<Answer | undefined> {
    const side = this.#sides.get(question.side) ?? new OneSide(this.#resources);
    this.#sides.set(question.side, side);
    return side.ask(question);
  }
}

/** A worker, which keeps what it has read. */
class OneSide {
  readonly #resources: Resources;
  readonly #worker: Worker;
  readonly #fileIds = new WeakMap<DroppedFile, number>();
  #files = 0;
  #asked = 0;
  #running: Waiting | undefined;
  #next: Waiting | undefined;

  constructor(resources: Resources) {
    this.#resources = resources;
    this.#worker = resources.start();
    this.#worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.#hear(data));
    this.#worker.addEventListener("error", ({ message }) => this.#fail(message));
    this.#tell({ kind: "catalogue", catalogue: resources.catalogue });
  }

  ask(question: Question): Promise<Answer | undefined> {
    return new Promise((settle) => {
      this.#next?.settle(undefined);
      this.#next = { question, settle };
      this.#begin();
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
    this.#running = undefined;
    this.#begin();
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
    this.#running = undefined;
    this.#begin();
  }
}
