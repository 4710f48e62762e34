/** Whether the parts of a machine that a scenario describes go together. */

import { PLATFORMS } from "../coco/platforms.js";
import type { Problem } from "../fields/field.js";
import { subtractRanges } from "../firmware/ranges.js";
import { BEHAVIOURS } from "../policy/behaviour.js";
import { policyNamed } from "../policy/policies.js";
import { type AddressRange, formatBytes, MiB, PAGE_SIZE } from "../units.js";
import { cpusOf } from "../x86/cpu-list.js";
import { memoryOfMap, ramOfMap, rangesOfType } from "../x86/memory-map.js";
import { firmwareOf, ramOf } from "./guest.js";
import { kernelBuildOf, kernelBytesOf } from "./kernel-build.js";
import type { GuestOptions } from "./options.js";

/** Memory that no node covers does not turn a kernel's nodes off (mm/numa_memblks.c: memblock_validate_numa_coverage). */
const UNCOVERED_MAX: number = MiB;

/** Every problem with its path from the scenario's root. */
export function checkMachine(options: GuestOptions): Required<Problem>[] {
  const { memoryMap, numa, handOver } = options;
  const map = memoryMap.length === 0 ? [] : [...mapProblems(options), ...alongsideMap(options)];
  const placed = map.length > 0 || handOver === undefined ? [] : placeProblems(options);
  return [...map, ...placed, ...(numa.length === 0 || map.length > 0 ? [] : numaProblems(options))];
}

function problem(path: readonly (string | number)[], message: string): Required<Problem> {
  return { path, message, hint: undefined };
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}

function rangeText({ start, end }: AddressRange): string {
  return `${hex(start)} to ${hex(end)}`;
}

function emptyRange(path: readonly (string | number)[], { start, end }: AddressRange): Required<Problem>[] {
  if (start < end) return [];
  return [problem([...path, "end"], `expected an end behind the start ${hex(start)}, found ${hex(end)}`)];
}

/** Neighbours in a list that overlap; the list in any order. */
function overlaps(path: string, ranges: readonly AddressRange[]): Required<Problem>[] {
  const sorted = ranges.map((range, at) => ({ ...range, at })).sort((a, b) => a.start - b.start);
  return sorted.flatMap((range, order) => {
    const before = sorted[order - 1];
    if (before === undefined || before.end <= range.start) return [];
    return [problem([path, range.at, "start"], `overlaps ${rangeText(before)}, another range of the list`)];
  });
}

function mapProblems({ memoryMap, memoryBytes }: GuestOptions): Required<Problem>[] {
  const own = memoryMap.flatMap((entry, at) => [
    ...emptyRange(["memoryMap", at], entry),
    ...(entry.type === "unaccepted" ? ragged(["memoryMap", at], entry) : []),
  ]);
  const problems = [...own, ...overlaps("memoryMap", memoryMap)];
  if (problems.length > 0) return problems;
  const needed = memoryOfMap(memoryMap);
  const ram = ramOfMap(memoryMap).reduce((sum, { start, end }) => sum + end - start, 0);
  if (ram <= memoryBytes) return [];
  const message = `expected ${formatBytes(needed)} or more, as memoryMap has so much RAM, found ${formatBytes(memoryBytes)}`;
  return [problem(["memory"], message)];
}

function ragged(path: readonly (string | number)[], range: AddressRange): Required<Problem>[] {
  return (["start", "end"] as const).flatMap((key) =>
    range[key] % PAGE_SIZE === 0
      ? []
      : [problem([...path, key], `expected a whole page of unaccepted memory, found ${hex(range[key])}`)],
  );
}

/** What makes a map of its own, or puts memory elsewhere. */
function alongsideMap(options: GuestOptions): Required<Problem>[] {
  const { guest, policy, strategy, memoryMap } = options;
  const problems: Required<Problem>[] = [];
  const refuse = (path: readonly string[], message: string): unknown => problems.push(problem(path, message));
  const firmware = firmwareOf(options);
  if (firmware.report === "zero-page") {
    refuse(["firmware", "preset"], `firmware ${firmware.name} tells of memory by itself; not with memoryMap`);
  }
  if (guest.unacceptedMemory === "zero-page") {
    refuse(["guest", "unacceptedMemory"], "a record in the zero page is not simulated with memoryMap");
  }
  if (policyNamed(policy).behaviour(strategy, BEHAVIOURS).highMemory !== undefined) {
    refuse(["policy"], `policy ${policy} needs memory that ACPI describes; not with memoryMap`);
  }
  if (rangesOfType(memoryMap, "usable").length === 0) refuse(["memoryMap"], "has no usable memory");
  return problems;
}

/** What lies where the map has no accepted memory for it. */
function placeProblems(options: GuestOptions): Required<Problem>[] {
  const { memoryMap, handOver } = options;
  const { kernelStart, initrd, setupData, acpiTables, efi } = handOver!;
  const problems: Required<Problem>[] = [];
  const usable = joined(rangesOfType(memoryMap, "usable"));
  const lies = (path: readonly string[], what: string, range: AddressRange): void => {
    if (usable.some(({ start, end }) => start <= range.start && range.end <= end)) return;
    const message = `expected usable memory of memoryMap for ${what}, found ${rangeText(range)}`;
    problems.push(problem(["handOver", ...path], message));
  };
  if (kernelStart !== undefined) {
    const end = kernelStart + kernelBytesOf(kernelBuildOf(options));
    lies(["kernelStart"], "the kernel's image", { start: kernelStart, end });
  }
  if (initrd !== undefined && initrd.start !== initrd.end) {
    const empty = emptyRange(["handOver", "initrd"], initrd);
    problems.push(...empty);
    if (empty.length === 0) lies(["initrd"], "the initrd", initrd);
  }
  for (const [path, ranges] of [
    [["setupData"], setupData],
    [["acpiTables"], acpiTables],
    [["efi", "keptTables"], efi?.keptTables ?? []],
  ] as const) {
    problems.push(...ranges.flatMap((range, at) => emptyRange(["handOver", ...path, at], range)));
  }
  return problems;
}

/** Neighbours as one range: an image may reach over the border of two entries. */
function joined(ranges: readonly AddressRange[]): AddressRange[] {
  const result: AddressRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last?.end === range.start) result[result.length - 1] = { start: last.start, end: range.end };
    else result.push(range);
  }
  return result;
}

function numaProblems(options: GuestOptions): Required<Problem>[] {
  const { numa, vcpus, guest, memoryMap } = options;
  const problems = [
    ...numa.flatMap((range, at) => emptyRange(["numa", at], range)),
    ...overlaps("numa", numa),
  ];
  const seen = new Set<number>();
  const possible = vcpus + guest.hotplugCpus;
  for (const [at, { cpus = "" }] of numa.entries()) {
    for (const cpu of cpusOf(cpus) ?? []) {
      const path = ["numa", at, "cpus"];
      if (cpu >= possible) problems.push(problem(path, `expected CPUs below ${possible}, found ${cpu}`));
      if (seen.has(cpu)) problems.push(problem(path, `CPU ${cpu} belongs to another range already`));
      seen.add(cpu);
    }
  }
  if (problems.length > 0) return problems;
  // Firmware keeps some of its RAM to itself, which belongs to a node all the same.
  const ram = memoryMap.length === 0 ? ramOf(options) : rangesOfType(memoryMap, "usable");
  const open = subtractRanges(ram, [...numa, { start: 0, end: MiB }]);
  const bytes = open.reduce((sum, { start, end }) => sum + end - start, 0);
  if (bytes < UNCOVERED_MAX) return [];
  const message = `covers no node for ${formatBytes(bytes)} of RAM from ${hex(open[0]!.start)} on, and the kernel would not take it`;
  return [problem(["numa"], message)];
}

/** Lines about a described machine that its numbers do not show. */
export function machineRemarks(options: GuestOptions): string[] {
  const { memoryMap, memoryBytes, vmm, platform } = options;
  const firmware = firmwareOf(options);
  if (memoryMap.length === 0) {
    const isOurs = vmm.kind === "q35" || vmm.kind === "i440fx";
    if (isOurs || firmware.edk2 === undefined) return [];
    return [
      `vmm.kind ${vmm.kind}: the firmware's own memory is as recorded in machines of QEMU, at the top of what lies ` +
        "below 4 GiB",
    ];
  }
  const remarks: string[] = [];
  if (vmm.maxMemoryBytes !== undefined) {
    remarks.push("vmm.maxMemory says nothing here: memory is plugged in behind that of memoryMap");
  }
  if (vmm.kind !== "q35") remarks.push(`vmm.kind ${vmm.kind} says nothing here: memoryMap is the layout`);
  const missing = memoryBytes - memoryOfMap(memoryMap);
  if (missing > 0) {
    remarks.push(`memoryMap has ${formatBytes(missing)} less RAM than memory, which nobody gets`);
  }
  if (!PLATFORMS[platform.kind].isConfidential && rangesOfType(memoryMap, "unaccepted").length > 0) {
    remarks.push("the kernel accepts memory of a plain guest, which does nothing and costs nothing");
  }
  return remarks;
}
