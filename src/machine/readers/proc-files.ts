/** Files of /proc that say little of the machine, and much of how its boot went: for `machine check`. */

import { type ProcFileName, procFields } from "../../verify/proc-fields.js";
import { EvidenceError } from "../../verify/recording-files.js";
import { MachineError, type MachineReader, type MachineReading } from "../statement.js";

function procReader(file: ProcFileName, what: string, telling: RegExp): MachineReader {
  return {
    kind: file,
    what: `/proc/${file} of a guest: ${what}`,
    recognises: (text) => telling.test(text),
    read: (text) => readProc(file, text),
  };
}

export const PROC_MEMINFO: MachineReader = procReader(
  "meminfo",
  "MemTotal and Unaccepted, for machine check",
  /^MemTotal: +\d+ kB/m,
);
export const PROC_ZONEINFO: MachineReader = procReader(
  "zoneinfo",
  "pages of each zone, for machine check",
  /^Node \d+, zone +\w+\s*\n +(?:per-node stats|pages free)/m,
);
export const PROC_VMSTAT: MachineReader = procReader(
  "vmstat",
  "nr_unaccepted, for machine check",
  /^nr_free_pages \d+/m,
);

function readProc(file: ProcFileName, text: string): MachineReading {
  fieldsOfFile(file, text);
  const said = "says how a boot ended, not on what machine; machine check --against compares it";
  return { statements: [], remarks: [{ line: 1, text: `/proc/${file}: ${said}` }] };
}

/** @throws MachineError at a line that such a file does not have */
export function fieldsOfFile(file: ProcFileName, text: string): ReturnType<typeof procFields> {
  try {
    return procFields(file, withUnixEnds(text));
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    const [line, column] = error.place.split(":").map(Number);
    throw new MachineError(line!, column!, error.expected, error.found);
  }
}

function withUnixEnds(text: string): string {
  const plain = text
    .replace(/^\uFEFF/, "")
    .replaceAll("\r\n", "\n")
    .replace(/\n+$/, "");
  return `${plain}\n`;
}

/** /proc/cpuinfo has a paragraph for each CPU that is online. */
export const PROC_CPUINFO: MachineReader = {
  kind: "cpuinfo",
  what: "/proc/cpuinfo of a guest, or what nproc prints",
  recognises: (text) => /^processor\s*: \d+/m.test(text) || /^\s*\d{1,4}\s*$/.test(text),
  read(text) {
    const lines = text.split("\n");
    const processors = lines.flatMap((line, at) => (/^processor\s*: \d+/.test(line) ? [at] : []));
    const last = processors.at(-1);
    if (last === undefined) {
      const statement = {
        key: "vcpus",
        value: Number(text.trim()),
        line: lines.findIndex((line) => line.trim() !== "") + 1,
        says: text.trim(),
        derived: "the CPUs that a process may use",
      };
      return { statements: [statement], remarks: [] };
    }
    const statement = {
      key: "vcpus",
      value: processors.length,
      line: last + 1,
      says: lines[last]!.trim(),
      derived: `${processors.length} lines of processor`,
    };
    return { statements: [statement], remarks: [] };
  },
};
