import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CALIBRATED_BOOT } from "../../src/cli/bundled.js";
import { loadScenarios } from "../../src/cli/load.js";
import { WorkloadLoader } from "../../src/cli/load-recording.js";
import type { RunResult } from "../../src/results/row.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { runScenario } from "../../src/study/run-scenario.js";

/** Behind a boot of 6.12, which the kernels before and after these commits are nearest to. */
const loader = new WorkloadLoader({ standardBoot: CALIBRATED_BOOT });

/** A lazy TDX guest with 1 vCPU that boots and then does nothing, changed as `--set` would. */
export function guest(kernel: string, ...changes: readonly string[]): RunResult {
  const [loaded] = loadScenarios(
    ["workloads/kernels.yaml"],
    ["workload='generate:idle'", "platform=tdx", "vcpus=1", ...changes, `kernel="${kernel}"`].map(
      parseAssignment,
    ),
    { loader },
  );
  return runScenario(loaded!.scenario, loaded!.recording, { check: false });
}

/** The same for two kernels, of which the second has a commit that the first one lacks. */
export function beforeAndAfter(
  kernels: readonly [string, string],
  ...changes: readonly string[]
): RunResult[] {
  return kernels.map((kernel) => guest(kernel, ...changes));
}

/** What a program asked for, as tracefs would have recorded it. */
export class TraceText {
  readonly #lines = ["# tracer: nop", "#"];
  #pfn = 0x10_0000;

  /** @returns the page, for `free` */
  alloc(order: number, gfpFlags: string, migratetype: number): number {
    const pages = 2 ** order;
    const pfn = Math.ceil(this.#pfn / pages) * pages;
    this.#pfn = pfn + pages;
    this.#event("mm_page_alloc", pfn, `order=${order} migratetype=${migratetype} gfp_flags=${gfpFlags}`);
    return pfn;
  }

  free(pfn: number, order: number): void {
    this.#event("mm_page_free", pfn, `order=${order}`);
  }

  /** Hands the trace to a function, as the value of `workload`. */
  use<T>(run: (workload: string) => T): T {
    const directory = mkdtempSync(join(tmpdir(), "unaccepted-"));
    try {
      const path = join(directory, "app.trace");
      writeFileSync(path, `${this.#lines.join("\n")}\n`);
      return run(`workload='${path}'`);
    } finally {
      rmSync(directory, { recursive: true });
    }
  }

  #event(name: string, pfn: number, what: string): void {
    const page = pfn.toString(16);
    const time = (100 + this.#lines.length / 1e6).toFixed(6);
    this.#lines.push(
      `         app-100     [000] .....   ${time}: ${name}: page=0x${page} pfn=0x${page} ${what}`,
    );
  }
}
