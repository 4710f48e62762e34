import type { KernelBuild } from "../linux/kernel-build.js";
import { Memblock } from "../memblock/memblock.js";
import { EarlyBoot, type EarlyMachine } from "../x86/early-machine.js";
import { EARLY_STEPS } from "../x86/early-memblock.js";
import type { Comparison } from "./comparison.js";
import { replayMemblockLog } from "./memblock-replay.js";

/** The kernel prints both arrays at the end of these steps (memblock_dump_all). */
const DUMP_AFTER: readonly string[] = ["e820__memblock_setup", "initmem_init"];

/** How a boot log's memblock lines compare, and how to get to the kernel's memblock if not by the model. */
export interface MemblockResult {
  readonly comparison: Comparison;
  /** Takes the steps from the log. Absent when the model's own steps gave every line. */
  readonly earlySteps?: (boot: EarlyBoot) => void;
}

/** Lines that `memblock=debug` prints, with their callers but without time stamps. */
function memblockLines(bootLog: string): string[] {
  return bootLog
    .split("\n")
    .map((line) => line.replace(/^\[ *[\d.]+\] /, ""))
    .filter((line) => /^(memblock_|MEMBLOCK| memory| reserved)/.test(line));
}

function withoutCaller(line: string): string {
  return line.replace(/ \S+\+0x\w+\/0x\w+( \[\w+\])?$/, "");
}

/**
 * Runs the early steps of a known kernel and compares each line with the log. When they differ, or
 * the kernel is another one, the requests of the log are repeated instead and the addresses that
 * memblock finds for them are compared.
 */
export function compareMemblock(
  bootLog: string,
  machine: EarlyMachine,
  builds: readonly KernelBuild[],
): MemblockResult {
  const recorded = memblockLines(bootLog);
  const release = /Linux version (\S+)/.exec(bootLog)?.[1];
  const build = builds.find((candidate) => candidate.release === release);
  if (build !== undefined) {
    const comparison = compareLines(recorded.map(withoutCaller), modelLines(machine, build));
    if (comparison.equal === comparison.compared) return { comparison };
  }
  return {
    comparison: replayMemblockLog(recorded, new Memblock()),
    earlySteps: (boot) => {
      replayMemblockLog(recorded, boot.memblock);
      const ends = Array.from(bootLog.matchAll(/last_pfn = 0x([0-9a-f]+)/g), ([, pfn]) =>
        Number.parseInt(pfn!, 16),
      );
      boot.maxPfn = Math.max(...ends);
    },
  };
}

function modelLines(machine: EarlyMachine, build: KernelBuild): string[] {
  const lines: string[] = [];
  let commandLineParsed = false;
  const memblock = new Memblock({
    debug: (line) => {
      if (commandLineParsed) lines.push(line);
    },
  });
  const boot = new EarlyBoot(memblock, machine, build);
  for (const step of EARLY_STEPS) {
    step.run(boot);
    if (step.name === "early_reserve_memory") commandLineParsed = true;
    if (DUMP_AFTER.includes(step.name)) lines.push(...memblock.dump());
  }
  return lines;
}

function compareLines(recorded: readonly string[], found: readonly string[]): Comparison {
  const result: Comparison = { compared: Math.max(recorded.length, found.length), equal: 0 };
  for (let at = 0; at < result.compared; at++) {
    if (recorded[at] === found[at]) result.equal++;
    else {
      result.firstDivergence ??= {
        event: at,
        expected: recorded[at] ?? "nothing more",
        found: found[at] ?? "nothing",
        context: `line ${at + 1} of memblock=debug`,
      };
    }
  }
  return result;
}
