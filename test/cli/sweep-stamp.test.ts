// Takes 1 s.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { WorkloadLoader } from "../../src/cli/load-recording.js";
import { stampOf } from "../../src/cli/sweep/job.js";
import { parseStudy } from "../../src/study/sweep/study-file.js";
import type { RecordedRequests } from "../../src/workload/after-boot.js";
import { onlyLine, unaccepted } from "./program.js";

const test = suite("cli: the stamp of a sweep");

const line = (cpu: string, time: string, text: string): string =>
  `  sh-7  [${cpu}] .....  ${time}: ${text}\n`;
const alloc = (pfn: string, order = 0, gfp = "GFP_KERNEL"): string =>
  `mm_page_alloc: page=00000000cda9d0a2 pfn=${pfn} order=${order} migratetype=0 gfp_flags=${gfp}`;
const TRACE =
  "# tracer: nop\n#\n" +
  line("000", "1.000100", alloc("0x104300")) +
  line("001", "1.000200", alloc("0x104308", 3)) +
  line("000", "1.000300", alloc("0x104301")) +
  line("001", "1.000400", "mm_page_free: page=00000000cda9d0a2 pfn=0x104308 order=3");
const SCENARIO = "name: s\nworkload: trace.txt\nplatform: tdx\npolicy: lazy\nmemory: 1GiB\n";
const STUDY = "name: s\nscenario: s.yaml\naxes: { vcpus: [1, 2] }\n";

async function withFiles(use: (put: (name: string, text: string) => string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-stamp-"));
  const put = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  try {
    put("trace.txt", TRACE);
    put("s.yaml", SCENARIO);
    put("study.yaml", STUDY);
    await use(put);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test("every column, number and mark of every trace counts", async () => {
  await withFiles(async (put) => {
    const loader = new WorkloadLoader();
    loader.load(put("trace.txt", TRACE));
    const job = {
      study: parseStudy(STUDY, "s"),
      scenarioPath: "s",
      scenarioText: SCENARIO,
      version: "1",
      policyFiles: [],
    };
    const stamp = (recordings: ReadonlyMap<string, RecordedRequests>) => stampOf(job, recordings).sha256;
    const known = stamp(loader.recordings);
    const [path, own] = [...loader.recordings].find(([name]) => name.endsWith("trace.txt"))!;
    const changed = (requests: object, report = {}): string =>
      stamp(
        new Map([
          ...loader.recordings,
          [
            path,
            { ...own, requests: { ...own.requests, ...requests }, report: { ...own.report, ...report } },
          ],
        ]),
      );
    assert.is(changed({}), known);
    const columns = Object.entries(own.requests).filter(([, value]) => ArrayBuffer.isView(value));
    assert.ok(columns.length >= 7);
    for (const [name, column] of columns as [string, Uint8Array][]) {
      assert.is(changed({ [name]: column.slice() }), known, name);
      const other = column.slice();
      other[other.length - 2]! += 1;
      assert.is.not(changed({ [name]: other }), known, name);
    }
    assert.is.not(changed({ startNs: own.requests.startNs + 1 }), known);
    assert.is.not(changed({ marks: { ready: { request: 1, startNs: 1, endNs: 1 } } }), known);
    assert.is.not(changed({}, { lostEvents: 1 }), known);
  });
});

test("a column that is a window of a larger buffer counts as what it shows", () => {
  const whole = new Uint32Array([9, 1, 2, 9]);
  const stamp = (gfp: Uint32Array): string => {
    const own = { requests: { gfp } } as unknown as RecordedRequests;
    const job = {
      study: parseStudy(STUDY, "s"),
      scenarioPath: "s",
      scenarioText: "",
      version: "1",
      policyFiles: [],
    };
    return stampOf(job, new Map([["x", own]])).sha256;
  };
  assert.is(stamp(whole.subarray(1, 3)), stamp(new Uint32Array([1, 2])));
  assert.is.not(stamp(whole.subarray(1, 3)), stamp(whole.subarray(0, 2)));
});

test("a sweep does not go on when its trace, scenario, study or version has changed", async () => {
  await withFiles(async (put) => {
    const study = put("study.yaml", STUDY);
    const out = join(study, "../out");
    // Looks at everything, and runs nothing.
    const sweep = (to = out) => unaccepted(["sweep", study, "--out", to, "--missing"]);
    assert.is((await sweep()).code, 1);
    const stamp = readFileSync(join(out, "sweep.json"), "utf8");
    for (const [name, from, to, differs] of [
      ["trace.txt", "pfn=0x104308 order=3", "pfn=0x104308 order=2", "workloads"],
      ["trace.txt", "[001] .....  1.000400", "[000] .....  1.000400", "workloads"],
      ["trace.txt", "1.000300", "1.000301", "workloads"],
      ["trace.txt", "pfn=0x104301", "pfn=0x104302", "workloads"],
      ["trace.txt", "GFP_KERNEL\n", "GFP_ATOMIC\n", "workloads"],
      ["trace.txt", "sh-7", "sh-8", "workloads"],
      ["s.yaml", "policy: lazy", "policy: eager", "scenario"],
      ["study.yaml", "[1, 2]", "[1, 4]", "study"],
      ["study.yaml", "name: s\n", "name: s\ndescription: other\n", "study"],
    ] as const) {
      const before = { "trace.txt": TRACE, "s.yaml": SCENARIO, "study.yaml": STUDY }[name];
      put(name, before.replace(from, to));
      const { code, stdout, stderr } = await sweep();
      assert.equal([code, stdout], [2, ""], to);
      assert.match(onlyLine(stderr), `what differs: ${differs}); take another directory for s, `);
      put(name, before);
    }
    assert.is((await sweep()).code, 1);
    assert.is(readFileSync(join(out, "sweep.json"), "utf8"), stamp);
    assert.not(existsSync(join(out, "parts/000000.jsonl")));
  });
});

test("the code of a policy's file counts, and not its path", () => {
  const job = { study: parseStudy(STUDY, "s"), scenarioPath: "s", scenarioText: "", version: "1" };
  const stamp = (path: string, text: string): string =>
    stampOf({ ...job, policyFiles: [{ path, text }] }, new Map()).sha256;
  assert.is(stamp("./a.mjs", "1"), stamp("./b.mjs", "1"));
  assert.is.not(stamp("./a.mjs", "1"), stamp("./a.mjs", "2"));
  assert.is.not(stamp("./a.mjs", "1"), stampOf({ ...job, policyFiles: [] }, new Map()).sha256);
});

test("another version is another sweep", () => {
  const job = {
    study: parseStudy(STUDY, "s"),
    scenarioPath: "s",
    scenarioText: "",
    version: "1",
    policyFiles: [],
  };
  assert.is.not(stampOf(job, new Map()).sha256, stampOf({ ...job, version: "2" }, new Map()).sha256);
});

test("a sweep whose rows have other names is neither continued nor merged", async () => {
  await withFiles(async (put) => {
    const study = put("study.yaml", STUDY);
    const out = join(study, "../out");
    assert.is((await unaccepted(["sweep", study, "--out", out, "--missing"])).code, 1);
    const stamp = join(out, "sweep.json");
    writeFileSync(stamp, readFileSync(stamp, "utf8").replace('"schemaVersion": 2', '"schemaVersion": 1'));
    for (const argv of [
      ["sweep", study, "--out", out],
      ["merge", out, "--out", join(out, "merged")],
    ]) {
      const { code, stderr } = await unaccepted(argv);
      assert.is(code, 2);
      assert.match(onlyLine(stderr), /out\/sweep\.json: expected schemaVersion 2, found 1; run again/);
    }
  });
});

test.run();
