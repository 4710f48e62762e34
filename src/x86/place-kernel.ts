/** Where the kernel is unpacked to, and by whom. */

import type { AcceptMeter } from "../accept/accept-meter.js";
import { bootOptions } from "../command-line/boot-options.js";
import { commandLineWords } from "../command-line/words.js";
import type { BootLoader } from "../efistub/exit-boot-services.js";
import { chooseKernelStart } from "../efistub/kaslr.js";
import { acceptKernelOutput } from "../efistub/unaccepted-memory.js";
import type { UnacceptedTable } from "../efistub/unaccepted-table.js";
import type { BootServices } from "../firmware/boot-services.js";
import { type EfiMemoryDescriptor, EfiMemoryType } from "../firmware/efi-memory-map.js";
import { kernelRules } from "../linux/kernel-rules.js";
import { chanceAt } from "../sim/prng.js";
import type { AddressRange } from "../units.js";
import { parseMemoryOptions } from "./memory-options.js";

interface KernelPlace {
  readonly kernel: string;
  readonly seed: number;
  readonly guest: { readonly bootLoader: BootLoader; readonly kaslr: boolean; readonly commandLine: string };
}

/** Which of a scenario's random numbers is the place of its kernel. */
const CHANCE = 0x6b61736c;

/**
 * Whether the kernel is unpacked when boot services have ended: a boot loader ended them, or the
 * stub is one that leaves that to the decompressor (before commit a1b87d54f4e4, 6.6).
 */
function unpacksAfterExit({ guest, kernel }: KernelPlace): boolean {
  return guest.bootLoader !== "stub" || kernelRules(kernel).unpacksAfterExit;
}

/** `guest.kaslr`, unless the command line says `nokaslr`. */
function isRandomised({ guest }: KernelPlace): boolean {
  return guest.kaslr && bootOptions(guest.commandLine).kaslr;
}

function hasMemoryWord({ guest }: KernelPlace): boolean {
  const words = commandLineWords(guest.commandLine);
  return words.some(({ name }) => name === "mem" || name === "memmap" || name === "hugepages");
}

/**
 * Takes memory of the firmware for the kernel: where the stub unpacks it to, or the loader puts it. That
 * is the lowest place, or one at random (drivers/firmware/efi/libstub/randomalloc.c). A stub that
 * finds `mem=`, `memmap=` or `hugepages=` on the command line does not choose at random, because it
 * does not know what they leave (drivers/firmware/efi/libstub/x86-stub.c: parse_options, commit
 * 15aa8fb852f9, 2024).
 *
 * @returns undefined when there is no place for it, nor memory that the firmware could accept for it
 */
export function loadKernel(
  boot: BootServices,
  kernelBytes: number,
  scenario: KernelPlace,
): AddressRange | undefined {
  const isFixed = unpacksAfterExit(scenario);
  const find = (): number | undefined =>
    kernelStartIn(boot.getMemoryMap().descriptors, kernelBytes, scenario, isFixed);
  let start = find();
  while (start === undefined && boot.acceptMore(kernelBytes, Number.POSITIVE_INFINITY)) start = find();
  if (start === undefined) return undefined;
  const range: AddressRange = { start, end: start + kernelBytes };
  return boot.allocateAt(EfiMemoryType.LOADER_CODE, range) ? range : undefined;
}

/**
 * Where in free memory of a map the kernel lies: the lowest place, or one at random.
 *
 * @param isFixed it is not put at random, whatever the scenario says
 * @returns undefined where there is no place
 */
export function kernelStartIn(
  map: readonly EfiMemoryDescriptor[],
  kernelBytes: number,
  scenario: KernelPlace,
  isFixed = false,
): number | undefined {
  const random = !isFixed && isRandomised(scenario) && !hasMemoryWord(scenario);
  const places = { sizeBytes: kernelBytes, limit: Number.POSITIVE_INFINITY, unacceptedToo: false };
  return chooseKernelStart(map, places, random ? chanceAt(scenario.seed, CHANCE) : 0);
}

/**
 * The decompressor's part, after boot services have ended: it chooses among all memory that is free
 * by its own command line, and accepts what it unpacks to. Without any such place, or without
 * randomisation, the kernel stays where it was loaded.
 */
export function unpackKernel(
  boot: BootServices,
  table: UnacceptedTable | undefined,
  loaded: AddressRange,
  scenario: KernelPlace,
  meter: AcceptMeter,
): AddressRange {
  if (!unpacksAfterExit(scenario)) return loaded;
  const sizeBytes = loaded.end - loaded.start;
  const start = isRandomised(scenario)
    ? chooseKernelStart(
        boot.getMemoryMap().descriptors,
        { sizeBytes, limit: memoryLimit(scenario.guest.commandLine), unacceptedToo: table !== undefined },
        chanceAt(scenario.seed, CHANCE),
      )
    : undefined;
  const range = start === undefined ? loaded : { start, end: start + sizeBytes };
  if (table !== undefined) {
    acceptKernelOutput(table, range.start, sizeBytes, {
      acceptMemory: (from, to) => meter.stubAccept(from, to),
    });
  }
  return range;
}

/** `mem=`, and `memmap=` with a size alone (arch/x86/boot/compressed/kaslr.c: handle_mem_options). */
function memoryLimit(commandLine: string): number {
  const limits = parseMemoryOptions(commandLine).options.map((option) =>
    option.kind === "limit" ? option.end : Number.POSITIVE_INFINITY,
  );
  return Math.min(Number.POSITIVE_INFINITY, ...limits);
}
