import { stripVTControlCharacters } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatTable } from "../../src/report/rows.js";
import { measureNamed } from "../../src/results/measures.js";
import type { CompareRow } from "../../src/results/row.js";
import { GiB, MiB } from "../../src/units.js";
import { rowWith } from "../results/rows.js";
import { NO_WAITS } from "../results/waits.js";
import { paintWith, wide } from "./paint.js";

const test = suite("report: table");

const eager = (changes: Partial<CompareRow> = {}): CompareRow =>
  rowWith({
    policy: "eager",
    bootTimeNs: 21.7e9,
    bootRatio: 1,
    acceptedBytes: 64 * GiB,
    waits: { boot: NO_WAITS, workload: NO_WAITS },
    ...changes,
  });

/** The table without the notes below it. */
function bodyOf(rows: readonly CompareRow[]): string {
  const text = formatTable(rows, wide);
  return text.slice(text.indexOf("scenario "), text.search(/\n\n(?:\*|ratio):/));
}

test("two groups, literally", () => {
  const rows = [eager(), rowWith(), eager({ platform: "snp", memoryBytes: 4 * GiB })];
  assert.is(
    bodyOf(rows),
    `
scenario boot, Linux 6.12, 8 vCPUs, workload idle

policy    boot  ratio  overhead  waits  waited    max  assumed     host      p99    p99.9  accepted  touched
────────────────────────────────────────────────────────────────────────────────────────────────────────────
tdx, 64 GiB
lazy     5.5 s  3.94x  3.11 GiB      7   60 ms  21 ms     42 %  3.5 GiB  20.3 ms  20.9 ms     3 GiB  400 MiB
eager   21.7 s  1.00x  3.11 GiB      0       -      -     42 %  3.5 GiB        -        -    64 GiB  400 MiB

snp, 4 GiB
eager   21.7 s  1.00x  3.11 GiB      0       -      -     42 %  3.5 GiB        -        -    64 GiB  400 MiB`.trimStart(),
  );
});

test("rows of a group come together, the fastest boot first, and what did not get ready last", () => {
  const failed = rowWith({ platform: "snp", outcome: "oom", bootTimeNs: 1 });
  const rows = [eager(), eager({ platform: "snp" }), rowWith(), failed];
  const seen = [...bodyOf(rows).matchAll(/^(?:tdx|snp|eager|lazy)/gm)].map(([word]) => word);
  assert.equal(seen, ["tdx", "lazy", "eager", "snp", "eager", "lazy"]);
});

test("a run that no other one beats has a mark, and a policy its parameters where they differ", () => {
  const settings = { "strategy.rateBytes": 256 * MiB, "strategy.threads": 2, seed: 3 };
  const body = bodyOf([rowWith({ policy: "background", paretoOptimal: true, settings })]);
  assert.match(body, /\nbackground +5.5 s .*\n {2}rate=256 MiB\n {2}threads=2 \*(\n|$)/);
  assert.match(body, ", seed 3\n");
});

test("columns and order are what is asked for, the best of the first measure on top", () => {
  const rows = [rowWith({ exits: 9 }), rowWith({ policy: "background", exits: 3, bootTimeNs: 9e9 })];
  const text = formatTable(rows, wide, {
    columns: [measureNamed("exits"), measureNamed("waits.boot.p999Ns")],
    sort: [measureNamed("exits")],
  });
  assert.match(text, /\npolicy +exits +p99.9\n─+\ntdx, 64 GiB\nbackground +3 +20.9 ms\nlazy +9 +20.9 ms\n/);
  assert.match(text, "\nexits: times the guest left to its host");
});

test("two phases of one measure are told apart", () => {
  const columns = [measureNamed("waits.boot.maxNs"), measureNamed("waits.workload.maxNs")];
  assert.match(formatTable([rowWith()], wide, { columns }), /\npolicy +boot max +workload max\n/);
});

test("what differs among rows moves from the first line to the titles", () => {
  const body = bodyOf([
    rowWith({ vcpus: 1 }),
    rowWith({ settings: { seed: 2 } }),
    eager({ settings: { seed: 2 } }),
  ]);
  assert.match(body, /^scenario boot, Linux 6.12, workload idle\n/);
  assert.match(body, "\ntdx, 64 GiB, 1 vCPU\n");
  assert.match(body, "\ntdx, 64 GiB, 8 vCPUs, seed 2\n");
});

test("inputs with one run each are one part, with a column for each thing in which they differ", () => {
  const rows = [
    rowWith({ settings: { "guest.commandLine": "", "platform.parameters.tdcallNs": 900 } }),
    rowWith({ settings: { "guest.commandLine": "cma=8G", "platform.parameters.tdcallNs": 1500 } }),
    rowWith({ vcpus: 1, settings: { "host.pageSizeBytes": 4096 } }),
  ];
  const text = formatTable(rows, wide, { columns: [measureNamed("bootTimeNs")] });
  assert.match(text, "\n\ntdx, 64 GiB, scenario boot, Linux 6.12, workload idle\n");
  const lines = text.slice(text.indexOf("\npolicy ") + 1).split("\n");
  assert.match(lines[0]!, /^policy +vCPUs +guest\.commandLine +platform\.tdcallNs +host\.pageSize +boot$/);
  assert.match(lines[2]!, /^lazy +8 +- +900 ns +- +5\.5 s$/);
  assert.match(lines[3]!, /^lazy +8 +cma=8G +1\.5 us +- +5\.5 s$/);
  assert.match(lines[4]!, /^lazy +1 +- +- +4 KiB +5\.5 s$/);
});

test("a failed run shows its outcome instead of a boot time, and the reason below", () => {
  const body = bodyOf([rowWith({ outcome: "oom", reason: "no free page of order 0", bootRatio: null })]);
  assert.match(body, /\nlazy +OOM +- /);
  assert.match(body, "\n  oom after 5.5 s: no free page of order 0");
});

test("every outcome but ready has its word", () => {
  for (const [outcome, word] of [
    ["oom", "OOM"],
    ["deadline", "LATE"],
    ["terminated", "STOPPED"],
  ] as const) {
    assert.match(bodyOf([rowWith({ outcome, bootRatio: null })]), new RegExp(`\\nlazy +${word} `));
  }
});

test("no line is wider than 80 characters, however long names and numbers are", () => {
  const wideRow = rowWith({
    policy: "firmware-delegated",
    bootTimeNs: 999_400_000,
    bootRatio: 12.34,
    acceptedBytes: 1023 * MiB,
    touchedBytes: 1022 * MiB,
    hostBytes: 1023 * GiB,
    overheadBytes: 1021 * MiB,
    assumedShare: 0.001,
    outcome: "terminated",
    reason: "a reason in many words ".repeat(12),
  });
  const lines = formatTable([wideRow, rowWith({ platform: "snp" })]).split("\n");
  assert.equal(
    lines.filter((line) => line.length > 80),
    [],
  );
});

test("the notes say on how much the times rest", () => {
  const notes = formatTable([rowWith({ assumedShare: 0.12 }), rowWith({ assumedShare: 0.48 })]);
  assert.match(notes, "rests on assumed prices, 12 % to 48 % here");
  assert.match(formatTable([rowWith()]), "rests on assumed prices, 42 % here");
});

test("a warning against comparing platforms stands where there are two to compare", () => {
  assert.match(formatTable([rowWith(), rowWith({ platform: "snp" })]), "compare policies");
  assert.not.match(formatTable([rowWith(), rowWith({ platform: "none" })]), "compare policies");
});

test("paint goes around titles, failures and notes, and moves nothing", () => {
  const rows = [rowWith({ outcome: "oom", reason: "no page" }), eager(), eager({ platform: "snp" })];
  const painted = formatTable(
    rows,
    paintWith((role, text) => `\u001b[${role === "failure" ? 31 : 1}m${text}\u001b[0m`),
  );
  assert.match(painted, "\u001b[1mtdx, 64 GiB\u001b[0m");
  assert.match(painted, "\u001b[31mOOM\u001b[0m");
  assert.is(stripVTControlCharacters(painted), formatTable(rows));
});

test("a size that differs is named as a scenario file names it", () => {
  const rows = [4096, 2097152].flatMap((bytes) =>
    [rowWith, eager].map((row) => row({ settings: { "host.pageSizeBytes": bytes } })),
  );
  const table = formatTable(rows);
  assert.match(table, "host.pageSize 4 KiB");
  assert.match(table, "host.pageSize 2 MiB");
});

test("where kernels differ, it says what each of them changed, by which commit, and what that does to accepting", () => {
  const text = formatTable([
    rowWith({ kernel: "6.12", kernelRules: "6.12.75", acceptCalls: 12, exits: 3456 }),
    rowWith({ kernel: "6.11", kernelRules: "6.11", acceptCalls: 7, exits: 0 }),
  ]);
  assert.match(text, "\n  accept calls 12, exits 3,456\n");
  assert.match(text, "\n  accept calls 7, exits 0\n");
  const note = text.slice(text.indexOf("Linux 6.12 since 6.11: ")).replaceAll(/\s+/g, " ");
  assert.match(note, "accepts up to the promo watermark (5118e3d1bc13); ");
  assert.not.match(note, "807174a93d24");
  assert.not.match(formatTable([rowWith({ kernel: "6.12", kernelRules: "6.12.75" })]), "accept calls");
});

test.run();
