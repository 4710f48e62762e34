/**
 * `mem=` and `memmap=` of the kernel's command line (arch/x86/kernel/e820.c: parse_memopt,
 * parse_memmap_opt, Linux 6.12). Every other word is left to others.
 */
import { memparse } from "../command-line/numbers.js";
import { commandLineWords } from "../command-line/words.js";
import { E820Type } from "../efistub/setup-e820.js";
import { type AddressRange, MiB } from "../units.js";
import { type KernelE820Entry, KernelE820Type } from "./e820-table.js";

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

/** What a command line says about memory. */
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
