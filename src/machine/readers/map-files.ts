/** Files of a running guest that show its memory map: /proc/iomem and /sys/firmware/memmap. */

import { E820Type } from "../../efistub/setup-e820.js";
import { printable } from "../../printable.js";
import { Findings } from "../findings.js";
import type { Said } from "../guest-log.js";
import { stateE820 } from "../hand-over.js";
import { logLines } from "../log-text.js";
import { stateMap } from "../map-statements.js";
import type { TypedRange } from "../ram.js";
import { MachineError, type MachineReader, type MachineReading } from "../statement.js";

/** kernel/resource.c: r_show; a child is indented by two blanks more. */
const IOMEM_LINE = /^( *)([0-9a-f]{8,16})-([0-9a-f]{8,16}) : (.+)$/;

/** What top-level resources say of memory (arch/x86/kernel/e820.c: e820_type_to_string); others are devices. */
const IOMEM_TYPES: Readonly<Record<string, number>> = {
  "System RAM": E820Type.RAM,
  Reserved: E820Type.RESERVED,
  // From 7.2 on at the latest.
  "device reserved": E820Type.RESERVED,
  "ACPI Tables": E820Type.ACPI,
  "ACPI Non-volatile Storage": E820Type.NVS,
  "Unusable memory": E820Type.UNUSABLE,
  "Soft Reserved": E820Type.SOFT_RESERVED,
  "Persistent Memory": E820Type.PMEM,
};

export const PROC_IOMEM: MachineReader = {
  kind: "iomem",
  what: "/proc/iomem of a guest, read as root",
  recognises: (text) => /^ *[0-9a-f]{8,16}-[0-9a-f]{8,16} : System RAM\s*$/m.test(text),
  read: readIomem,
};

function readIomem(text: string): MachineReading {
  const map: Said<TypedRange>[] = [];
  for (const { line, text: words } of logLines(text)) {
    if (words.trim() === "") continue;
    const [, indent, first, last, name] =
      IOMEM_LINE.exec(words) ??
      unread(line, words, "a range of /proc/iomem such as 00100000-7fffffff : System RAM");
    const type = IOMEM_TYPES[name!];
    if (indent !== "" || type === undefined) continue;
    map.push({ value: { ...range(first!, last!, line, words), type }, line, says: printable(words) });
  }
  if (map.every(({ value }) => value.end <= 1)) {
    const { line, says } = map[0]!;
    throw new MachineError(line, 1, "addresses, which the kernel shows to root only", says);
  }
  const findings = new Findings();
  stateMap(findings, map);
  return findings.reading();
}

function range(first: string, last: string, line: number, words: string): { start: number; end: number } {
  const start = Number.parseInt(first, 16);
  const end = Number.parseInt(last, 16) + 1;
  if (start < end && end <= 2 ** 52) return { start, end };
  throw new MachineError(line, 1, "a range that ends behind its start and below 2^52", printable(words));
}

function unread(line: number, words: string, expected: string): never {
  throw new MachineError(line, 1, expected, printable(words.slice(0, 80)));
}

/** drivers/firmware/memmap.c: a directory for each entry of the map that the firmware gave, with three files. */
const MEMMAP_LINE = /^(?:\S*\/)?(\d{1,5})\/(start|end|type):(.+)$/;
/** `==> 0/end <==`, with which head and tail name files. */
const MEMMAP_HEADER = /^==> (?:\S*\/)?(\d{1,5})\/(start|end|type) <==$/;
/** A line for each entry, as people list them: `0x0 - 0x9fbff : System RAM`. */
const MEMMAP_LISTED =
  /^(?:\d{1,5}[:.)]? +)?0x([0-9a-f]{1,16}) *(?:-|\.\.)? *0x([0-9a-f]{1,16})[ :(\t]+([A-Za-z][\w -]*?)\)?$/;

export const FIRMWARE_MEMMAP: MachineReader = {
  kind: "firmware-memmap",
  what: "/sys/firmware/memmap of a guest, as grep -r . or head prints it, or a line for each entry",
  recognises: (text) =>
    /^(?:\S*\/)?\d{1,5}\/(?:start|end|type):./m.test(text) ||
    /^==> (?:\S*\/)?\d{1,5}\/(?:start|end|type) <==/m.test(text) ||
    new RegExp(MEMMAP_LISTED.source, "m").test(text.replaceAll("\r", "")),
  read: readMemmap,
};

interface Entry {
  start?: string;
  end?: string;
  type?: string;
  line: number;
}

function readMemmap(text: string): MachineReading {
  const entries = new Map<string, Entry>();
  let header: readonly [entry: string, file: "start" | "end" | "type"] | undefined;
  const put = (entry: string, file: "start" | "end" | "type", value: string, line: number): void => {
    const known = entries.get(entry) ?? { line };
    entries.set(entry, { ...known, [file]: value.trim() });
  };
  for (const { line, text: words } of logLines(text)) {
    if (words.trim() === "") continue;
    const [, entry, file, value] = MEMMAP_LINE.exec(words) ?? [];
    const [, headerEntry, headerFile] = MEMMAP_HEADER.exec(words) ?? [];
    const [, first, last, type] = MEMMAP_LISTED.exec(words) ?? [];
    if (entry !== undefined) put(entry, file as "start", value!, line);
    else if (headerEntry !== undefined) header = [headerEntry, headerFile as "start"];
    else if (first !== undefined)
      entries.set(`line ${line}`, { start: `0x${first}`, end: `0x${last}`, type: type!, line });
    else if (header !== undefined) {
      put(...header, words, line);
      header = undefined;
    } else unread(line, words, "start, end or type of an entry of /sys/firmware/memmap");
  }
  const map = [...entries].map(([name, entry]) => memmapEntry(name, entry));
  const ascending = map.toSorted((a, b) => a.value.start - b.value.start);
  const findings = new Findings();
  stateMap(findings, ascending);
  stateE820(findings, ascending);
  return findings.reading();
}

function memmapEntry(name: string, { start, end, type, line }: Entry): Said<TypedRange> {
  for (const [file, value] of [
    ["start", start],
    ["end", end],
    ["type", type],
  ] as const) {
    if (value === undefined) throw new MachineError(line, 1, `the file ${file} of entry ${name}`, "none");
    if (file !== "type" && !/^0x[0-9a-f]{1,16}$/.test(value))
      throw new MachineError(
        line,
        1,
        `an address such as 0x9fbff in ${file} of entry ${name}`,
        printable(value.slice(0, 40)),
      );
  }
  const says = `${start}-${end} ${printable(type!)}`;
  const value = {
    ...range(start!.slice(2), end!.slice(2), line, says),
    type: IOMEM_TYPES[memmapName(type!)] ?? E820Type.RESERVED,
  };
  return { value, line, says };
}

/** `Reserved` was written small before 4.? and `System RAM` never was. */
function memmapName(type: string): string {
  return type === "reserved" ? "Reserved" : type;
}
