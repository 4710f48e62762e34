import type { CostLedger } from "../../sim/cost-ledger.js";
import { roundDown, roundUp } from "../../units.js";
import { LEVEL_PAGES, type PageLevel } from "../page-level.js";
import { acceptAfterMismatch, acceptLeaves } from "./accept-leaves.js";
import type { TdxHost } from "./tdx-host.js";

/**
 * How Linux accepts [start, end), in page frames none of which is accepted (6.12
 * arch/x86/coco/tdx/tdx-shared.c: tdx_accept_memory, shared by decompressor and kernel).
 *
 * At each position the guest tries 1 GiB, then 2 MiB, then 4 KiB, as far as alignment and
 * remaining length allow, and falls through to the next smaller size on any failure. The host
 * maps no more than the guest asks for and no more than its own page allows; a size above what the host
 * has mapped fails once for each aligned span, since the next position is no longer aligned
 * when its first small page is done.
 *
 * @param level largest size to try
 * @throws HostMemoryError where the host has no more memory; all before that is accepted
 */
export function guestAccept(
  host: TdxHost,
  ledger: CostLedger,
  start: number,
  end: number,
  level: PageLevel = 2,
): void {
  if (start >= end) return;
  if (level === 0) {
    acceptLeaves(host, ledger, start, end, 0);
    return;
  }
  const smaller = level === 2 ? 1 : 0;
  const pages = LEVEL_PAGES[level];
  const first = roundUp(start, pages);
  const last = roundDown(end, pages);
  if (first >= last) {
    guestAccept(host, ledger, start, end, smaller);
    return;
  }
  guestAccept(host, ledger, start, first, smaller);
  for (let position = first; position < last; ) {
    const runEnd = host.levelRunEnd(position, last, level);
    if (host.levelAt(position) >= level) {
      acceptLeaves(host, ledger, position, runEnd, level);
    } else {
      const from = position;
      acceptAfterMismatch(ledger, from, runEnd, pages, () => {
        guestAccept(host, ledger, from, runEnd, smaller);
      });
    }
    position = runEnd;
  }
  guestAccept(host, ledger, last, end, smaller);
}
