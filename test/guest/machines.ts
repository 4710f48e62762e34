import { type E820Entry, E820Type } from "../../src/efistub/setup-e820.js";
import { DEBIAN_CLOUD_6_12_95, type KernelBuild } from "../../src/linux/kernel-build.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import type { KernelRules } from "../../src/linux/rules.js";
import { Memblock } from "../../src/memblock/memblock.js";
import { GiB, MiB } from "../../src/units.js";
import { EarlyBoot, type EarlyMachine } from "../../src/x86/early-machine.js";
import { earlySteps } from "../../src/x86/early-memblock.js";

/** RAM as q35 lays it out: up to 2 GiB low, the rest from 4 GiB on. */
export function q35Map(memoryBytes: number): E820Entry[] {
  const low = Math.min(memoryBytes, 2 * GiB);
  const map: E820Entry[] = [
    { start: 0, end: 0x9fc00, type: E820Type.RAM },
    { start: 0x9fc00, end: 0xa0000, type: E820Type.RESERVED },
    { start: MiB, end: low, type: E820Type.RAM },
  ];
  if (memoryBytes > low) map.push({ start: 4 * GiB, end: 4 * GiB + memoryBytes - low, type: E820Type.RAM });
  return map;
}

/** A machine with nothing special about it. */
export function plainMachine(memoryBytes: number, changes: Partial<EarlyMachine> = {}): EarlyMachine {
  return {
    e820: q35Map(memoryBytes),
    kernelStart: 16 * MiB,
    setupData: [],
    acpiTables: [],
    ioapicCount: 1,
    commandLine: "quiet",
    unknownOptions: [],
    cpuNodes: [0],
    numaBlocks: [],
    fiveLevel: false,
    memoryEncrypted: false,
    ...changes,
  };
}

/** A boot with the lines that memblock printed so far and the ranges it accepted. */
export interface LoggedBoot {
  readonly boot: EarlyBoot;
  readonly lines: string[];
  readonly accepted: { start: number; sizeBytes: number }[];
}

export function loggedBoot(
  machine: EarlyMachine,
  build: KernelBuild = DEBIAN_CLOUD_6_12_95,
  rules: KernelRules = kernelRules("6.12"),
): LoggedBoot {
  const lines: string[] = [];
  const accepted: { start: number; sizeBytes: number }[] = [];
  const memblock = new Memblock({
    rules: rules.memblock,
    debug: (line) => {
      lines.push(line);
    },
    accept: (start, sizeBytes) => {
      accepted.push({ start, sizeBytes });
    },
  });
  return { boot: new EarlyBoot(memblock, machine, build, rules.boot), lines, accepted };
}

/** Runs the steps up to a named one, and that one with an empty log. */
export function runTo(logged: LoggedBoot, name: string): LoggedBoot {
  for (const step of earlySteps(logged.boot.bootRules)) {
    if (step.name === name) {
      logged.lines.length = 0;
      logged.accepted.length = 0;
    }
    step.run(logged.boot);
    if (step.name === name) return logged;
  }
  throw new Error(`no step ${name}`);
}
