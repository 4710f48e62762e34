import type { Comparison } from "./comparison.js";
import { cannotCompare, procEvidence } from "./proc-evidence.js";
import { numberOf, PROC_FILES, type ProcFields, type ProcFileName, zonesOfProc } from "./proc-file.js";
import type { RecordingFiles } from "./recording-files.js";

/**
 * Whether every file of /proc in a recording is whole, also those that nothing else is compared with: of
 * one kernel, so with the lines that the others of its kind have, and MemTotal the sum of all zones.
 */
export function checkProcFiles(files: RecordingFiles): Comparison {
  const result: Comparison = { compared: 0, equal: 0 };
  const lines = new Map<ProcFileName, { readonly name: string; readonly keys: string }>();
  let managed: { readonly name: string; readonly pages: number } | undefined;
  // The zones come first, as the others are held against them.
  for (const file of ["zoneinfo", ...PROC_FILES.filter((name) => name !== "zoneinfo")] as ProcFileName[]) {
    for (const prefix of prefixesOf(files, file)) {
      const name = `${prefix}.${file}`;
      const evidence = procEvidence(files, prefix, file);
      if ("problem" in evidence) {
        cannotCompare(result, 1, evidence.problem);
        continue;
      }
      const { fields } = evidence;
      if (file === "zoneinfo") managed ??= { name, pages: managedPages(fields) };
      const first = lines.get(file) ?? { name, keys: keysOf(fields) };
      lines.set(file, first);
      const problem =
        firstOtherLine(first, { name, keys: keysOf(fields) }) ??
        (file === "meminfo" ? otherTotal(fields, managed, name) : undefined);
      if (problem === undefined) {
        result.compared++;
        result.equal++;
      } else cannotCompare(result, 1, { event: 0, context: name, ...problem });
    }
  }
  return result;
}

function prefixesOf(files: RecordingFiles, file: ProcFileName): string[] {
  const end = `.${file}`;
  return files
    .list()
    .filter((name) => name.endsWith(end))
    .map((name) => name.slice(0, -end.length))
    .sort();
}

function keysOf(fields: ProcFields): string {
  return [...fields.keys()].join("\n");
}

interface Problem {
  readonly expected: string;
  readonly found: string;
}

function firstOtherLine(
  first: { readonly name: string; readonly keys: string },
  other: { readonly name: string; readonly keys: string },
): Problem | undefined {
  if (first.keys === other.keys) return undefined;
  const expected = first.keys.split("\n");
  const found = other.keys.split("\n");
  const at = expected.findIndex((key, index) => key !== found[index]);
  return {
    expected: `${expected[at] ?? "no more lines"}, as in ${first.name}`,
    found: found[at < 0 ? expected.length : at] ?? "no such line",
  };
}

function managedPages(zoneinfo: ProcFields): number {
  return zonesOfProc(zoneinfo).reduce((sum, zone) => sum + (numberOf(zoneinfo, `${zone}managed`) ?? 0), 0);
}

/** MemTotal is what all zones manage (mm/show_mem.c: si_meminfo), which does not change once boot is done. */
function otherTotal(
  meminfo: ProcFields,
  managed: { readonly name: string; readonly pages: number } | undefined,
  name: string,
): Problem | undefined {
  const total = numberOf(meminfo, "MemTotal");
  if (managed === undefined || total === managed.pages * 4) return undefined;
  return {
    expected: `${managed.pages * 4} kB of MemTotal, as ${managed.name} says`,
    found: `${total ?? "none"} in ${name}`,
  };
}
