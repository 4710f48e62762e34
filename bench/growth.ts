/**
 * How CPU time and memory grow with the guest's size, its vCPUs, events, runs and the bytes of a trace.
 * `node --import tsx bench/growth.ts [CURVE...] [--skip N] [--minutes M]`, where a curve is `guest`, `vcpus`, `events`, `runs` or `bytes`,
 * N is how many steps of each are left out at its end, and M, 5 if not said, how long one may take. Puts what it measured in place of what
 * `results/growth.json` has of the same curves, and prints all of that into `results/growth.md`. Each point is a
 * process of its own; the whole takes less than a quarter of an hour.
 */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { exponent } from "./harness/statistics.js";
import { machineText } from "./harness/table.js";
import { type ChildUsage, childUsage, PROGRAM } from "./measure.js";

interface Point extends ChildUsage {
  /** How much there is of what grows. */
  readonly size: number;
  readonly label: string;
}

/** A curve as `results/growth.json` has it. */
interface Measured {
  readonly name: string;
  readonly what: string;
  readonly machine: string;
  /** Beyond `node -e 0`. */
  readonly points: readonly Point[];
  /** Steps that did not end in time, or were left out. */
  readonly missing: number;
}

interface Curve {
  readonly name: string;
  readonly what: string;
  /** Words of the program for each step, the smallest first. */
  readonly steps: readonly { readonly size: number; readonly label: string; readonly words: Words }[];
}

type Words = readonly string[] | (() => readonly string[]);

const RESULTS = join(import.meta.dirname, "../results");
const scratch = mkdtempSync(join(tmpdir(), "unaccepted-growth-"));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { skip: { type: "string", default: "0" }, minutes: { type: "string", default: "5" } },
});

function run(...settings: readonly string[]): readonly string[] {
  return [PROGRAM, "run", "boot", ...settings.flatMap((one) => ["--set", one]), "--quiet"];
}

function guests(platform: string, policy: string): Curve {
  const sizes = [2, 6, 10, 14, 18, 22].map((log) => 2 ** log);
  return {
    name: "guest",
    what: `GiB of a guest, ${platform} ${policy}`,
    steps: sizes.map((size) => ({
      size,
      label: `${size} GiB`,
      // With host pages of 4 KiB the CPU of a TDX guest of 4 PiB works longer than its clock can count.
      words: run(`platform=${platform}`, `policy=${policy}`, `memory=${size}GiB`, "host.pageSize=2MiB"),
    })),
  };
}

function vcpus(platform: string): Curve {
  return {
    name: "vcpus",
    what: `vCPUs of a boot, ${platform} lazy, 16 GiB`,
    steps: [1, 4, 16, 64, 248, 1024].map((size) => ({
      size,
      label: String(size),
      words: run(`platform=${platform}`, "policy=lazy", "memory=16GiB", `vcpus=${size}`),
    })),
  };
}

/** A process of `generate:fork` makes some 88 requests. */
const REQUESTS_OF_PROCESS = 87.7;

const EVENTS: Curve = {
  name: "events",
  what: "requests replayed, generate:fork",
  steps: [4, 5, 6, 7, 8].map((log) => {
    const processes = Math.ceil(10 ** log / REQUESTS_OF_PROCESS);
    return {
      size: 10 ** log,
      label: `10^${log}`,
      words: run(
        "platform=tdx",
        "policy=lazy",
        "memory=16GiB",
        `workload=generate:fork?processes=${processes}`,
      ),
    };
  }),
};

const RUNS: Curve = {
  name: "runs",
  what: "runs of a sweep, guests of 1 GiB",
  steps: [2, 3, 4, 5].map((log) => {
    const count = 10 ** log;
    const study = join(scratch, `study-${log}.yaml`);
    return {
      size: count,
      label: `10^${log}`,
      words: () => {
        writeFileSync(
          study,
          `name: growth\nscenario: ${join(import.meta.dirname, "../workloads/boot.yaml")}\n` +
            "axes: { platform.kind: [tdx], policy: [lazy], memory: [1GiB], vcpus: [1] }\n" +
            `samples: { count: ${count}, seed: 1, ranges: { firmware.preAcceptLimit: { low: 128MiB, high: 1GiB } } }\n`,
        );
        return [PROGRAM, "sweep", study, "--out", join(scratch, `sweep-${log}`), "--yes", "--quiet"];
      },
    };
  }),
};

/** Of a line that tells of an allocation or a free, on average. */
const LINE_BYTES = 140;

/** A trace as text of tracefs, of so many processes; written before the measured step reads it. */
function textOf(processes: number): string {
  const trace = join(scratch, `${processes}.trace`);
  const text = join(scratch, `${processes}.txt`);
  const generate = ["trace", "generate", "fork", "--set", `processes=${processes}`];
  childUsage([PROGRAM, ...generate, "-o", trace, "--quiet"]);
  childUsage([PROGRAM, "trace", "export", trace, "-o", text, "--quiet"]);
  return text;
}

const BYTES: Curve = {
  name: "bytes",
  what: "MB of text of tracefs imported",
  steps: [1, 8, 64, 512].map((size) => ({
    size,
    label: `${size} MB`,
    words: () => {
      const text = textOf(Math.ceil((size * 1e6) / LINE_BYTES / REQUESTS_OF_PROCESS));
      return [PROGRAM, "trace", "import", text, "-o", join(scratch, "imported"), "--quiet"];
    },
  })),
};

const CURVES: readonly Curve[] = [
  guests("tdx", "lazy"),
  guests("tdx", "eager"),
  guests("snp", "lazy"),
  guests("snp", "eager"),
  vcpus("tdx"),
  vcpus("snp"),
  EVENTS,
  RUNS,
  BYTES,
];

/** Steps as far as they end in time. */
function measureCurve({ name, what, steps }: Curve): Measured {
  const points: Point[] = [];
  for (const { size, label, words } of steps.slice(0, steps.length - Number(values.skip))) {
    process.stderr.write(`${what}: ${label}\n`);
    try {
      const node = childUsage(["-e", "0"]);
      const { cpuMs, peakMiB } = childUsage(
        typeof words === "function" ? words() : words,
        60_000 * Number(values.minutes),
      );
      const beyond = { cpuMs: Math.round(cpuMs - node.cpuMs), peakMiB: Math.round(peakMiB - node.peakMiB) };
      points.push({ size, label, ...beyond });
    } catch (error) {
      process.stderr.write(`${(error as Error).message}\n`);
      break;
    }
  }
  return { name, what, machine: machineText(), points, missing: steps.length - points.length };
}

/** The slope over the last step is of two processes alone; that over all has the fixed cost of a process in it. */
function sectionOf({ what, machine, points, missing }: Measured): string {
  const rows = points.map(({ label, cpuMs, peakMiB }) => `| ${label} | ${cpuMs} | ${peakMiB} |`);
  const logs = points.map(({ size, cpuMs }) => [size, Math.max(1, cpuMs)] as const);
  const powers =
    points.length < 2
      ? ""
      : `CPU time grows with the power ${exponent(logs).toFixed(2)} of the size, ` +
        `${exponent(logs.slice(-2)).toFixed(2)} over the last step. `;
  const left =
    missing === 0
      ? ""
      : `Not measured: ${missing} further ${missing === 1 ? "step" : "steps"}, which did not end in time or were left out. `;
  return [
    `## ${what}`,
    "",
    `| size | CPU ms | MiB |\n|---|---|---|\n${rows.join("\n")}`,
    "",
    `${powers}${left}${machine}.`,
  ].join("\n");
}

const JSON_FILE = join(RESULTS, "growth.json");

function measuredBefore(): readonly Measured[] {
  return existsSync(JSON_FILE) ? (JSON.parse(readFileSync(JSON_FILE, "utf8")) as Measured[]) : [];
}

try {
  for (const curve of CURVES) {
    if (positionals.length > 0 && !positionals.includes(curve.name)) continue;
    const measured = measureCurve(curve);
    const all = new Map([...measuredBefore(), measured].map((one) => [one.what, one]));
    const order = CURVES.flatMap(({ what }) => all.get(what) ?? []);
    writeFileSync(JSON_FILE, `${JSON.stringify(order, null, 1)}\n`);
    const text = [
      "# How time and memory grow",
      "",
      "CPU time and the largest resident set of a process of the program, beyond those of `node -e 0`: one process for",
      "each size. The power is the slope of a line through the logarithms. `node --import tsx bench/growth.ts` measures all of",
      "it, with a curve's name (`guest`, `vcpus`, `events`, `runs`, `bytes`) only those.",
      "",
      order.map(sectionOf).join("\n\n"),
      "",
    ].join("\n");
    writeFileSync(join(RESULTS, "growth.md"), text);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
