import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { gzipSync } from "node:zlib";
import { main } from "../../src/cli/cli.js";
import type { CliIo, RunScenario } from "../../src/cli/io.js";
import { kernelRelease } from "../../src/linux/kernel-rules.js";
import { remarksBefore } from "../../src/study/remarks.js";
import { resultWith } from "../results/rows.js";

/** What the program did. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where the program runs, as far as a test wants something else than a pipe and no environment. */
export interface World {
  readonly isTTY?: boolean;
  readonly env?: CliIo["env"];
  readonly interrupted?: AbortSignal;
  readonly confirm?: CliIo["confirm"];
  /** Answers runs in the place of the simulator; `fakeRun` if not given, the simulator itself for null. */
  readonly runScenario?: RunScenario | null;
}

/** Runs the program within this process. */
export async function unaccepted(argv: readonly string[], world: World = {}): Promise<Ended> {
  const [stdout, stderr] = [new Captured(world.isTTY ?? false), new Captured(world.isTTY ?? false)];
  const code = await main(argv, {
    io: {
      stdout,
      stderr,
      env: world.env ?? {},
      interrupted: world.interrupted ?? new AbortController().signal,
      ...(world.confirm === undefined ? {} : { confirm: world.confirm }),
    },
    ...(world.runScenario === null ? {} : { runScenario: world.runScenario ?? fakeRun }),
    program: () => import("../../src/cli/program.js"),
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** The same with runs that are simulated, on several threads where the program wants them. */
export function simulating(argv: readonly string[], world: Omit<World, "runScenario"> = {}): Promise<Ended> {
  return unaccepted(argv, { ...world, runScenario: null });
}

const BOOT_TIME_NS: Readonly<Record<string, number>> = { eager: 12e9, lazy: 4e9, "firmware-delegated": 24e9 };

/** Answers without simulating, with what the scenario says. */
export const fakeRun: RunScenario = (scenario, loaded) => {
  const remarks = remarksBefore(scenario, loaded);
  return resultWith({
    scenario: scenario.name,
    platform: scenario.platform.kind,
    policy: scenario.policy,
    kernel: scenario.kernel,
    prices: scenario.prices?.name ?? "default",
    kernelRules: kernelRelease(scenario.kernel).rulesOf,
    memoryBytes: scenario.memoryBytes,
    vcpus: scenario.vcpus,
    workload: loaded.recording.name,
    boot: loaded.recording.name,
    bootTimeNs: BOOT_TIME_NS[scenario.policy] ?? 5e9,
    ...(remarks.length === 0 ? {} : { remarks }),
  });
};

/** What stderr says beside how many runs there are. */
export function withoutCount(stderr: string): string {
  return stderr.replace(/^(?:at most )?[\d,]+ runs to make\n/m, "");
}

class Captured extends Writable {
  text = "";
  readonly isTTY: boolean;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString("utf8");
    done();
  }
}

const TRACE = `# tracer: nop
#
          <idle>-0       [000] d..1.     0.436965: mm_page_alloc: page=00000000cda9d0a2 pfn=0x10430b order=0 migratetype=0 gfp_flags=GFP_KERNEL
          <idle>-0       [000] d..1.     0.437065: mm_page_free: page=00000000cda9d0a2 pfn=0x10430b order=0
`;

const RECORDING = `
schemaVersion: 1
name: tiny
kernel: "6.12.95"
command: { machine: qemu-system-x86_64 -m 4G, kernel: console=ttyS0 }
recordedWith: tracefs
date: "2026-11-21"
machine:
  memory: 4GiB
  vcpus: 1
  nodes: 1
  zones:
    - { node: 0, name: DMA32, start: 0x1000000, end: 0x100000000 }
    - { node: 0, name: Normal, start: 0x100000000, end: 0x140000000 }
clock:
  statement: emulated
  timeScale: { value: 0.1, low: 0.05, high: 0.2, basis: assumed, source: test }
trace: { file: trace.txt.gz, sha256: SHA256 }
reserved: []
milestones: {}
modelled: []
beforeTracing: { pages: 0, source: test }
instrument: { pages: 0, source: test }
`;

/** A directory with a scenario file and a recording, gone after `use`. */
export async function withFiles(
  use: (files: { readonly directory: string; readonly scenario: string }) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-cli-"));
  try {
    const trace = gzipSync(TRACE);
    mkdirSync(join(directory, "tiny"));
    writeFileSync(join(directory, "tiny/trace.txt.gz"), trace);
    const sha256 = createHash("sha256").update(trace).digest("hex");
    writeFileSync(join(directory, "tiny/recording.yaml"), RECORDING.replace("SHA256", sha256));
    const scenario = join(directory, "boot.yaml");
    writeFileSync(
      scenario,
      "name: boot\nworkload: tiny/recording.yaml\nplatform: tdx\npolicy: [eager, lazy]\nmemory: 4GiB\n",
    );
    await use({ directory, scenario });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The only line of a text, without its newline; throws where there are more or none. */
export function onlyLine(text: string): string {
  const [line, end, ...more] = text.split("\n");
  if (line === undefined || line === "" || end !== "" || more.length > 0) {
    throw new Error(`expected one line, found ${JSON.stringify(text)}`);
  }
  return line;
}
