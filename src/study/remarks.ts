/** Remarks on a run that its numbers do not show, as far as they are known before it begins. */

import { PLATFORMS } from "../coco/platforms.js";
import { ignoredWords } from "../command-line/catalogue.js";
import { commandLineWords } from "../command-line/words.js";
import { machineRemarks } from "../guest/check-machine.js";
import { kernelRelease } from "../linux/kernel-rules.js";
import type { RequestCounts } from "../results/row.js";
import { idleIn } from "../scenario/idle.js";
import type { Scenario } from "../scenario/scenario.js";
import { GiB } from "../units.js";
import type { LoadedWorkload } from "../workload/after-boot.js";

/** A line for each: whose rules the kernel has, what a trace left out, which words and settings do nothing. */
export function remarksBefore(
  scenario: Scenario,
  { recording, remarks, afterBoot }: Pick<LoadedWorkload, "recording" | "remarks" | "afterBoot">,
): string[] {
  const { kernel, guest } = scenario;
  const { remark } = kernelRelease(kernel);
  const trace = afterBoot ?? { recording, remarks };
  return [
    ...(remark === undefined ? [] : [remark]),
    ...(trace.remarks ?? []).map((line) => `${trace.recording.name}: ${line}`),
    ...ignoredWords(commandLineWords(guest.commandLine)),
    ...idleIn(scenario),
    ...pageSizeRemarks(scenario),
    ...machineRemarks(scenario),
    ...windowRemarks(scenario),
    ...mapGpaRemarks(scenario),
    ...deviceRemarks(scenario),
  ];
}

/** What follows from the end of a run that did end well. */
export function remarksAfter({
  allocations,
  failed,
}: Pick<RequestCounts, "allocations" | "failed">): string[] {
  if (failed === 0) return [];
  return [
    `${failed} of ${allocations} allocations found no page, and the guest goes on without: ` +
      "what a kernel would ask for instead, such as small pages for a huge one, is not simulated",
  ];
}

/** What nobody has built yet. */
function windowRemarks({ platform, firmware }: Scenario): string[] {
  if (firmware.hotplugWindow === "none") return [];
  const whose = PLATFORMS[platform.kind].needsTdxModule
    ? "; its code is for SNP, so on TDX this is a what-if"
    : "";
  return [`firmware.hotplugWindow: a draft of 2026-07, in no release of edk2 or Linux${whose}`];
}

/**
 * Who did not ask again yet: Linux before "x86/tdx: Retry partially-completed page conversion hypercalls"
 * (2023-08), TDVF before "OvmfPkg: Update TdVmCall to handle the retry for MapGPA" (edk2 pull request 5026, 2023-11).
 */
function mapGpaRemarks({ platform, host, kernel, firmware }: Scenario): string[] {
  if (!PLATFORMS[platform.kind].needsTdxModule || host.mapGpaLimitBytes === undefined) return [];
  const late = [
    ...(kernelRelease(kernel).rulesOf === "6.5" ? ["Linux 6.5"] : []),
    ...(firmware.preset !== "td-shim" && firmware.version < "2024.02" ? ["TDVF before 2024.02"] : []),
  ];
  return late.map((who) => `host.mapGpaLimit: ${who} may not ask again for the rest; here it does`);
}

/** What is left out of a device that is assigned. */
function deviceRemarks({ host }: Scenario): string[] {
  if (host.assignedDevice === "none") return [];
  return [
    "host.assignedDevice: mapping and pinning take no time here, as nobody has published how much; what firmware " +
      "shares for its own drivers, ROMs and tables of the IOMMU are left out",
  ];
}

/** What a page size of the host is not, or not yet, on a platform. */
function pageSizeRemarks({ platform, host }: Scenario): string[] {
  const { pageSizeRemark } = PLATFORMS[platform.kind];
  return host.pageSizeBytes > GiB / 2 && host.contiguity > 0 && pageSizeRemark !== undefined
    ? [`host.pageSize 1GiB: ${pageSizeRemark}`]
    : [];
}
