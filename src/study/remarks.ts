/** Remarks on a run that its numbers do not show, as far as they are known before it begins. */

import { ignoredWords } from "../command-line/catalogue.js";
import { commandLineWords } from "../command-line/words.js";
import { kernelRelease } from "../linux/kernel-rules.js";
import type { Scenario } from "../scenario/scenario.js";
import type { LoadedWorkload } from "../workload/after-boot.js";

/** A line for each: whose rules the kernel has, what a trace left out, which words of the command line do nothing. */
export function remarksBefore(
  { kernel, guest }: Pick<Scenario, "kernel" | "guest">,
  { recording, remarks, afterBoot }: Pick<LoadedWorkload, "recording" | "remarks" | "afterBoot">,
): string[] {
  const { remark } = kernelRelease(kernel);
  const trace = afterBoot ?? { recording, remarks };
  return [
    ...(remark === undefined ? [] : [remark]),
    ...(trace.remarks ?? []).map((line) => `${trace.recording.name}: ${line}`),
    ...ignoredWords(commandLineWords(guest.commandLine)),
  ];
}
