/** Damage that a log may have: lines of maps that are cut, and numbers that no kernel prints. */

import { printable } from "../printable.js";
import type { LogLine } from "./log-text.js";
import { MachineError } from "./statement.js";

/** @throws MachineError for a number of CPUs that no machine has */
export function checkCpus(
  vcpus: { readonly value: number; readonly line: number; readonly says: string } | undefined,
): void {
  if (vcpus === undefined || (vcpus.value >= 1 && vcpus.value <= 8192)) return;
  throw new MachineError(vcpus.line, 1, "1 to 8192 CPUs", vcpus.says);
}

interface LineOfRange {
  readonly value: { readonly start: number; readonly end: number };
  readonly line: number;
  readonly says: string;
}

/** No firmware gives a byte twice. @throws MachineError for a range that begins before another one ends */
export function checkApart(map: readonly LineOfRange[]): void {
  const ascending = map.toSorted((a, b) => a.value.start - b.value.start);
  for (const [at, { value, line, says }] of ascending.entries()) {
    const next = ascending[at + 1];
    if (next !== undefined && next.value.start < value.end)
      throw new MachineError(line, 1, `a range that ends before that of line ${next.line} begins`, says);
  }
}

/** @throws MachineError for a line that is damaged */
export function checkLine(line: LogLine): void {
  checkNumbers(line);
  checkRangeLine(line);
}

/** Physical addresses of x86-64 end here. */
const ADDRESS_END = 2 ** 52;

/** @throws MachineError for a range that no machine has */
export function checkRange({ start, end }: { start: number; end: number }, line: number, text: string): void {
  if (start < end && end <= ADDRESS_END) return;
  const column = text.indexOf("[mem 0x") + 1 || text.indexOf("range=") + 1 || 1;
  throw new MachineError(
    line,
    column,
    "a range that ends behind its start and below 2^52",
    printable(text.slice(column - 1, column + 60)),
  );
}

/** A mail breaks long lines: the type of a range then stands alone in the next one. */
export function unwrapped(lines: readonly LogLine[]): LogLine[] {
  return lines.map((line, at) => {
    if (/BIOS-e820: \[mem 0x[0-9a-f]+-0x[0-9a-f]+\]$/.test(line.text)) {
      const next = lines[at + 1]?.text.trim() ?? "";
      if (/^[A-Za-z][A-Za-z ]*$/.test(next)) return { ...line, text: `${line.text} ${next}` };
    }
    return line;
  });
}

/** Lines of maps, of which none may be missing without a word. */
const RANGE_LINES: readonly (readonly [begins: RegExp, whole: RegExp, expected: string])[] = [
  [
    /BIOS-e820:/,
    /BIOS-e820: \[(?:mem 0x[0-9a-f]+-0x[0-9a-f]+\] +\S|gap )/,
    "a range of the e820 map and its type",
  ],
  [
    /^efi: mem\d+:/,
    /^efi: mem\d+: \[[^|\]]+\|[^\]]*\] range=\[0x[0-9a-f]+-0x[0-9a-f]+\]/,
    "a range of the firmware's map",
  ],
];

/** @throws MachineError for one that is cut */
function checkRangeLine({ line, text }: LogLine): void {
  for (const [begins, whole, expected] of RANGE_LINES) {
    const at = text.search(begins);
    if (at >= 0 && !whole.test(text))
      throw new MachineError(line, at + 1, expected, printable(text.slice(at, at + 60)));
  }
}

/** Numbers that no kernel prints are damage: CONFIG_NR_CPUS with MAXSMP, and CONFIG_NODES_SHIFT 10. */
const LIMITS: readonly (readonly [line: RegExp, number: RegExp, below: number])[] = [
  [/^pcpu-alloc: \[/, /(?<![\w.])\d+(?![\w.])/g, 8192],
  [/SRAT: Node \d/, /(?<=Node )\d+/g, 1024],
];

/** @throws MachineError */
function checkNumbers({ line, text }: LogLine): void {
  const [, number, below] = LIMITS.find(([pattern]) => pattern.test(text)) ?? [];
  if (number === undefined || below === undefined) return;
  const wrong = Array.from(text.matchAll(number)).find(([digits]) => Number(digits) >= below);
  if (wrong !== undefined)
    throw new MachineError(line, wrong.index + 1, `a number below ${below}`, wrong[0].slice(0, 40));
}
