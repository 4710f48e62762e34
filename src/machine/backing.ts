/** What there is to say of how a host backs memory, where a scenario cannot. Each takes the words of the text. */

import { MiB } from "../units.js";
import { exactSize } from "./exact-size.js";
import { type Findings, short } from "./findings.js";

export function preallocated(words: string, isConfidential: boolean): string {
  return isConfidential
    ? `${words}: the host backs shared memory before the guest starts; private memory is backed as host.prefault and the platform say`
    : `${words}: the host backs all RAM before the guest starts; simulated memory is backed at its first use`;
}

/** @param bytes how much of it, if known */
export function extraMemory(words: string, bytes?: number): string {
  const of = bytes === undefined ? "" : ` of ${exactSize(bytes)}`;
  return `${words}${of}: memory besides the guest's RAM, which comes up after it; \`hotplug\` simulates a device that is plugged in when init runs`;
}

export function pinnedByVfio(words: string): string {
  return `${words}: VFIO pins the memory that it maps, all RAM of a plain guest at its start and each shared page of a confidential one; that is not simulated`;
}

/** States CPUs that are not there at start, for which the kernel sets memory aside. @param count 0 or more */
export function stateSpareVcpus(findings: Findings, count: number, line: number, says: string): void {
  if (count > 0) findings.says("guest.hotplugCpus", count, line, says, "CPUs that can be plugged in");
}

export function severalNodes(bytes: readonly number[]): string {
  const sizes = bytes.map((one) => (one === 0 ? "no memory" : exactSize(one))).join(", ");
  return `${bytes.length} NUMA nodes (${sizes}): a scenario says them by their addresses (numa), which this text does not have`;
}

/** How it follows that huge pages without a size have 2 MiB. */
export const USUAL_HUGE_PAGE =
  "2 MiB is the usual size of huge pages on x86; the host may have another default";
export const USUAL_HUGE_PAGE_BYTES: number = 2 * MiB;

/** States pages of the host that back a plain guest; private memory is of guest_memfd, which takes none of them. */
export function stateHugePageSize(
  findings: Findings,
  huge: {
    readonly bytes: number;
    readonly line: number;
    readonly says: string;
    readonly derived?: string | undefined;
  },
  isConfidential: boolean,
): void {
  const { bytes, line, says, derived } = huge;
  if (!isConfidential) findings.says("host.pageSize", exactSize(bytes), line, says, derived);
  else {
    const text =
      "huge pages of the host back only shared memory; private memory is of guest_memfd, which has pages of 4 KiB in Linux up to 7.3 (host.pageSize)";
    findings.remark(line, `${short(says)}: ${text}`);
  }
}
