/**
 * The e820 table as the user wants it (arch/x86/kernel/e820.c: e820__finish_early_params,
 * Linux 6.12). Memory that is cut away here never becomes memory of the kernel: what of it is
 * unaccepted stays so for ever and is counted nowhere.
 */
import { E820Type } from "../efistub/setup-e820.js";
import { isMemblockMemory, type KernelE820Entry, retypeRange, sanitise } from "./e820-table.js";
import type { EarlyBoot } from "./early-machine.js";
import { type MemoryOption, parseMemoryOptions } from "./memory-options.js";

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
  return table.reduce((sum, { start, end, type }) => (isMemblockMemory(type) ? sum + end - start : sum), 0);
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
