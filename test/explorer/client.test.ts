import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Simulator, type SimulatorWorker } from "../../src/explorer/client.js";
import type { FromWorker, Side, ToWorker } from "../../src/explorer/protocol.js";

const test = suite("explorer: the way to the workers");

const PATIENCE_MS = 20;

function wait(ms: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, ms);
  });
}

/** Answers when the test says so. */
class FakeWorker implements SimulatorWorker {
  readonly #listeners: ((event: { readonly data: FromWorker }) => void)[] = [];
  readonly heard: ToWorker[] = [];
  isTerminated = false;

  postMessage(message: ToWorker): void {
    this.heard.push(message);
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    if (type === "message") this.#listeners.push(listener as (event: { readonly data: FromWorker }) => void);
  }

  terminate(): void {
    this.isTerminated = true;
  }

  answer(error: string): void {
    const data: FromWorker = { kind: "answer", answer: { id: 1, side: "a", error } };
    for (const listener of this.#listeners) listener({ data });
  }

  get kinds(): string[] {
    return this.heard.map(({ kind }) => kind);
  }
}

function simulator(): { readonly workers: FakeWorker[]; readonly made: Simulator } {
  const workers: FakeWorker[] = [];
  const made = new Simulator(
    {
      catalogue: { boot: "", prices: {}, workloads: {} },
      start() {
        const worker = new FakeWorker();
        workers.push(worker);
        return worker;
      },
      readTrace: () => Promise.reject(new Error("no trace")),
    },
    PATIENCE_MS,
  );
  return { workers, made };
}

const file = { name: "own.yaml", bytes: new Uint8Array(1) };
const question = { side: "a" as Side, settings: { set: {} }, file, wants: {} };

test("a newer question waits a while for the run on its way, and then takes another worker, with its file", async () => {
  const { workers, made } = simulator();
  const first = made.ask(question);
  const second = made.ask(question);
  const third = made.ask(question);
  assert.is(await second, undefined);
  assert.not.ok(workers[0]!.isTerminated);
  await wait(3 * PATIENCE_MS);
  assert.ok(workers[0]!.isTerminated);
  assert.is(await first, undefined);
  assert.equal(workers[1]!.kinds, ["catalogue", "file", "ask"]);
  workers[0]!.answer("late");
  workers[1]!.answer("in time");
  assert.equal(await third, { id: 1, side: "a", error: "in time" });
});

test("a run that nobody waits behind takes as long as it does", async () => {
  const { workers, made } = simulator();
  const first = made.ask(question);
  const second = made.ask(question);
  workers[0]!.answer("one");
  await wait(3 * PATIENCE_MS);
  workers[0]!.answer("two");
  assert.equal(
    [await first, await second].map((one) => one !== undefined && "error" in one && one.error),
    ["one", "two"],
  );
  assert.is(workers.length, 1);
});

test.run();
