/**
 * Why a run has other numbers than a log: its machine becomes that of the log, one input after the other, and each
 * time the kernel is started again. What a number changes by is what that input is the cause of.
 */

import { TABLE_HEADER_BYTES, type UnacceptedTable } from "../efistub/unaccepted-table.js";
import type { KernelBuild } from "../linux/kernel-build.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { machineFromBootLog, stubOfBootLog } from "../x86/boot-log.js";
import type { EarlyMachine, EfiHandover } from "../x86/early-machine.js";
import { type GuestLog, wholeBootLog } from "./guest-log.js";
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

/** What becomes that of the log at once. */
interface Input {
  readonly what: string;
  readonly machine?: Partial<EarlyMachine>;
  readonly build?: Partial<KernelBuild>;
  /** Of unaccepted memory. */
  readonly table?: UnacceptedTable | undefined;
}

/** Inputs of the log in the order in which they are put in. */
function inputsOf(log: GuestLog, own: KernelMachine, imageBytes: number | undefined): readonly Input[] {
  const { e820, commandLine, vcpus } = log;
  const text = wholeBootLog(log);
  const machine = machineFromBootLog(text);
  const words =
    commandLine === undefined
      ? {}
      : { commandLine: commandLine.value, commandLineLength: commandLine.value.length };
  const builds = buildInputs(log, own.build, imageBytes);
  if (machine === undefined) {
    const map = e820.length === 0 ? {} : { e820: e820.map(({ value }) => value) };
    const cpuNodes = Array.from({ length: vcpus?.value ?? 0 }, () => 0);
    const cpus = vcpus === undefined ? {} : { cpuNodes, onlineCpus: vcpus.value };
    return [
      { what: "memory map", machine: map },
      { what: "command line", machine: words },
      { what: "CPUs", machine: cpus },
      ...builds,
    ];
  }
  const { setupData, kernelStart, acpiTables, ioapicCount, cpuNodes, numaBlocks } = machine;
  const efi = machine.efi ?? tableAlone(log, own);
  const found = { e820: machine.e820, setupData, kernelStart, efi } as Partial<EarlyMachine>;
  return [
    { what: "memory map", machine: found, table: stubOfBootLog(text)?.table },
    { what: "initrd", machine: { initrd: machine.initrd } as Partial<EarlyMachine> },
    { what: "ACPI tables", machine: { acpiTables, ioapicCount } },
    { what: "command line", machine: { ...words, unknownOptions: machine.unknownOptions } },
    { what: "CPUs", machine: { cpuNodes, onlineCpus: vcpus?.value ?? cpuNodes.length } },
    { what: "NUMA nodes", machine: { numaBlocks } },
    { what: "levels of page tables", machine: { fiveLevel: machine.fiveLevel } },
    ...builds,
  ];
}

/** Of the stub's places a log without efi=debug shows but that of the table of unaccepted memory. */
function tableAlone(
  { unacceptedTable }: GuestLog,
  { table, machine }: KernelMachine,
): EfiHandover | undefined {
  if (unacceptedTable === undefined || table === undefined) return undefined;
  const start = unacceptedTable.value;
  return {
    memoryMap: { start: 0, end: 0 },
    unacceptedTable: { start, end: start + TABLE_HEADER_BYTES + table.bitmapBytes },
    ...(machine.efi?.tableReservation === undefined
      ? {}
      : { tableReservation: machine.efi.tableReservation }),
    keptTables: [],
    bootServices: [],
    mmio: [],
  };
}

/** Sizes of the kernel's build that its log and its resources say. */
function buildInputs(log: GuestLog, own: KernelBuild, imageBytes: number | undefined): Input[] {
  const percpu = { ...own.percpu, ...log.percpu?.value };
  const pglistDataBytes = log.nodeDataBytes?.value ?? own.pglistDataBytes;
  const printkInfoBytes = log.printkInfoBytes?.value ?? own.printkInfoBytes;
  return [
    { what: "per-CPU areas of the kernel's build", build: { percpu } },
    { what: "records of the log buffer in the kernel's build", build: { printkInfoBytes } },
    { what: "data of a node in the kernel's build", build: { pglistDataBytes } },
    { what: "image of the kernel's build", build: { imageBytes: imageBytes ?? own.imageBytes } },
  ];
}

/**
 * @param imageBytes of the log's kernel, up to where its brk area begins, where that is known
 * @returns for each input of the log that can be put in; up to the first with which the kernel does not start
 */
export function substitutions(
  own: KernelMachine,
  log: GuestLog,
  imageBytes: number | undefined,
): Substitution[] {
  const steps: Substitution[] = [];
  let now = own;
  for (const { what, machine = {}, build = {}, table } of inputsOf(log, own, imageBytes)) {
    if (isPart(machine, now.machine) && isPart(build, now.build)) continue;
    now = {
      ...now,
      machine: withInputs(now.machine, machine),
      build: { ...now.build, ...build },
      table: table ?? now.table,
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

function isPart(some: object, whole: object): boolean {
  return Object.entries(some).every(
    ([key, value]) => JSON.stringify(value) === JSON.stringify(whole[key as keyof typeof whole]),
  );
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
