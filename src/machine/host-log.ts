/**
 * What a host's boot log says of its memory and of what protects guests (arch/x86/virt/vmx/tdx/tdx.c,
 * arch/x86/virt/svm/sev.c, arch/x86/kvm/svm/sev.c, mm/mm_init.c: free_area_init; 6.5 to 7.3).
 */

import { E820Type } from "../efistub/setup-e820.js";
import {
  type AddressRange,
  formatBytes,
  PAGE_SIZE,
  PHYSICAL_ADDRESS_END,
  roundDown,
  roundUp,
} from "../units.js";
import { e820OfBootLog } from "../x86/boot-log.js";
import { exactSize } from "./exact-size.js";
import { type Findings, short, unexpected } from "./findings.js";
import { type LogLine, logLines } from "./log-text.js";

/** Memory of the host, as its kernel has it, with the node it belongs to. */
interface HostRange extends AddressRange {
  readonly node: number;
}

/** A list with its first line. */
interface Found<Range> {
  readonly ranges: readonly Range[];
  readonly line: number;
  readonly says: string;
}

/** Lines that only the log of a host has: of its TDX module, its RMP, KVM's support for protected guests. */
const HOST =
  /\bvirt\/tdx: |\bSEV-SNP: (?:RMP table|Memory for the RMP|Segmented RMP|Reserving start\/end of RMP)|\bkvm_amd: SEV(?:-ES|-SNP)? (?:enabled|disabled|supported)/;
/** Lines that only a protected guest has, which can also start guests of its own. */
const GUEST = /\btdx: Guest detected|Memory Encryption Features active:.*\b(?:TDX|SEV)\b/;

export function isHostLog(text: string): boolean {
  return HOST.test(text) && !GUEST.test(text);
}

/** @throws MachineError at a range that no kernel prints */
export function stateHost(text: string, findings: Findings): void {
  const lines = logLines(text);
  stateKernel(lines, findings);
  if (lines.some(({ text: line }) => line.startsWith("virt/tdx: "))) stateTdx(lines, findings);
  remarkSnp(lines, findings);
}

function stateKernel(lines: readonly LogLine[], findings: Findings): void {
  const found = matching(lines, /^Linux version (\S+)/).at(-1);
  if (found === undefined) return;
  const [{ line, text }, [, release]] = found;
  findings.says("host.kernel", release, line, text);
}

function stateTdx(lines: readonly LogLine[], findings: Findings): void {
  const convertible = convertibleOf(lines);
  const memory = memoryOf(lines);
  const isInitialised = matching(lines, /^virt\/tdx: module initialized/)[0]?.[0];
  if (memory !== undefined) {
    const value = memory.ranges.map(({ start, end, node }) => ({
      start: addressOf(start),
      end: addressOf(end),
      ...(node === 0 ? {} : { node }),
    }));
    if (convertible !== undefined || isInitialised !== undefined) {
      findings.says(
        "host.tdxModule.memory",
        value,
        memory.line,
        memory.says,
        `${value.length} ranges, from this line on`,
      );
    }
  }
  if (convertible !== undefined && memory !== undefined) {
    const value = convertible.ranges.map(plainRange);
    findings.says(
      "host.tdxModule.convertible",
      value,
      convertible.line,
      convertible.says,
      `${value.length} regions, from this line on`,
    );
  } else if (memory !== undefined && isInitialised !== undefined) {
    const derived = "the module took all of the host's memory, so that all of it is convertible";
    findings.says(
      "host.tdxModule.convertible",
      memory.ranges.map(plainRange),
      isInitialised.line,
      isInitialised.text,
      derived,
    );
  } else {
    const missing =
      memory === undefined
        ? "the host's map (BIOS-e820)"
        : "convertible memory (CMR), and the module did not start";
    findings.remark(
      lines.find(({ text }) => text.startsWith("virt/tdx: "))!.line,
      `the log does not have ${missing}: host.tdxModule cannot be said`,
    );
  }
  for (const [{ line, text }] of matching(lines, /^virt\/tdx: .*Dynamic PAMT/i))
    if (!/disabl|not support|unsupport/i.test(text)) findings.says("host.dynamicPamt", true, line, text);
  for (const [{ line }, [, kib]] of matching(lines, /^virt\/tdx: (\d{1,12}) KBs? allocated for PAMT/))
    findings.remark(
      line,
      `${formatBytes(Number(kib) * 1024)} for the PAMT: follows from host.tdxModule; a run prints it as pamtBytes`,
    );
  for (const [{ line, text }] of matching(
    lines,
    /^virt\/tdx: .*(?:module ver|TDX module: attributes|failed|exhausted|KeyID)/,
  ))
    findings.remark(
      line,
      `${short(text)}: ${/failed|exhausted/.test(text) ? "the module did not start; a run with host.tdxModule says whether a simulated one does" : "changes nothing here"}`,
    );
}

/** `CMR: [0x100000, 0x6f800000)`, with a number in some releases. */
function convertibleOf(lines: readonly LogLine[]): Found<AddressRange> | undefined {
  const found = matching(lines, /^virt\/tdx: CMR(?:\[\d+\])?: \[0x([0-9a-f]{1,16}), 0x([0-9a-f]{1,16})\)/);
  const [first] = found;
  if (first === undefined) return undefined;
  const ranges = found.map(([line, [, start, end]]) => range(Number(`0x${start}`), Number(`0x${end}`), line));
  return { ranges: ascending(ranges), line: first[0].line, says: first[0].text };
}

/** memblock's memory by node, as the kernel prints it; else the usable ranges of its map, by the nodes of ACPI. */
function memoryOf(lines: readonly LogLine[]): Found<HostRange> | undefined {
  const early = matching(lines, /^ {2}node +(\d{1,4}): \[mem 0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})\]/);
  const [first] = early;
  if (first !== undefined) {
    const ranges = early.map(([line, [, node, start, last]]) => ({
      ...range(Number(`0x${start}`), Number(`0x${last}`) + 1, line),
      node: Number(node),
    }));
    return { ranges: ascending(ranges), line: first[0].line, says: first[0].text };
  }
  const usable = lines.flatMap((line) =>
    e820OfBootLog(line.text).flatMap((entry) => (entry.type === E820Type.RAM ? [{ ...entry, line }] : [])),
  );
  const [lowest] = usable;
  if (lowest === undefined) return undefined;
  const nodes = matching(
    lines,
    /^ACPI: SRAT: Node (\d{1,4}) PXM \d+ \[mem 0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})\]/,
  ).map(([line, [, node, start, last]]) => ({
    ...range(Number(`0x${start}`), Number(`0x${last}`) + 1, line),
    node: Number(node),
  }));
  const ranges = usable.flatMap(({ start, end, line }) => {
    const whole = { start: roundUp(start, PAGE_SIZE), end: roundDown(end, PAGE_SIZE) };
    return whole.start < whole.end ? byNode(range(whole.start, whole.end, line), nodes) : [];
  });
  return { ranges: ascending(ranges), line: lowest.line.line, says: lowest.line.text };
}

/** Parts of a range by the nodes it lies on; what lies on none is of node 0 (arch/x86/mm/numa.c: numa_cleanup_meminfo). */
function byNode(whole: AddressRange, nodes: readonly HostRange[]): HostRange[] {
  const cuts = nodes
    .flatMap(({ start, end }) => [start, end])
    .filter((at) => at > whole.start && at < whole.end);
  const borders = [...new Set([whole.start, ...cuts, whole.end])].toSorted((a, b) => a - b);
  return borders.slice(0, -1).map((start, at) => {
    const node = nodes.find((one) => one.start <= start && start < one.end)?.node ?? 0;
    return { start, end: borders[at + 1]!, node };
  });
}

/** How much the RMP takes is not simulated for the host as a whole. */
function remarkSnp(lines: readonly LogLine[], findings: Findings): void {
  const table =
    /^SEV-SNP: (?:Segmented )?RMP (?:table|base table) physical range \[0x([0-9a-f]{1,16}) - 0x([0-9a-f]{1,16})\]/;
  for (const [line, [, start, last]] of matching(lines, table)) {
    const { start: from, end } = range(Number(`0x${start}`), Number(`0x${last}`) + 1, line);
    findings.remark(
      line.line,
      `an RMP of ${formatBytes(end - from)}: a guest is charged for its own part of it`,
    );
  }
  for (const [{ line, text }] of matching(lines, /^SEV-SNP: Memory for the RMP table has not been reserved/))
    findings.remark(line, `${short(text)}: this host starts no SNP guests`);
  for (const [{ line, text }] of matching(lines, /^kvm_amd: SEV-SNP (?:enabled|disabled|supported)/))
    findings.remark(line, `${short(text)}: how many guests there can be changes nothing for one`);
}

type Match = readonly [line: LogLine, groups: RegExpExecArray];

function matching(lines: readonly LogLine[], pattern: RegExp): Match[] {
  return lines.flatMap((line): Match[] => {
    const groups = pattern.exec(line.text);
    return groups === null ? [] : [[line, groups]];
  });
}

function range(start: number, end: number, { line, text }: LogLine): AddressRange {
  if (start < end && end <= PHYSICAL_ADDRESS_END) return { start, end };
  const column = text.indexOf("[") + 1;
  throw unexpected(
    { line, column },
    "a range that ends behind its start and below 2^52",
    text.slice(column - 1),
  );
}

function ascending<Range extends AddressRange>(ranges: readonly Range[]): Range[] {
  return ranges.toSorted((a, b) => a.start - b.start);
}

/** As a file has it: `1536MiB`. */
function addressOf(at: number): string | number {
  return at === 0 ? 0 : exactSize(at);
}

function plainRange({ start, end }: AddressRange): {
  readonly start: string | number;
  readonly end: string | number;
} {
  return { start: addressOf(start), end: addressOf(end) };
}
