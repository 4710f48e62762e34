import type { Comparison, Divergence } from "./comparison.js";
import { type ProcFields, type ProcFileName, wholeProcFile } from "./proc-file.js";
import { EvidenceError, type RecordingFiles, readText } from "./recording-files.js";

/** A file of /proc in a recording: its fields, or why there are none. */
export type ProcEvidence = { readonly fields: ProcFields } | { readonly problem: Divergence };

/** Reads `boot.vmstat` and the like; what is missing or damaged is a difference. */
export function procEvidence(files: RecordingFiles, prefix: string, file: ProcFileName): ProcEvidence {
  const name = `${prefix}.${file}`;
  const text = readText(files, name);
  if (text === undefined) {
    return {
      problem: { event: 0, expected: `the file ${name}`, found: "no such file", context: `/proc/${file}` },
    };
  }
  try {
    return { fields: wholeProcFile(file, text) };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    const { place, expected, found } = error;
    return { problem: { event: 0, expected, found, context: `${name}:${place.line}:${place.column}` } };
  }
}

/** Fields of evidence, none if it cannot be read. */
export function fieldsIn(evidence: ProcEvidence): ProcFields {
  return "fields" in evidence ? evidence.fields : new Map();
}

/** Counts so many things that could not be compared as different, one at least. */
export function cannotCompare(result: Comparison, count: number, problem: Divergence): void {
  result.compared += Math.max(count, 1);
  result.firstDivergence ??= problem;
}
