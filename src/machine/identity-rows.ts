/** Whether a log is of the machine that a scenario has: platform, kernel and CPUs. */

import { kernelRelease, knowsUnacceptedMemory } from "../linux/kernel-rules.js";
import type { Scenario } from "../scenario/scenario.js";
import type { CheckRow } from "./check-row.js";
import type { InFile } from "./evidence.js";
import type { GuestLog, Said } from "./guest-log.js";

export function identityRows(
  { file, content: { protection, kernel, vcpus } }: InFile<GuestLog>,
  scenario: Scenario,
): CheckRow[] {
  const row = (
    what: string,
    said: Said<string | number> | undefined,
    simulated: string | number,
  ): CheckRow[] => {
    if (said === undefined) return [];
    const { value: logged, line } = said;
    const verdict = logged === simulated ? "equal" : "unexplained";
    return [{ what, place: `${file}:${line}`, unit: "", logged, simulated, causes: [], verdict }];
  };
  const platform = protection && {
    ...protection,
    value: protection.value === "sev" ? "none" : protection.value,
  };
  return [
    ...row("platform", platform, scenario.platform.kind),
    ...row("kernel", kernel, scenario.kernel).map((one) => sameRules(one, scenario.kernel)),
    ...row("vcpus", vcpus, scenario.vcpus),
  ];
}

/** Another release may be simulated by the same rules. */
function sameRules(row: CheckRow, simulated: string): CheckRow {
  const logged = String(row.logged);
  if (row.verdict === "equal" || !knowsUnacceptedMemory(logged)) return row;
  const { rulesOf } = kernelRelease(logged);
  if (rulesOf !== kernelRelease(simulated).rulesOf) return row;
  return { ...row, verdict: "explained", note: `both by the rules of ${rulesOf}` };
}
