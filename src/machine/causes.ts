/**
 * Why a run has other numbers than a log: its machine becomes that of the log, one input after the other, and each
 * time the kernel is started again. What a number changes by is what that input is the cause of.
 */

import type { UnacceptedTable } from "../efistub/unaccepted-table.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { machineFromBootLog, stubOfBootLog } from "../x86/boot-log.js";
import type { EarlyMachine } from "../x86/early-machine.js";
import type { GuestLog } from "./guest-log.js";
import { type KernelMachine, type Structure, structureOf } from "./structure.js";

/** One input that differs, and the kernel's view once it and all before it are those of the log. */
export interface Substitution {
  /** `memory map`, `initrd`, ... */
  readonly what: string;
  readonly structure: Structure;
}

/** Why a number differs, and by how much; in the unit of the number. */
export interface Cause {
  readonly what: string;
  readonly amount: number;
}

type Inputs = Partial<EarlyMachine> & { readonly table?: UnacceptedTable | undefined };

/** Inputs of the log in the order in which they are put in. */
function inputsOf({
  plain,
  e820,
  commandLine,
  vcpus,
}: GuestLog): readonly (readonly [what: string, inputs: Inputs])[] {
  const machine = machineFromBootLog(plain);
  const words = commandLine === undefined ? {} : { commandLine: commandLine.value };
  if (machine === undefined) {
    const map = e820.length === 0 ? {} : { e820: e820.map(({ value }) => value) };
    const cpus =
      vcpus === undefined
        ? {}
        : { cpuNodes: Array.from({ length: vcpus.value }, () => 0), onlineCpus: vcpus.value };
    return [
      ["memory map", map],
      ["command line", words],
      ["CPUs", cpus],
    ];
  }
  const {
    initrd,
    efi,
    setupData,
    kernelStart,
    acpiTables,
    ioapicCount,
    cpuNodes,
    numaBlocks,
    fiveLevel,
    unknownOptions,
  } = machine;
  const stub = stubOfBootLog(plain);
  return [
    ["memory map", { e820: machine.e820, efi, setupData, kernelStart, table: stub?.table } as Inputs],
    ["initrd", { initrd } as Inputs],
    ["ACPI tables", { acpiTables, ioapicCount }],
    ["command line", { ...words, unknownOptions }],
    ["CPUs", { cpuNodes, onlineCpus: vcpus?.value ?? cpuNodes.length }],
    ["NUMA nodes", { numaBlocks }],
    ["levels of page tables", { fiveLevel }],
  ];
}

/**
 * @returns for each input of the log that can be put in; up to the first with which the kernel does not start
 */
export function substitutions(own: KernelMachine, log: GuestLog): Substitution[] {
  const steps: Substitution[] = [];
  let now = own;
  for (const [what, { table, ...inputs }] of inputsOf(log)) {
    const isSame = Object.entries(inputs).every(
      ([key, value]) => JSON.stringify(value) === JSON.stringify(now.machine[key as keyof EarlyMachine]),
    );
    if (isSame) continue;
    now = {
      ...now,
      machine: withInputs(now.machine, inputs),
      table: what === "memory map" && table !== undefined ? table : now.table,
    };
    try {
      steps.push({ what, structure: structureOf(now) });
    } catch (error) {
      if (error instanceof GuestEnded) return steps;
      throw error;
    }
  }
  return steps;
}

/** What is undefined is not there. */
function withInputs(machine: EarlyMachine, inputs: Partial<EarlyMachine>): EarlyMachine {
  const all = Object.entries({ ...machine, ...inputs }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(all) as unknown as EarlyMachine;
}

/** What each input changes a number by. @returns also what is left to explain */
export function causesOf(
  own: Structure,
  steps: readonly Substitution[],
  logged: number,
  measure: (structure: Structure) => number,
): { readonly causes: readonly Cause[]; readonly left: number } {
  let before = measure(own);
  const causes = steps.flatMap(({ what, structure }) => {
    const amount = measure(structure) - before;
    before += amount;
    return amount === 0 ? [] : [{ what, amount }];
  });
  return { causes, left: logged - before };
}
