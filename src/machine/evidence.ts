/** What a guest showed of one boot, from all of its files: what a run is held against. */

import { PAGE_SIZE, roundUp } from "../units.js";
import type { ProcFields } from "../verify/proc-fields.js";
import { type GuestLog, isGuestLog, readGuestLog } from "./guest-log.js";
import { PROC_IOMEM } from "./readers/map-files.js";
import { fieldsOfFile, PROC_MEMINFO, PROC_VMSTAT, PROC_ZONEINFO } from "./readers/proc-files.js";
import { MachineError } from "./statement.js";

export interface Evidence {
  readonly log: InFile<GuestLog> | undefined;
  readonly meminfo: InFile<ProcFields> | undefined;
  readonly zoneinfo: InFile<ProcFields> | undefined;
  readonly vmstat: InFile<ProcFields> | undefined;
  readonly iomem: InFile<KernelResources> | undefined;
}

export interface InFile<Content> {
  readonly file: string;
  readonly content: Content;
}

/** The kernel in /proc/iomem. */
export interface KernelResources {
  /** From its code to the end of its bss, in whole pages: where the brk area begins (_text to __bss_stop). */
  readonly imageBytes: number;
}

/** The kinds of text that a run can be held against. */
export type EvidenceKind = keyof Evidence;

/** @returns undefined for a text that says nothing of a boot @throws MachineError where it is damaged */
export function evidenceOf(
  text: string,
): Partial<Record<EvidenceKind, GuestLog | ProcFields | KernelResources>> | undefined {
  if (isGuestLog(text)) return { log: readGuestLog(text) };
  if (PROC_MEMINFO.recognises(text)) return { meminfo: fieldsOfFile("meminfo", text) };
  if (PROC_ZONEINFO.recognises(text)) return { zoneinfo: fieldsOfFile("zoneinfo", text) };
  if (PROC_VMSTAT.recognises(text)) return { vmstat: fieldsOfFile("vmstat", text) };
  if (PROC_IOMEM.recognises(text)) return { iomem: resourcesOf(text) };
  return undefined;
}

/** arch/x86/kernel/setup.c: code_resource from _text on, bss_resource up to __bss_stop. */
function resourcesOf(text: string): KernelResources {
  PROC_IOMEM.read(text);
  const [, start] = /^ +([0-9a-f]{1,16})-[0-9a-f]{1,16} : Kernel code\s*$/m.exec(text) ?? [];
  const [, last] = /^ +[0-9a-f]{1,16}-([0-9a-f]{1,16}) : Kernel bss\s*$/m.exec(text) ?? [];
  if (start === undefined || last === undefined) {
    const line = text.split("\n").length;
    throw new MachineError(line, 1, "lines Kernel code and Kernel bss", "the end of the file");
  }
  return { imageBytes: roundUp(Number.parseInt(last, 16) + 1, PAGE_SIZE) - Number.parseInt(start, 16) };
}
