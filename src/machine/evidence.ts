/** What a guest showed of one boot, from all of its files: what a run is held against. */

import type { ProcFields } from "../verify/proc-fields.js";
import { type GuestLog, isGuestLog, readGuestLog } from "./guest-log.js";
import { fieldsOfFile, PROC_MEMINFO, PROC_VMSTAT, PROC_ZONEINFO } from "./readers/proc-files.js";

export interface Evidence {
  readonly log: InFile<GuestLog> | undefined;
  readonly meminfo: InFile<ProcFields> | undefined;
  readonly zoneinfo: InFile<ProcFields> | undefined;
  readonly vmstat: InFile<ProcFields> | undefined;
}

export interface InFile<Content> {
  readonly file: string;
  readonly content: Content;
}

/** The kinds of text that a run can be held against. */
export type EvidenceKind = keyof Evidence;

/** @returns undefined for a text that says nothing of a boot @throws MachineError where it is damaged */
export function evidenceOf(text: string): Partial<Record<EvidenceKind, GuestLog | ProcFields>> | undefined {
  if (isGuestLog(text)) return { log: readGuestLog(text) };
  if (PROC_MEMINFO.recognises(text)) return { meminfo: fieldsOfFile("meminfo", text) };
  if (PROC_ZONEINFO.recognises(text)) return { zoneinfo: fieldsOfFile("zoneinfo", text) };
  if (PROC_VMSTAT.recognises(text)) return { vmstat: fieldsOfFile("vmstat", text) };
  return undefined;
}
