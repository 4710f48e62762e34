// Takes 1 s.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { onlyLine, unaccepted, withFiles } from "./program.js";

const test = suite("cli: diff");

type Document = { rows: Record<string, unknown>[]; schemaVersion?: unknown };

/** Results of two runs, eager and lazy, and what a change makes of them; in two files. */
async function withResults(
  change: (document: Document) => void,
  use: (a: string, b: string) => Promise<void>,
): Promise<void> {
  await withFiles(async ({ scenario, directory }) => {
    const { stdout } = await unaccepted(["compare", scenario, "--json"]);
    const [a, b] = [join(directory, "a.json"), join(directory, "b.json")];
    const document = JSON.parse(stdout) as Document;
    change(document);
    writeFileSync(a, stdout);
    writeFileSync(b, JSON.stringify(document, undefined, 2));
    await use(a, b);
  });
}

const slowLazy = ({ rows }: Document): void => void Object.assign(rows[1]!, { bootTimeNs: 4.4e9 });

test("what differs is told, and exit 0 says that it was compared", async () => {
  await withResults(slowLazy, async (a, b) => {
    const { code, stdout, stderr } = await unaccepted(["diff", a, b]);
    assert.equal([code, stderr], [0, ""]);
    assert.match(stdout, /^B is 10 % slower to boot on 1 of 2 runs/);
    const same = await unaccepted(["diff", a, a]);
    assert.equal([same.code, same.stdout.split("\n")[0]], [0, "B is the same as A in all 2 runs."]);
  });
});

test("each format is there, and JSON and CSV are nothing but data", async () => {
  await withResults(slowLazy, async (a, b) => {
    const { stdout: json } = await unaccepted(["diff", a, b, "--json"]);
    assert.is((JSON.parse(json) as { pairs: unknown[] }).pairs.length, 2);
    const { stdout: csv } = await unaccepted(["diff", a, b, "--format", "csv"]);
    assert.match(csv, /^scenario,platform,.*\r\nboot,tdx,lazy,.*,bootTimeNs,4000000000,4400000000,/);
    const { stdout: md } = await unaccepted(["diff", a, b, "--format", "md"]);
    assert.match(md, /\n\| run \| measure \| A \| B \|/);
    const { code, stderr } = await unaccepted(["diff", a, b, "--format", "jsonl"]);
    assert.equal(
      [code, onlyLine(stderr)],
      [2, "unaccepted: --format jsonl: expected one of table, json, csv, md"],
    );
  });
});

test("--fail-on compares B with its like in A", async () => {
  await withResults(slowLazy, async (a, b) => {
    const held = await unaccepted(["diff", a, b, "--fail-on", "bootTimeNs>1.05*baseline"]);
    assert.equal(
      [held.code, onlyLine(held.stderr)],
      [1, "--fail-on bootTimeNs>1.05*baseline: lazy on tdx, 4 GiB, 1 vCPU"],
    );
    const kept = await unaccepted(["diff", a, b, "--fail-on", "bootTimeNs>1.2*baseline"]);
    assert.equal([kept.code, kept.stderr], [0, ""]);
    const back = await unaccepted(["diff", b, a, "--fail-on", "bootTimeNs>baseline"]);
    assert.is(back.code, 0);
    const absolute = await unaccepted(["diff", a, b, "--fail-on", "bootTimeNs>10s"]);
    assert.match(onlyLine(absolute.stderr), /: eager on tdx/);
  });
});

test("a condition that cannot be looked at does not hold in silence", async () => {
  const lacks = ({ rows }: Document): void => {
    rows.shift();
    rows[0]!.totalTimeNs = 5e9;
  };
  await withResults(lacks, async (a, b) => {
    const { code, stderr } = await unaccepted(["diff", a, b, "--fail-on", "totalTimeNs>baseline"]);
    assert.is(code, 1);
    assert.equal(stderr.trimEnd().split("\n"), [
      "--fail-on totalTimeNs>baseline: cannot be said of lazy on tdx, 4 GiB, 1 vCPU: only B has it",
      "--fail-on totalTimeNs>baseline: cannot be said of eager on tdx, 4 GiB, 1 vCPU: it is only in A",
    ]);
    const unknown = await unaccepted(["diff", a, b, "--fail-on", "drain.timeNs>1s"]);
    assert.equal(
      [unknown.code, onlyLine(unknown.stderr)],
      [2, "unaccepted: --fail-on drain.timeNs>1s: no row has drain.timeNs"],
    );
    const misspelt = await unaccepted(["diff", a, b, "--fail-on", "bootTimNs>1s"]);
    assert.match(onlyLine(misspelt.stderr), /--fail-on bootTimNs>1s: column 1: .*did you mean bootTimeNs/);
  });
});

test("a run that fails only in B is exit 1", async () => {
  const fails = ({ rows }: Document): void =>
    void Object.assign(rows[0]!, { outcome: "oom", reason: "no page" });
  await withResults(fails, async (a, b) => {
    const { code, stdout, stderr } = await unaccepted(["diff", a, b]);
    assert.equal([code, onlyLine(stderr)], [1, "fails in B and not in A: eager on tdx, 4 GiB, 1 vCPU"]);
    assert.match(stdout, /^B does not get ready on 1 of 2 runs where A gets ready: oom\./);
    assert.is((await unaccepted(["diff", b, a])).code, 0);
    assert.is((await unaccepted(["diff", b, b])).code, 0);
  });
  const problem = ({ rows }: Document): void =>
    void Object.assign(rows[0]!, { problems: [{ what: "kexec", text: "kexec failed", fails: true }] });
  await withResults(problem, async (a, b) => assert.is((await unaccepted(["diff", a, b])).code, 1));
});

test("fields that this version does not know are told, but for --quiet", async () => {
  await withResults(
    ({ rows }) => void Object.assign(rows[0]!, { colour: "red" }),
    async (a, b) => {
      const { stderr } = await unaccepted(["diff", a, b]);
      assert.is(onlyLine(stderr), `${b}: not compared, as this version does not know it: colour`);
      assert.is((await unaccepted(["diff", a, b, "--quiet"])).stderr, "");
    },
  );
});

test("files that cannot be compared are one line with their place, and exit 2", async () => {
  for (const [change, complaint] of [
    [
      (document: Document) => void Object.assign(document, { schemaVersion: 1 }),
      /b\.json: expected schemaVersion 2, found 1; run again/,
    ],
    [
      ({ rows }: Document) => void Object.assign(rows[1]!, { vcpus: "one" }),
      /b\.json:\d+:\d+: rows\[1\]\.vcpus: expected a number \(count\), found "one"$/,
    ],
    [({ rows }: Document) => void rows.splice(0), /b\.json: expected rows, found none$/],
    [
      ({ rows }: Document) => {
        for (const row of rows) row.kernel = "6.12";
      },
      /no row of one ran on what a row of the other did: kernel is 7\.3 in A and 6\.12 in B$/,
    ],
  ] as const) {
    await withResults(change, async (a, b) => {
      const { code, stdout, stderr } = await unaccepted(["diff", a, b]);
      assert.equal([code, stdout], [2, ""]);
      assert.match(onlyLine(stderr), complaint);
    });
  }
  await withResults(slowLazy, async (a, b) => {
    writeFileSync(b, '{ "schemaVersion": 2,\n"rows": [ }');
    assert.match(onlyLine((await unaccepted(["diff", a, b])).stderr), /b\.json:2:11: expected JSON: /);
    const { code, stderr } = await unaccepted(["diff", a]);
    assert.equal([code, onlyLine(stderr)], [2, "unaccepted: expected two result files, A and B, found 1"]);
    assert.match(onlyLine((await unaccepted(["diff", a, `${a}x`])).stderr), /no such file/);
  });
});

test.run();
