/** What the answers say, in sentences. */

import {
  type CompareRow,
  conclusionOf,
  diffRows,
  diffSentences,
  failureTexts,
  formatDuration,
  hasFailed,
} from "../../index.js";
import { changeOf, measureOf } from "./measures.js";

/** What a row says alone: `lazy is ready after 11.7 s (about 8.92 s to 20.7 s over what is assumed). ...`. */
function aloneSentences(row: CompareRow): readonly string[] {
  return hasFailed(row)
    ? failureTexts(row)
    : conclusionOf([{ title: "", rows: [row] }], row.policy, undefined);
}

/** Fields by which two rows run on the same, whatever their policies. */
const MACHINE = [
  "scenario",
  "platform",
  "kernel",
  "prices",
  "memoryBytes",
  "vcpus",
  "workload",
  "boot",
] as const;

/** The answer: of one side, or of two and what makes the difference. */
export function answerSentences(a: CompareRow, b: CompareRow | undefined): readonly string[] {
  if (b === undefined) return aloneSentences(a);
  const isOnlyPolicy = a.policy !== b.policy && MACHINE.every((name) => a[name] === b[name]);
  const lead =
    isOnlyPolicy && !hasFailed(a) && !hasFailed(b)
      ? conclusionOf([{ title: "", rows: [a, b] }], a.policy, undefined)
      : [...labelled("A", aloneSentences(a)), ...labelled("B", failedSentences(b))];
  return [...lead, ...diffSentences(diffRows([a], [b]))];
}

function failedSentences(row: CompareRow): readonly string[] {
  return hasFailed(row) ? failureTexts(row) : [];
}

function labelled(side: string, sentences: readonly string[]): readonly string[] {
  return sentences.map((one) => `${side}: ${one}`);
}

/** For those who do not see the numbers move: `A: boot 11.7 s, −1.2 s, −9.3 %`. */
export function announcement(side: string, row: CompareRow, before: CompareRow | undefined): string {
  const boot = measureOf("bootTimeNs");
  const change = before === undefined ? undefined : changeOf(boot, before, row);
  const became = change === undefined || change.verdict === "neither" ? "" : `, ${change.text} than before`;
  const ended = row.outcome === "ready" ? "" : `, ${row.outcome}`;
  return `${side}: boot ${formatDuration(row.bootTimeNs)}${became}${ended}`;
}
