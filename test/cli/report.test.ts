// Takes 5 s.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runScenario } from "../../src/study/run-scenario.js";
import { onlyLine, unaccepted, withFiles } from "./program.js";

const test = suite("cli: report");

/** What compare printed, in a file of its own. */
async function compared(scenario: string, directory: string): Promise<string> {
  const { stdout } = await unaccepted(["compare", scenario, "--json"]);
  const path = join(directory, "rows.json");
  writeFileSync(path, stdout);
  return path;
}

test("compare's JSON becomes a page, and its size is told", async () => {
  await withFiles(async ({ scenario, directory }) => {
    const rows = await compared(scenario, directory);
    const output = join(directory, "page.html");
    const { code, stdout, stderr } = await unaccepted(["report", rows, "-o", output]);
    assert.is(code, 0);
    assert.is(stdout, "");
    const page = readFileSync(output);
    assert.is(onlyLine(stderr), `wrote ${output} (${(page.length / 1024).toFixed(1)} KiB)`);
    assert.match(page.toString(), /^<!DOCTYPE html>\n<html lang="en">/);
    assert.match(page.toString(), "<h1>Report on rows.json</h1>");
  });
});

test("a directory that --out filled gets its page, and what is no result is left out and named", async () => {
  await withFiles(async ({ scenario, directory }) => {
    const out = join(directory, "out");
    await unaccepted(["compare", scenario, "--out", out]);
    writeFileSync(join(out, "package.json"), "{}");
    const { code, stderr } = await unaccepted(["report", out]);
    assert.is(code, 0);
    const [left, wrote] = stderr.trimEnd().split("\n");
    assert.match(left!, /^left out: .*out\/package\.json: expected schemaVersion 2, found none; run again/);
    assert.match(wrote!, /^wrote .*out\/report\.html \(\d/);
    assert.match(readFileSync(join(out, "report.html"), "utf8"), /Report on [\w-]+\.json</);
  });
});

test("a sweep's directory shows its rows, and its stamp is none", async () => {
  await withFiles(async ({ scenario, directory }) => {
    const { stdout } = await unaccepted(["compare", scenario, "--format", "jsonl"]);
    const out = join(directory, "sweep");
    mkdirSync(out);
    writeFileSync(join(out, "runs.jsonl"), stdout);
    writeFileSync(join(out, "sweep.json"), '{"schemaVersion":2,"study":"x"}');
    const { code, stderr } = await unaccepted(["report", out]);
    assert.is(code, 0);
    assert.match(onlyLine(stderr), /^wrote /);
    assert.match(readFileSync(join(out, "report.html"), "utf8"), "<h1>Report on runs.jsonl</h1>");
  });
});

test("files of the same name keep their directories", async () => {
  await withFiles(async ({ scenario, directory }) => {
    const rows = readFileSync(await compared(scenario, directory));
    const paths = ["a/rows.json", "b/rows.json"].map((name) => join(directory, name));
    for (const path of paths) {
      mkdirSync(dirname(path));
      writeFileSync(path, rows);
    }
    const output = join(directory, "page.html");
    await unaccepted(["report", ...paths, "-o", output]);
    const titles = Array.from(
      readFileSync(output, "utf8").matchAll(/<h2[^>]*>([^:]*):/g),
      ([, name]) => name!,
    );
    assert.equal(titles, paths);
  });
});

test("what cannot be read is one line, and no page", async () => {
  await withFiles(async ({ scenario, directory }) => {
    const results = join(directory, "some.json");
    const page = join(directory, "page.html");
    const rows = JSON.parse(readFileSync(await compared(scenario, directory), "utf8"));
    delete rows.rows[0].hostBytes;
    for (const [content, complaint] of [
      ["{", /some\.json:1:2: expected JSON: /],
      ['{"schemaVersion":1,"rows":[]}', /some\.json: expected schemaVersion 2, found 1; run again/],
      [
        '{"schemaVersion":2,"cells":[]}',
        /some\.json: expected the JSON of run, compare, .*, found one with cells$/,
      ],
      ['{"schemaVersion":2,"rows":[]}', /some\.json: expected rows, found none$/],
      [
        JSON.stringify(rows),
        /some\.json: rows\[0\]\.hostBytes: expected bytes, found none; run again what made it$/,
      ],
    ] as const) {
      writeFileSync(results, content);
      const { code, stdout, stderr } = await unaccepted(["report", results, "-o", page]);
      assert.is(code, 2);
      assert.is(stdout, "");
      assert.match(onlyLine(stderr), complaint);
      assert.not(existsSync(page));
    }
    const empty = join(directory, "empty");
    mkdirSync(empty);
    for (const [argv, complaint] of [
      [["report"], /expected a result file, such as compare --json prints it, or a directory/],
      [["report", results], /expected -o, the HTML file to write; a single directory needs none$/],
      [["report", empty, empty], /expected -o, the HTML file to write/],
      [
        ["report", empty],
        /empty: expected results in it, as --out writes them \(NAME\.json, runs\.jsonl\), found none$/,
      ],
      [["report", join(directory, "none.json"), "-o", page], /none\.json: no such file/],
      [["report", results, "-o", join(directory, "none", "page.html")], /page\.html: cannot write: /],
    ] as const) {
      writeFileSync(results, readFileSync(join(directory, "rows.json")));
      const { code, stderr } = await unaccepted([...argv]);
      assert.is(code, 2);
      assert.match(onlyLine(stderr), complaint);
    }
    assert.not(existsSync(page));
  });
});

test("an interruption leaves no page and no half of one", async () => {
  await withFiles(async ({ scenario, directory }) => {
    const rows = await compared(scenario, directory);
    const before = readdirSync(directory);
    const page = join(directory, "page.html");
    const { code } = await unaccepted(["report", rows, "-o", page], { interrupted: AbortSignal.abort() });
    assert.is(code, 130);
    assert.equal(readdirSync(directory), before);
  });
});

/** Lists of all kinds of settings, and a price of its own. */
const SETTINGS = `
name: settings
platform: { kind: tdx, tdcallNs: [700ns, 900ns] }
memory: 1GiB
policy: background
workload: generate:heap?size=16MiB
host: { pageSize: [4KiB, 2MiB] }
strategy: { rate: [64MiB, 256MiB] }
firmware: { preAcceptLimit: [256MiB, all] }
`;

test("its command lines make the same runs", async () => {
  await withFiles(async ({ directory }) => {
    const scenario = join(directory, "settings.yaml");
    writeFileSync(scenario, SETTINGS);
    const { stdout } = await unaccepted(["compare", scenario, "--json"], { runScenario });
    const [results, page] = [join(directory, "rows.json"), join(directory, "page.html")];
    writeFileSync(results, stdout);
    await unaccepted(["report", results, "-o", page]);
    const { rows } = JSON.parse(stdout) as { readonly rows: readonly { readonly bootTimeNs: number }[] };
    const details = /A command line for each run<\/summary>(.*?)<\/details>/s.exec(
      readFileSync(page, "utf8"),
    )![1]!;
    const commands = Array.from(
      details.matchAll(/unaccepted (run settings\.yaml .*)/g),
      ([, words]) => words!,
    );
    assert.is(commands.length, 16);
    for (const at of [0, 7, 10]) {
      const words = commands[at]!.replaceAll("&#39;", "").replace("settings.yaml", scenario).split(" ");
      const again = await unaccepted([...words, "--json"], { runScenario });
      assert.is(again.code, 0, again.stderr);
      assert.is(JSON.parse(again.stdout).rows[0].bootTimeNs, rows[at]!.bootTimeNs, commands[at]);
    }
  });
});

test("all of compare's nine policies on six machines stay far below 2 MiB", async () => {
  await withFiles(async ({ directory }) => {
    const rows = await compared("strategies", directory);
    const page = join(directory, "page.html");
    const { code } = await unaccepted(["report", rows, "-o", page]);
    assert.is(code, 0);
    const bytes = readFileSync(page).length;
    assert.ok(bytes > 50_000 && bytes < 2 ** 20, `${bytes} bytes`);
  });
});

test.run();
