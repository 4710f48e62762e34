/** What tests of rows of accepts look at, while these are made and afterwards. */

import type { AcceptMemory } from "../../src/accept/accept-memory.js";
import type { AcceptMeter } from "../../src/accept/accept-meter.js";
import type { KernelAccept, LockupDetector } from "../../src/accept/kernel-accept.js";
import type { CocoPlatform } from "../../src/coco/platform.js";
import type { UnacceptedTable } from "../../src/efistub/unaccepted-table.js";
import type { GuestMemory } from "../../src/host/guest-memory.js";
import type { CostLedger } from "../../src/sim/cost-ledger.js";
import type { GuestClock } from "../../src/sim/guest-clock.js";

export interface Watched {
  readonly ledger: CostLedger;
  readonly clock: GuestClock;
  readonly platform: CocoPlatform;
  readonly host: GuestMemory;
  readonly meter: AcceptMeter;
  readonly lockups: LockupDetector;
  readonly kernelAccept: KernelAccept;
  readonly table: UnacceptedTable;
  readonly acceptance: AcceptMemory;
}

/** Somebody looks at the first accept after each so many ns. @returns the times, which come in as it goes on */
export function looksAt(clock: GuestClock, meter: AcceptMeter, quietNs: number): readonly number[] {
  const seen: number[] = [];
  let quiet = 0;
  const look = (): void => {
    const piece = Math.floor(clock.nowNs / quietNs);
    if (piece > quiet) seen.push(clock.nowNs);
    quiet = piece;
  };
  meter.onAccepting = look;
  meter.onAccepted = look;
  meter.quietUntilNs = () => (quiet + 1) * quietNs;
  return seen;
}

/** The host has so many bytes more than it has given, or as many as one likes. */
export function limitHost(host: GuestMemory, moreBytes: number | undefined): void {
  if (moreBytes === undefined) return;
  const privateBytes = host.hostBytes + moreBytes;
  host.limitTo({ privateBytes, otherBytes: 0, otherRefusal: "", metadataBytes: 0, where: "" });
}

/** All that the accepts of [start, end) leave behind. */
export function leftBy(watched: Watched, start: number, end: number): object {
  const { ledger, clock, platform, host, meter, lockups, kernelAccept, table, acceptance } = watched;
  return {
    counts: [...ledger.counts],
    ledger: [ledger.elapsedNs, ledger.assumedNs],
    clock: [clock.bootCpuNs, clock.rescheduledNs, clock.assumedNs[0]],
    lockups: [lockups.longestIrqOffNs, lockups.softLockups],
    meter: [meter.acceptedBy, meter.assumedPart, kernelAccept.spinNs],
    calls: acceptance.acceptCalls,
    unaccepted: table.countSet(),
    use: host.use(),
    backed: platform.backedRanges(start, end),
    usable: platform.firstUnusable(start, end),
  };
}
