import type { Guest } from "../../guest/guest.js";
import type { AddressRange } from "../../units.js";
import type { DirectMap } from "../../x86/direct-map.js";

/**
 * All memory shared with the host becomes private again, which accepts it anew: it has had another
 * life in between (arch/x86/coco/tdx/tdx.c: tdx_kexec_finish, 6.11; arch/x86/coco/sev/core.c:
 * snp_kexec_finish, 6.13).
 *
 * @param shared leaves of the direct map
 * @returns bytes
 */
export function unshare({ platform, meter }: Guest, shared: readonly AddressRange[], map: DirectMap): number {
  let bytes = 0;
  for (const { start, end } of shared) {
    platform.askForPrivate(start, end);
    // SNP sets the entry back, TDX clears it, so that nobody touches what the host is about to give anew.
    map.setShared(start, end, false);
    meter.kernelAccept(start, end);
    bytes += end - start;
  }
  return bytes;
}
