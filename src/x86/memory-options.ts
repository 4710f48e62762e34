import { commandLineWords, memparse } from "../command-line/words.js";
import { E820Type } from "../efistub/setup-e820.js";
import { notPluggedIn } from "../firmware/hotplug-window.js";
import { subtractRanges } from "../firmware/ranges.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { type AddressRange, formatBytes, MiB } from "../units.js";
import {
  isMemblockMemory,
  type KernelE820Entry,
  KernelE820Type,
  retypeRange,
  sanitise,
} from "./e820-table.js";
import type { EarlyBoot, EarlyMachine } from "./early-machine.js";

/**
 * `mem=` and `memmap=` of the kernel's command line (arch/x86/kernel/e820.c: parse_memopt,
 * parse_memmap_opt, Linux 6.12). Every other word is left to others.
 */

/** Smallest guest, 256 MiB: less does not hold kernel, initrd and swiotlb (assumption). */
export const MIN_MEMORY_BYTES: number = 256 * MiB;

type Type = KernelE820Entry["type"];

/** One edit of the e820 table that the user asks for; bytes. */
export type MemoryOption =
  /** `mem=nn` and `memmap=nn`: no RAM from this address on. It is an address and not an amount. */
  | { readonly kind: "limit"; readonly end: number }
  /** `memmap=exactmap`: forget the table. */
  | { readonly kind: "forget" }
  /** `memmap=nn@ss`, `nn#ss`, `nn$ss`, `nn!ss`: a range of this type, over what was there. */
  | { readonly kind: "add"; readonly range: AddressRange; readonly type: Type }
  /** `memmap=nn%ss-old+new`: what is `from` becomes `to`; without `to` it goes, without both all goes. */
  | {
      readonly kind: "retype";
      readonly range: AddressRange;
      readonly from: Type | undefined;
      readonly to: Type | undefined;
    };

export interface MemoryOptions {
  /** In the order of the command line, which is that of their effects. */
  readonly options: readonly MemoryOption[];
  /** Options that the kernel does not understand; it complains and goes on without them. */
  readonly malformed: readonly string[];
}

/** By the character between size and address. */
const ADDED_TYPES: Readonly<Record<string, Type>> = {
  "@": E820Type.RAM,
  "#": E820Type.ACPI,
  $: E820Type.RESERVED,
  "!": KernelE820Type.PRAM,
};
const KNOWN_TYPES: ReadonlySet<number> = new Set([
  ...Object.values(E820Type),
  ...Object.values(KernelE820Type),
]);

/** Reads a command line up to `--`, where the options of init begin. */
export function parseMemoryOptions(commandLine: string): MemoryOptions {
  const options: MemoryOption[] = [];
  const malformed: string[] = [];
  for (const { name: key, value } of commandLineWords(commandLine)) {
    if (key !== "mem" && key !== "memmap") continue;
    const parts = key === "mem" ? [value ?? ""] : (value ?? "").split(",");
    for (const part of parts) {
      const option = key === "mem" ? limit(part) : memmapOption(part);
      if (option === undefined) malformed.push(`${key}=${part}`);
      else options.push(option);
    }
  }
  return { options, malformed };
}

/** Nothing is left of memory that ends at 0, which the kernel takes for a mistake. */
function limit(text: string): MemoryOption | undefined {
  const size = memparse(text);
  if (size === undefined || size.rest !== "" || size.value === 0) return undefined;
  return { kind: "limit", end: size.value };
}

function memmapOption(text: string): MemoryOption | undefined {
  if (text.startsWith("exactmap")) return { kind: "forget" };
  const size = memparse(text);
  if (size === undefined) return undefined;
  if (size.rest === "") return { kind: "limit", end: size.value };
  const address = memparse(size.rest.slice(1));
  if (address === undefined) return undefined;
  const range = { start: address.value, end: address.value + size.value };
  const sign = size.rest.slice(0, 1);
  if (sign === "%") return retype(range, address.rest);
  const type = ADDED_TYPES[sign];
  return type === undefined || address.rest !== "" ? undefined : { kind: "add", range, type };
}

function retype(range: AddressRange, text: string): MemoryOption | undefined {
  const match = /^(?:-(0x[0-9a-f]+|\d+))?(?:\+(0x[0-9a-f]+|\d+))?$/i.exec(text);
  if (match === null) return undefined;
  // 0 is no type: it stands for none given.
  const [from, to] = [match[1], match[2]].map((digits) => Number(digits ?? 0) || undefined);
  for (const type of [from, to]) if (type !== undefined && !KNOWN_TYPES.has(type)) return undefined;
  return { kind: "retype", range, from: from as Type | undefined, to: to as Type | undefined };
}

/**
 * The e820 table as the user wants it (arch/x86/kernel/e820.c: e820__finish_early_params,
 * Linux 6.12). Memory that is cut away here never becomes memory of the kernel: what of it is
 * unaccepted stays so forever and is counted nowhere.
 */

/** The table after the user's options, or why the kernel panics. */
export type UserE820 =
  | { readonly outcome: "edited"; readonly e820: readonly KernelE820Entry[] }
  | { readonly outcome: "panic"; readonly reason: string };

/** Applies the options of a command line; without any the table stays as it is. */
export function userE820(table: readonly KernelE820Entry[], commandLine: string): UserE820 {
  const { options } = parseMemoryOptions(commandLine);
  if (options.length === 0) return { outcome: "edited", e820: table };
  const edited = options.reduce<readonly KernelE820Entry[]>(edit, table);
  // e820__update_table() gives up on a table of one entry; an entry that was removed still counts.
  const own = options.slice(options.findLastIndex(({ kind }) => kind === "forget") + 1);
  if (own.length < options.length && own.length < 2 && edited.length < 2) {
    return { outcome: "panic", reason: "Invalid user supplied memory map" };
  }
  return { outcome: "edited", e820: sanitise(edited) };
}

/** e820__finish_early_params(). @throws Error where the kernel panics; a boot asks `userE820` first */
export function e820FinishEarlyParams(boot: EarlyBoot): void {
  const edited = userE820(boot.e820, boot.machine.commandLine);
  if (edited.outcome === "panic") throw new Error(`guest: ${edited.reason}`);
  boot.e820 = edited.e820;
}

export function ramBytes(table: readonly KernelE820Entry[]): number {
  return ramOf(table).reduce((sum, { start, end }) => sum + end - start, 0);
}

function ramOf(table: readonly KernelE820Entry[]): KernelE820Entry[] {
  return table.filter(({ type }) => isMemblockMemory(type));
}

function edit(table: readonly KernelE820Entry[], option: MemoryOption): readonly KernelE820Entry[] {
  switch (option.kind) {
    case "limit":
      return retypeRange(
        table,
        { start: option.end, end: Number.POSITIVE_INFINITY },
        E820Type.RAM,
        undefined,
      );
    case "forget":
      return [];
    case "add":
      return [...table, { ...option.range, type: option.type }];
    case "retype": {
      const { range, from, to } = option;
      if (from !== undefined) return retypeRange(table, range, from, to);
      if (to !== undefined) return [...table, { ...range, type: to }];
      const types = new Set(table.map(({ type }) => type));
      return [...types].reduce<readonly KernelE820Entry[]>(
        (rest, type) => retypeRange(rest, range, type, undefined),
        table,
      );
    }
  }
}

/** Taken from the smallest guest by its firmware: runtime services, tables, what it keeps for S3, the legacy hole. */
const FIRMWARE_BYTES: number = 8 * MiB;

/** @throws GuestEnded when a kernel cannot boot in the map that is left, or would take for RAM what is not */
export function requireMemory(
  { e820, commandLine, kernelStart, efi }: EarlyMachine,
  ram: readonly AddressRange[],
): void {
  const user = userE820(e820, commandLine);
  if (user.outcome === "panic") throw new GuestEnded("oom", `the kernel panics: ${user.reason}`);
  const kernelIsRam = user.e820.some(
    ({ start, end, type }) => type === E820Type.RAM && start <= kernelStart && kernelStart < end,
  );
  if (!kernelIsRam) throw new GuestEnded("oom", "mem= and memmap= leave no RAM where the kernel lies");
  const table = efi?.tableReservation === "bytes" ? efi.unacceptedTable : undefined;
  if (table !== undefined && !user.e820.some(({ start, end }) => start <= table.start && table.end <= end)) {
    throw new GuestEnded("oom", "the kernel panics: mem= and memmap= cut off its table of unaccepted memory");
  }
  const claimed = ramOf(user.e820);
  const missing = subtractRanges(claimed, ram)[0];
  if (missing !== undefined) {
    if (subtractRanges([missing], ramOf(e820)).length === 0) {
      throw new GuestEnded("terminated", notPluggedIn("the kernel takes for memory", missing));
    }
    throw new GuestEnded(
      "terminated",
      `memmap= adds ${formatBytes(missing.end - missing.start)} at 0x${missing.start.toString(16)}, where the ` +
        "machine has no RAM; the kernel takes them for memory and touches them",
    );
  }
  const left = ramBytes(user.e820);
  if (left < MIN_MEMORY_BYTES - FIRMWARE_BYTES) {
    const who = left < ramBytes(e820) ? "mem= and memmap= leave" : "the map that the kernel starts with has";
    throw new GuestEnded("oom", `${who} ${formatBytes(left)} of RAM, less than a kernel needs`);
  }
}
