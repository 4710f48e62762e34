import type { Firmware } from "./firmware.js";
import { ovmfSnp } from "./ovmf-snp.js";

/**
 * OVMF for SEV-SNP before November 2022: it validates all RAM in PEI, on one CPU, and reports no
 * memory of type 15 (edk2 OvmfPkg/PlatformPei/AmdSev.c of that time).
 */
export const ovmfSnp2022: Firmware = {
  ...ovmfSnp,
  name: "ovmf-snp-2022",
  summary: "OVMF before November 2022: accepts everything on one CPU",
  acceptanceProtocol: false,
  preAccept: (machine, sink) =>
    ovmfSnp.preAccept({ ...machine, preAcceptLimit: Number.POSITIVE_INFINITY }, sink),
};
