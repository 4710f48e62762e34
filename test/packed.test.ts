// Takes 30 s.
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sha256 } from "../src/cli/input-file.js";
import { WorkloadLoader } from "../src/cli/load-recording.js";
import { preparedFor } from "../src/cli/prepared.js";
import type { RecordedRequests } from "../src/workload/after-boot.js";

const test = suite("the package as it is installed");

/** A directory of somebody who has the package, exactly the files that npm would pack, and no other development tool. */
const consumer: string = mkdtempSync(join(tmpdir(), "unaccepted-consumer-"));

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;

test.before(() => {
  execFileSync(process.execPath, [".ci/build.js"], { stdio: ["ignore", "ignore", "inherit"] });
  const packed = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ files }] = JSON.parse(packed) as [{ readonly files: readonly { readonly path: string }[] }];
  const modules = join(consumer, "node_modules");
  for (const { path } of files) {
    const copy = join(modules, "unaccepted", path);
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(path, copy);
  }
  // What a registry would give; without one, what this checkout has.
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(modules, name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(resolve("node_modules", name), link);
  }
  writeFileSync(join(consumer, "package.json"), '{ "type": "module", "private": true }\n');
});

test.after(() => rmSync(consumer, { recursive: true, force: true }));

/** What an example prints under plain Node, in the consumer's directory. */
function printed(example: string): string {
  copyFileSync(join("workloads/library", example), join(consumer, example));
  const { status, stdout, stderr } = spawnSync(process.execPath, [example], {
    cwd: consumer,
    encoding: "utf8",
    env: { PATH: process.env.PATH },
  });
  assert.equal([status, stderr], [0, ""], example);
  return stdout;
}

/** What each example must say; the numbers are those of tests elsewhere. */
const EXAMPLES: Readonly<Record<string, readonly RegExp[]>> = {
  "run.mjs": [
    /^ready after [\d.]+ s, overhead [\d.]+ GiB\n\d+ of \d+ allocations of the boot waited\n/,
    /\n.*lazy on tdx, 4 GiB, 4 vCPUs/,
  ],
  "compare.mjs": [
    /^mine\.yaml:5:17: policy\[1\]: expected one of eager, lazy, .*found "lasy"/,
    /\ntdx, 4 GiB\n/,
    /\neager: \d+ ns, lazy: \d+ ns\n\{\n {2}"schemaVersion": 2,\n {2}"rows": \[/,
  ],
  "generators.mjs": [/^generate:boot\?/, /\n3 seeds: total [\d.]+ s ± [\d.]+ (?:us|ms)\n$/],
  "largest.mjs": [/^tdx lazy: \d+ GiB boots within 10 s, \d+ GiB does not; \d+ sizes tried\n$/],
  "tune.mjs": [
    /^\d+ of \d+ settings tried\nbest: firmware\.preAcceptLimit \d+ MiB, bootTimeNs [\d.]+ s\n/,
    /\n {2}64 MiB: [\d.]+ % worse\n|\n {2}64 MiB: does not do\n/,
  ],
  "uncertainty.mjs": [
    /\neager: boots in [\d.]+ s to [\d.]+ s, most of it by \w+\nlazy: boots in /,
    /\n\d\d runs besides the one at the defaults\n$/,
  ],
  "policy.mjs": [/\nahead \*? +[\d.]+ s/],
  "diff.mjs": [
    /^B is [\d.]+ % slower to boot .*because of the price of npf4k/,
    /\nbootTimeNs: (\d+) ns, \1 of it by npf4k, 0 by no event\n/,
  ],
  "bytes.mjs": [
    /\n\| linux-7\.3\.4-debian-1c4g \| tdx \| 1 GiB \| 8 \| lazy/,
    /\n\| generate:fork \| tdx \|/,
  ],
};

test("every example is tried", () => {
  assert.equal(readdirSync("workloads/library").toSorted(), Object.keys(EXAMPLES).toSorted());
});

for (const [example, patterns] of Object.entries(EXAMPLES)) {
  test(`workloads/library/${example} runs under plain Node`, () => {
    const text = printed(example);
    for (const pattern of patterns) assert.match(text, pattern);
  });
}

test("what is asked of the program itself is a small file of its own", () => {
  const { size } = statSync(join(consumer, "node_modules/unaccepted/dist/cli/main.js"));
  assert.ok(
    size < 250_000,
    `${size} bytes; does src/cli/main.ts import a room that .ci/bundle-command-line.js does not leave out?`,
  );
});

test("the page of the explorer comes with the package, whole", () => {
  const program = join(consumer, "node_modules/unaccepted/dist/cli/main.js");
  const { status, stderr } = spawnSync(process.execPath, [program, "explore", "--build", "site"], {
    cwd: consumer,
    encoding: "utf8",
  });
  assert.is(status, 0, stderr);
  const files = readdirSync(join(consumer, "site"));
  for (const name of "index.html page.css page.js worker.js catalogue.js given.js licenses.txt".split(" ")) {
    assert.ok(files.includes(name), name);
  }
  assert.ok(existsSync(join(consumer, "site/traces/linux-7.3.4-debian-1c4g.js")));
});

test("each recording comes prepared, as what its text gives", () => {
  const directory = pathToFileURL(`${join(consumer, "node_modules/unaccepted/dist/recordings")}/`);
  const digestOf = (recorded: RecordedRequests): string =>
    JSON.stringify(recorded, (_key, part: unknown) =>
      ArrayBuffer.isView(part) ? sha256(new Uint8Array(part.buffer, part.byteOffset, part.byteLength)) : part,
    );
  const paths = readdirSync("workloads/recorded")
    .map((name) => `workloads/recorded/${name}/recording.yaml`)
    .filter((path) => existsSync(path));
  assert.is(readdirSync(directory).length, paths.length);
  for (const path of paths) {
    const prepared = preparedFor(readFileSync(path, "utf8"), directory);
    assert.ok(prepared !== undefined, path);
    assert.is(digestOf(prepared), digestOf(new WorkloadLoader().recording(path)), path);
  }
});

test("a trace that is damaged is refused although its requests are prepared", () => {
  const installed = join(consumer, "node_modules/unaccepted");
  const trace = join(installed, "workloads/recorded/linux-7.3.4-debian-1c4g/boot.trace.gz");
  const bytes = readFileSync(trace);
  const damaged = Buffer.from(bytes);
  damaged[1000]! ^= 1;
  writeFileSync(trace, damaged);
  try {
    const scenario = "--set platform=tdx --set memory=4GiB --set policy=lazy".split(" ");
    const words = [join(installed, "dist/cli/main.js"), "run", "kaslr", ...scenario];
    const { status, stderr } = spawnSync(process.execPath, words, { cwd: consumer, encoding: "utf8" });
    assert.match(
      stderr,
      /^unaccepted: .*boot\.trace\.gz: truncated, damaged or another file: its sha256 begins/,
    );
    assert.is(status, 2);
  } finally {
    writeFileSync(trace, bytes);
  }
});

test("the declarations hold for a consumer with moduleResolution nodenext, who checks them and the examples", () => {
  for (const example of Object.keys(EXAMPLES))
    copyFileSync(join("workloads/library", example), join(consumer, example));
  writeFileSync(
    join(consumer, "consumer.ts"),
    `import { compare, type CompareRow, type LoadedWorkload, MEASURES, type ReadFile, type Scenario, Workloads } from "unaccepted";
import { loadScenarios, type LoadOptions, loadWorkload, UsageError } from "unaccepted/node";

const options: LoadOptions = { lenient: true };
const read: ReadFile = (path) => new TextEncoder().encode(path);
export const workloads: Workloads = new Workloads(read);
export const workload: Promise<LoadedWorkload> = loadWorkload("linux-7.3.4-debian-1c4g", options);
export const [run] = await loadScenarios(["boot"], ["memory=4GiB"]);
export const scenario: Scenario | undefined = run?.scenario;
export const rows: Promise<CompareRow[]> = compare([], () => { throw new UsageError("none"); });
export const names: readonly string[] = MEASURES.map(({ name }) => name);
// @ts-expect-error a scenario is no text
compare(["boot"], () => { throw new Error(); });
`,
  );
  const types = join(consumer, "node_modules/@types");
  mkdirSync(types, { recursive: true });
  // For the examples, which use Node's own modules.
  symlinkSync(resolve("node_modules/@types/node"), join(types, "node"));
  const options = {
    module: "nodenext",
    moduleResolution: "nodenext",
    target: "es2023",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    allowJs: true,
    checkJs: true,
    types: ["node"],
  };
  writeFileSync(
    join(consumer, "tsconfig.json"),
    JSON.stringify({ compilerOptions: options, include: ["*.ts", "*.mjs"] }),
  );
  const { status, stdout } = spawnSync(resolve("node_modules/.bin/tsc"), ["-p", "."], {
    cwd: consumer,
    encoding: "utf8",
  });
  assert.is(stdout, "");
  assert.is(status, 0);
});

test.run();
