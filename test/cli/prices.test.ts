// Takes 5 s.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PLATFORMS } from "../../src/coco/platforms.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { onlyLine, simulating, unaccepted, withFiles, withoutCount } from "./program.js";

const test = suite("cli: prices of machines");

/** A file of prices in which a launch takes so long. */
function prices(name: string, launch: string, more: object = {}): string {
  const price = { value: launch, low: launch, high: launch, basis: "measured", source: "a clock" };
  return JSON.stringify({ name, platform: "tdx", prices: { launchNs: price }, ...more });
}

type Row = Readonly<Record<string, unknown>> & { readonly eventPrices: Readonly<Record<string, number>> };

async function rows(...argv: string[]): Promise<readonly Row[]> {
  const { code, stdout, stderr } = await unaccepted([...argv, "--json"], { runScenario });
  assert.is(code, 0, stderr);
  return JSON.parse(stdout).rows;
}

test("a file is relative to the scenario that names it, and to the working directory where a flag does", async () => {
  await withFiles(async ({ directory, scenario }) => {
    mkdirSync(join(directory, "machines"));
    writeFileSync(join(directory, "machines/a.yaml"), prices("a", "1s"));
    writeFileSync(scenario, `${readFileSync(scenario, "utf8")}prices: [default, machines/a.yaml]\n`);
    const told = (all: readonly Row[]): unknown[] =>
      all.map((row) => [row.prices, row.policy, row.eventPrices.launch]);
    assert.equal(told(await rows("compare", scenario)), [
      ["default", "eager", 140e6],
      ["default", "lazy", 140e6],
      ["a", "eager", 1e9],
      ["a", "lazy", 1e9],
    ]);
    const typed = join(directory, "machines/../machines/a.yaml");
    assert.equal(told(await rows("compare", scenario, "--prices", typed, "--policy", "lazy")), [
      ["a", "lazy", 1e9],
    ]);
    const nearer = await rows("compare", scenario, "--prices", typed, "--set", "platform.launchNs=2s");
    assert.equal(
      nearer.map(({ eventPrices }) => eventPrices.launch),
      [2e9, 2e9],
      "what the user sets goes first",
    );
  });
});

test("a price that was measured is no part of what is assumed, and moves no range", async () => {
  await withFiles(async ({ directory, scenario }) => {
    writeFileSync(join(directory, "a.yaml"), prices("a", "1s"));
    const own = await rows(
      "compare",
      scenario,
      "--prices",
      `default,${directory}/a.yaml`,
      "--policy",
      "lazy",
    );
    assert.equal(
      own.map(({ bootAssumedNs, assumedPrices }) => [
        "launchNs" in (bootAssumedNs as object),
        "launchNs" in (assumedPrices as object),
      ]),
      [
        [true, true],
        [false, false],
      ],
    );
    const [ratioDefault, ratioA] = own.map(({ assumedShare }) => assumedShare as number);
    assert.ok(ratioA! < ratioDefault!);
  });
});

test("a set of another platform makes no run, which is said; none left is an error", async () => {
  await withFiles(async ({ directory, scenario }) => {
    writeFileSync(join(directory, "a.yaml"), prices("a", "1s"));
    writeFileSync(join(directory, "b.yaml"), prices("b", "1s", { platform: "snp" }));
    const both = `${directory}/a.yaml,${directory}/b.yaml`;
    const some = await unaccepted(["compare", scenario, "--prices", both, "--json"], { runScenario });
    assert.equal(
      JSON.parse(some.stdout).rows.map((row: Row) => row.prices),
      ["a", "a"],
    );
    assert.is(withoutCount(some.stderr), "prices b: of platform snp, on which nothing runs\n");
    const none = await unaccepted(["compare", scenario, "--prices", `${directory}/b.yaml`]);
    assert.is(none.code, 2);
    assert.match(
      onlyLine(none.stderr),
      /--prices .*: prices: expected prices of platform tdx, found .*b\.yaml of snp/,
    );
  });
});

test("a mistake in a file of prices has its place there; a name that two files have is refused", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const put = (file: string, text: string): string => {
      writeFileSync(join(directory, file), text);
      return join(directory, file);
    };
    const wrong = put("a.yaml", "name: a\nplatform: tdx\nprices:\n  launchNs: 4s\n");
    const damaged = await unaccepted(["run", scenario, "--policy", "lazy", "--prices", wrong]);
    assert.is(damaged.code, 2);
    assert.match(onlyLine(damaged.stderr), /a\.yaml:4:13: prices\.launchNs: expected a mapping, found "4s"$/);
    const [one, other] = [put("one.yaml", prices("a", "1s")), put("other.yaml", prices("a", "2s"))];
    const twice = await unaccepted(["compare", scenario, "--prices", `${one},${other}`]);
    assert.is(twice.code, 2);
    assert.match(
      onlyLine(twice.stderr),
      /other\.yaml: has the name of .*one\.yaml, a, and rows would not tell/,
    );
    const absent = await unaccepted(["run", scenario, "--policy", "lazy", "--prices", "./none.yaml"]);
    assert.match(onlyLine(absent.stderr), /none\.yaml: no such file/);
    const unknown = await unaccepted(["run", scenario, "--policy", "lazy", "--prices", "defalt"]);
    assert.match(
      onlyLine(unknown.stderr),
      /prices: expected one of default.*found "defalt", did you mean default\?$/,
    );
  });
});

test("a sweep takes prices as a flag and as an axis; other contents make another sweep", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const [file, study, out] = ["a.yaml", "study.yaml", "out"].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    const told = (): unknown[] =>
      readFileSync(join(out, "runs.jsonl"), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line))
        .map((row) => [row.point, row.platform, row.prices, row.eventPrices.launch]);
    writeFileSync(file, prices("a", "1s"));
    writeFileSync(scenario, readFileSync(scenario, "utf8").replace("[eager, lazy]", "lazy"));
    writeFileSync(
      study,
      "name: s\nscenario: boot.yaml\naxes: { platform.kind: [tdx, snp], prices: [default, a.yaml] }\n",
    );
    const run = () => simulating(["sweep", study, "--out", out, "--quiet", "--jobs", "1"]);
    assert.is((await run()).code, 0);
    assert.equal(told(), [
      [0, "tdx", "default", 140e6],
      [1, "tdx", "a", 1e9],
      [2, "snp", "default", PLATFORMS.snp.parameters.launchNs!.value],
    ]);
    writeFileSync(file, prices("a", "2s"));
    const other = await run();
    assert.is(other.code, 2);
    assert.match(onlyLine(other.stderr), /prices/);
    writeFileSync(study, "name: s\nscenario: boot.yaml\naxes: { vcpus: [1] }\n");
    const flagged = join(directory, "flagged");
    const argv = ["sweep", study, "--out", flagged, "--prices", `default,${file}`, "--quiet", "--jobs", "1"];
    assert.is((await unaccepted(argv)).code, 0);
    const lines = readFileSync(join(flagged, "runs.jsonl"), "utf8").trimEnd().split("\n");
    assert.equal(
      lines.map((line) => JSON.parse(line).prices),
      ["default", "a"],
    );
  });
});

test("largest and tune tell guests at several prices apart", async () => {
  await withFiles(async ({ directory, scenario }) => {
    writeFileSync(join(directory, "a.yaml"), prices("a", "1s"));
    const both = ["--policy", "lazy", "--prices", `default,${directory}/a.yaml`];
    const argv = ["largest", scenario, ...both, "--deadline", "60s", "--no-uncertainty"];
    const { stdout } = await unaccepted(argv);
    assert.match(stdout, /^On tdx at the prices default lazy boots .*\nOn tdx at the prices a lazy boots /);
    assert.match(stdout, /^policy +platform +prices +vCPUs/m);
    const { rows: json } = JSON.parse((await unaccepted([...argv, "--json"])).stdout);
    assert.equal(
      json.map((row: { prices: string }) => row.prices),
      ["default", "a"],
    );
    const knob = ["--knob", "host.pageSize=4KiB,2MiB", "--json"];
    const { guests } = JSON.parse((await unaccepted(["tune", scenario, ...both, ...knob])).stdout);
    assert.equal(
      guests.map((guest: { prices: string }) => guest.prices),
      ["default", "a"],
    );
  });
});

test("the matrix of sizes takes prices, each on its platform", async () => {
  const argv = ["matrix", "--sizes", "512MiB", "--edk2", "2026.08", "--kernel", "7.3", "--json"];
  const { code, stdout } = await unaccepted([...argv, "--prices", "default,tdx-2024-intel-lab"]);
  assert.is(code, 0);
  const cells: Record<string, unknown>[] = JSON.parse(stdout).cells;
  assert.equal(cells.map(({ platform, prices }) => `${String(platform)} ${String(prices)}`).toSorted(), [
    "snp default",
    "tdx default",
    "tdx tdx-2024-intel-lab",
  ]);
  const [own, lab] = ["default", "tdx-2024-intel-lab"].map((name) =>
    cells.find(({ platform, prices }) => platform === "tdx" && prices === name),
  );
  assert.ok((lab!.bootTimeNs as number) < (own!.bootTimeNs as number));
});

test("a table says which prices its rows have, and none where all have the platform's own", async () => {
  await withFiles(async ({ directory, scenario }) => {
    writeFileSync(join(directory, "a.yaml"), prices("a", "1s"));
    const table = async (...argv: string[]): Promise<string> =>
      (await unaccepted(["compare", scenario, ...argv], { runScenario })).stdout;
    const both = await table("--prices", `default,${directory}/a.yaml`);
    assert.match(both, /^tdx, 4 GiB, prices default$/m);
    assert.match(both, /^tdx, 4 GiB, prices a$/m);
    assert.match(
      await table("--prices", `default,${directory}/a.yaml`, "--policy", "lazy"),
      /^policy +prices +boot/m,
    );
    assert.not.match(await table(), /prices default/);
    assert.match(await table("--prices", `${directory}/a.yaml`), /^scenario boot, prices a, Linux/m);
  });
});

test.run();
