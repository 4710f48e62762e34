/**
 * How CPU time and memory grow with the guest's size, its vCPUs, events, runs and the bytes of a trace: writes
 * `results/growth.md`. `node --import tsx bench/growth.ts [CURVE...] [--skip N]`, where a curve is `guest`, `vcpus`,
 * `events`, `runs` or `bytes`, and N is how many steps of each are left out at its end. Each point is a process of its
 * own; the whole takes less than a quarter of an hour.
 */

import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { exponent } from "./harness/statistics.js";
import { machineText } from "./harness/table.js";
import { type ChildUsage, childUsage } from "./measure.js";

interface Point extends ChildUsage {
  /** How much there is of what grows. */
  readonly size: number;
  readonly label: string;
}

interface Curve {
  readonly name: string;
  readonly what: string;
  /** Words of the program for each step, the smallest first. */
  readonly steps: readonly { readonly size: number; readonly label: string; readonly words: Words }[];
}

type Words = readonly string[] | (() => readonly string[]);

const PROGRAM = "dist/cli/main.js";
const RESULTS = join(import.meta.dirname, "../results/growth.md");
const scratch = mkdtempSync(join(tmpdir(), "unaccepted-growth-"));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { skip: { type: "string", default: "0" } },
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
      words: run(`platform=${platform}`, `policy=${policy}`, `memory=${size}GiB`),
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
      // 142 bytes a line.
      const text = textOf(Math.ceil((size * 1e6) / 142 / REQUESTS_OF_PROCESS));
      const actual = statSync(text).size / 1e6;
      process.stderr.write(`${text}: ${actual.toFixed(1)} MB\n`);
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
function measureCurve({ what, steps }: Curve): Point[] {
  const points: Point[] = [];
  for (const { size, label, words } of steps.slice(0, steps.length - Number(values.skip))) {
    process.stderr.write(`${what}: ${label}\n`);
    try {
      points.push({ size, label, ...childUsage(typeof words === "function" ? words() : words) });
    } catch (error) {
      process.stderr.write(`${(error as Error).message}\n`);
      break;
    }
  }
  return points;
}

function sectionOf(curve: Curve, points: readonly Point[], node: ChildUsage): string {
  const beyond = points.map((point) => ({ ...point, cpuMs: Math.max(1, point.cpuMs - node.cpuMs) }));
  const whole = exponent(beyond.map(({ size, cpuMs }) => [size, cpuMs]));
  const end = exponent(beyond.slice(-2).map(({ size, cpuMs }) => [size, cpuMs]));
  const rows = beyond.map(
    ({ label, cpuMs, peakMiB }) =>
      `| ${label} | ${cpuMs.toFixed(0)} | ${Math.max(0, peakMiB - node.peakMiB).toFixed(0)} |`,
  );
  const missing = curve.steps.length - points.length;
  return [
    `## ${curve.what}`,
    "",
    `| size | CPU ms | MiB |\n|---|---|---|\n${rows.join("\n")}`,
    "",
    `CPU time grows with the power ${whole.toFixed(2)} of the size, ${end.toFixed(2)} over the last step.` +
      (missing > 0 ? ` ${missing} further steps did not end in time or were left out.` : ""),
  ].join("\n");
}

try {
  const wanted = CURVES.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const node = childUsage(["-e", "0"]);
  const sections = wanted.map((curve) => sectionOf(curve, measureCurve(curve), node));
  const text = [
    "# How time and memory grow",
    "",
    "CPU time and the largest resident set of a process of the program, beyond those of `node -e 0`; one process for each",
    "size. The power is the slope of a line through the logarithms. `node --import tsx bench/growth.ts` measures it.",
    "",
    `Measured on ${machineText()}.`,
    "",
    sections.join("\n\n"),
    "",
  ].join("\n");
  process.stdout.write(text);
  if (positionals.length === 0) writeFileSync(RESULTS, text);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
