/**
 * Puts each fault of `mutations.ts` into a copy of the tree and sees whether a test fails.
 *
 *     npx tsx test/campaign/mutate.ts [part of a fault's room, file or text ...]
 *
 * A fault that its own tests let pass is tried with all tests of its room. Exit 1 where one survives that
 * too, where the text of a fault is stale, or where tests fail without any fault.
 */
import { type ChildProcess, fork } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type FileReport, findTestFiles } from "../harness/driver.js";
import { MUTATIONS } from "./mutations.js";
import { type PlacedMutation, placeMutations } from "./place-mutations.js";

const root = dirname(dirname(import.meta.dirname));
/** A fault may make a test run for ever, or take all memory; no test file takes a tenth of this. */
const MOST_MS = 900_000;
const MOST_HEAP_MIB = 3072;
/** What a copy has of its own; the rest of the tree is linked to. */
const COPIED = ["src", "test", "package.json", "tsconfig.json"];

/** What became of a fault: the first test file that failed, or none. */
type Verdict = { readonly by: string; readonly how: string } | undefined;

/** A copy of the tree in which one fault at a time is tried. */
class Copy {
  readonly #directory: string;
  #worker: ChildProcess | undefined;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory);
    for (const name of readdirSync(root)) {
      if (name === ".git") continue;
      if (COPIED.includes(name)) cpSync(join(root, name), join(directory, name), { recursive: true });
      else symlinkSync(join(root, name), join(directory, name));
    }
  }

  /** Runs test files with a fault in the tree, up to the first that fails. */
  async try({ file, find, replace }: PlacedMutation, tests: readonly string[]): Promise<Verdict> {
    const path = join(this.#directory, file);
    const text = readFileSync(path, "utf8");
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
    try {
      return await this.run(tests);
    } finally {
      writeFileSync(path, text);
    }
  }

  async run(tests: readonly string[]): Promise<Verdict> {
    try {
      for (const test of tests) {
        const report = await this.#report(test);
        if (typeof report === "string") return { by: test, how: report };
        if (report.failed > 0) return { by: test, how: `${report.failed} failed` };
      }
      return undefined;
    } finally {
      this.stop();
    }
  }

  stop(): void {
    this.#worker?.kill("SIGKILL");
    this.#worker = undefined;
  }

  /** The report of a test file, or how its process ended. */
  #report(file: string): Promise<FileReport | string> {
    this.#worker ??= fork(join(this.#directory, "test/harness/worker.ts"), {
      cwd: this.#directory,
      execArgv: ["--import", "tsx", `--max-old-space-size=${MOST_HEAP_MIB}`],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    const worker = this.#worker;
    return new Promise((done) => {
      const end = (report: FileReport | string): void => {
        clearTimeout(timer);
        worker.off("message", end);
        worker.off("exit", exited);
        done(report);
      };
      const exited = (): void => end("the process ended");
      const timer = setTimeout(() => end(`not through after ${MOST_MS / 1000} s`), MOST_MS);
      worker.on("message", end);
      worker.on("exit", exited);
      worker.send({ root: this.#directory, file });
    });
  }
}

/** Does something for each item, in as many copies as there are cores. */
async function forEach<T>(
  items: readonly T[],
  action: (copy: Copy, item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  await Promise.all(
    copies.map(async (copy) => {
      for (const item of left) await action(copy, item);
    }),
  );
}

function isWanted({ room, file, find, what }: PlacedMutation): boolean {
  const wanted = process.argv.slice(2);
  return (
    wanted.length === 0 || wanted.some((part) => [room, file, find, what].some((text) => text.includes(part)))
  );
}

const { placed, stale } = placeMutations(root, MUTATIONS);
const chosen = placed.filter(isWanted);
const testsOf = new Map<
  PlacedMutation,
  { readonly own: readonly string[]; readonly ofRoom: readonly string[] }
>();
for (const mutation of chosen) {
  const { files: own, unmatched } = findTestFiles(root, mutation.tests);
  for (const filter of unmatched) stale.push(`${mutation.what}: no test file matches ${filter}`);
  const ofRoom = findTestFiles(root, [`test/${mutation.room}/`]).files.filter((file) => !own.includes(file));
  testsOf.set(mutation, { own, ofRoom });
}
for (const line of stale) console.log(`STALE ${line}`);
if (stale.length > 0) process.exit(1);

const directory = mkdtempSync(join(tmpdir(), "unaccepted-mutate-"));
const copies = Array.from(
  { length: Math.min(availableParallelism(), chosen.length) },
  (_none, index) => new Copy(join(directory, String(index))),
);
process.on("exit", () => {
  for (const copy of copies) copy.stop();
  rmSync(directory, { recursive: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const verdicts = new Map<PlacedMutation, Verdict>();
await forEach(chosen, async (copy, mutation) => {
  const { own, ofRoom } = testsOf.get(mutation)!;
  const verdict = (await copy.try(mutation, own)) ?? (await copy.try(mutation, ofRoom));
  verdicts.set(mutation, verdict);
  const text = verdict === undefined ? "SURVIVED" : `caught by ${verdict.by} (${verdict.how})`;
  console.log(`${mutation.file}: ${mutation.what}: ${text}`);
});
// A test that fails without the fault says nothing about it.
const broken = new Set<string>();
const catchers = new Set([...verdicts.values()].flatMap((verdict) => verdict?.by ?? []));
await forEach([...catchers].sort(), async (copy, test) => {
  if ((await copy.run([test])) !== undefined) broken.add(test);
});

const isCaught = (mutation: PlacedMutation): boolean => verdicts.get(mutation) !== undefined;
console.log("\nroom               faults  caught");
for (const room of [...new Set(chosen.map((one) => one.room))].sort()) {
  const own = chosen.filter((one) => one.room === room);
  console.log(
    `${room.padEnd(18)} ${String(own.length).padStart(6)}  ${String(own.filter(isCaught).length).padStart(6)}`,
  );
}
const caught = chosen.filter(isCaught).length;
console.log(`\n${caught} of ${chosen.length} caught`);
for (const mutation of chosen.filter((one) => !isCaught(one))) {
  console.log(`survived in ${mutation.file}: ${mutation.what}`);
}
for (const test of broken) console.log(`${test} fails without any fault`);
process.exitCode = caught === chosen.length && broken.size === 0 ? 0 : 1;
