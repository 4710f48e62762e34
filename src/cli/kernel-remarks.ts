import { kernelRelease } from "../linux/kernel-rules.js";
import type { Scenario } from "../scenario/scenario.js";
import type { CliIo } from "./context.js";
import { print } from "./print.js";

/** Says of every kernel whose rules are those of another release which that is, unless nobody wants remarks. */
export function writeKernelRemarks(
  scenarios: readonly Scenario[],
  { quiet }: { readonly quiet: boolean },
  { stderr }: CliIo,
): void {
  if (quiet) return;
  for (const kernel of new Set(scenarios.map((scenario) => scenario.kernel))) {
    const { remark } = kernelRelease(kernel);
    if (remark !== undefined) print(stderr, `${remark}\n`);
  }
}
